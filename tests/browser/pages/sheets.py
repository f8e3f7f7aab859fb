"""`python -m tests.browser.pages.sheets FOLDER [admin|readers] [desktop-light phone-dark …]`: pictures of every page of
the administration and of every page that readers see, in each size, scheme and language, and sheets with several of
them, to be looked at.

A page is shown to its end: one that is too tall for a column of a sheet becomes several pictures."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page

from tests.browser.looks import DESKTOP, PHONE
from tests.browser.pages.exhibition import EXHIBITS, Exhibit, Visitor
from tests.browser.pages.readers_exhibition import READERS_EXHIBITS
from tests.servers import Databases, Site
from tools.browser import chromium

ON_A_DESK: dict[str, Any] = {"viewport": DESKTOP}
ON_A_PHONE: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
LOOKS: dict[str, dict[str, Any]] = {
    "desktop-light": ON_A_DESK,
    "desktop-dark": {**ON_A_DESK, "color_scheme": "dark"},
    "phone-light": ON_A_PHONE,
    "phone-dark": {**ON_A_PHONE, "color_scheme": "dark"},
    "german": {**ON_A_DESK, "locale": "de"},
    "chinese": {**ON_A_DESK, "locale": "zh-CN"},
}
EXHIBITIONS = {"admin": EXHIBITS, "readers": READERS_EXHIBITS}
PATIENCE = 10_000  # ms
COLUMNS = {DESKTOP["width"]: (2, 780), PHONE["width"]: (6, 260)}  # how many on a sheet, pixels of each
COLUMN = 1460  # pixels: higher sheets are made smaller by what shows them
CAPTION = 26
MOST_PICTURES = 12  # of one page
# What sticks to the window would hide a part of the page. The policy of the site forbids sheets of styles.
IN_PLACE = "document.querySelectorAll('.inbox-moves').forEach((bar) => { bar.style.position = 'static'; })"
SHEET = """<!doctype html><style>
body {{ margin: 0; padding: 8px; width: 1576px; background: #888; font: 14px sans-serif; }}
main {{ display: flex; gap: 8px; }} figure {{ margin: 0 0 8px; line-height: 18px; overflow-wrap: anywhere; }}
main > div, img {{ width: {width}px; }} img {{ display: block; }}</style><main>{columns}</main>"""


@dataclass(frozen=True)
class Picture:
    path: Path
    height: int  # pixels of the page


Column = list[Picture]


def main(folder: str, *chosen: str) -> None:
    looks, exhibitions = [each for each in LOOKS if each in chosen], [each for each in EXHIBITIONS if each in chosen]
    with furnished() as (site, names), chromium() as browser:
        for exhibition in exhibitions or EXHIBITIONS:
            for look in looks or LOOKS:
                target = Path(folder) / exhibition / look
                target.mkdir(parents=True, exist_ok=True)
                pictures = take(browser, site, names, exhibition, look, target)
                several, width = COLUMNS[LOOKS[look]["viewport"]["width"]]
                columns = in_columns(pictures, width / LOOKS[look]["viewport"]["width"])
                for number, first in enumerate(range(0, len(columns), several)):
                    sheet = Path(folder) / f"{exhibition}-{look}-{number:02}.png"
                    put_together(browser, columns[first : first + several], sheet, width)


@contextmanager
def seeded() -> Iterator[Site]:
    """A site with the demo's data, and the demo accounts on offer."""
    databases = Databases()
    site = Site(databases.sqlite(), DEBUG="1")
    try:
        site.start()
        site.call("django.core.management.call_command", "seed_demo", verbosity=0)
        yield site
    finally:
        site.close()
        databases.close()


@contextmanager
def furnished() -> Iterator[tuple[Site, dict[str, int]]]:
    """A site in which every page has something to show."""
    with seeded() as site:
        names = site.call("tests.browser.pages.exhibits.furnish")
        site.call("tests.browser.pages.readers_exhibits.furnish", names)
        yield site, names


def take(
    browser: Browser, site: Site, names: dict[str, int], exhibition: str, look: str, folder: Path
) -> list[Picture]:
    context = browser.new_context(base_url=site.url(""), timezone_id="Europe/Berlin", **LOOKS[look])
    context.set_default_timeout(PATIENCE)
    visitor, pictures = Visitor(context, site, names), list[Picture]()
    for number, exhibit in enumerate(EXHIBITIONS[exhibition]):
        name = f"{number:02}-{re.sub(r'[^a-z0-9]+', '-', exhibit.name)}"
        try:
            visitor.see(exhibit)
        except (Error, AssertionError) as error:  # the picture shows what is wrong
            print(f"{look}: {exhibit}: {str(error).splitlines()[0]}", flush=True)
        pictures += photograph(visitor.page, exhibit, folder, name)
    context.close()
    return pictures


def photograph(page: Page, exhibit: Exhibit, folder: Path, name: str) -> Iterator[Picture]:
    """Pictures of the whole page, each as high as a column of a sheet at most; or one of the window."""
    if not exhibit.is_whole:
        page.screenshot(path=folder / f"{name}-0.png")
        yield Picture(folder / f"{name}-0.png", page.viewport_size["height"] if page.viewport_size else 0)
        return
    width = page.viewport_size["width"] if page.viewport_size else DESKTOP["width"]
    highest = (COLUMN - CAPTION) * width // COLUMNS[width][1]
    page.evaluate(IN_PLACE)
    bottom = page.evaluate("document.documentElement.scrollHeight")
    for number, top in enumerate(range(0, bottom, highest)):
        if number == MOST_PICTURES:
            print(f"{name}: {bottom} pixels high, shown to {top}", flush=True)
            return
        path, height = folder / f"{name}-{number}.png", min(highest, bottom - top)
        clip: Any = {"x": 0, "y": top, "width": width, "height": height}
        page.screenshot(path=path, full_page=True, clip=clip)
        yield Picture(path, height)


def in_columns(pictures: list[Picture], scale: float) -> list[Column]:
    columns, left = list[Column](), 0.0
    for each in pictures:
        needed = each.height * scale + CAPTION
        if needed > left:
            columns.append([])
            left = COLUMN
        columns[-1].append(each)
        left -= needed
    return columns


def put_together(browser: Browser, columns: list[Column], path: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": 1592, "height": 100})
    plan = path.with_suffix(".html")
    plan.write_text(SHEET.format(columns="".join(map(column_html, columns)), width=width))
    page.goto(plan.resolve().as_uri(), wait_until="load")
    page.screenshot(path=path, full_page=True)
    page.close()
    plan.unlink()
    print(f"Written: {path}", flush=True)


def column_html(column: Column) -> str:
    figures = (f"<figure>{each.path.stem}<img src='{each.path.resolve().as_uri()}'></figure>" for each in column)
    return f"<div>{''.join(figures)}</div>"


if __name__ == "__main__":
    main(*sys.argv[1:])
