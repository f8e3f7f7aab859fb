"""Draw the pictures of the inbox and the bell in docs/images from the running site: `make run` in one shell, this in
another. They show the demo's data, which it changes by nothing but looking and selecting.

.venv/bin/python -m tools.pictures [http://127.0.0.1:8000] [red-dot phone …]
"""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tools.browser import chromium
from tools.processes import ROOT

PICTURES = ROOT / "docs" / "images"
PASSWORD = "reddot-demo"
ROW, PANEL = ".rd-row", "notification-bell .rd-row"
# Those out of sight are not asked for.
FACES = """[...document.querySelectorAll("img"),
    ...(document.querySelector("notification-bell")?.shadowRoot.querySelectorAll("img") ?? [])]
    .filter((image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight)
    .every((image) => image.complete)"""
STARTED = """document.querySelector("notification-bell")?.state === "live" && !document.querySelector("[data-late]")"""
NO_GUTTER = "html { scrollbar-gutter: auto !important }"  # for a bar that pictures do not have
SHEET = """<!doctype html>
<body style="margin:0;padding:40px;width:max-content;box-sizing:border-box;background:#e9e9e6;display:flex;gap:32px;
align-items:flex-end"><style>img{{border-radius:14px;box-shadow:0 12px 40px rgb(0 0 0/22%);display:block}}</style>
{images}</body>
"""


@dataclass(frozen=True)
class Shot:
    """A window on a page, as `who` sees it after the act."""

    who: str
    path: str
    act: Callable[[Page], None] | None = None
    width: int = 1120
    height: int = 760
    scheme: str = "light"
    language: str = "en"
    shown: float = 1.0  # how large it is in the picture

    def look(self) -> dict[str, Any]:
        viewport = {"width": self.width, "height": self.height}
        return {"viewport": viewport, "color_scheme": self.scheme, "locale": self.language}


def phone(who: str, path: str, act: Callable[[Page], None] | None = None, **look: Any) -> Shot:
    return Shot(who, path, act, 390, 780, **look)


def open_bell(page: Page) -> None:
    page.locator("notification-bell .bell").click()
    page.locator(PANEL).first.wait_for()


def unfold(page: Page) -> None:
    page.locator(f"{ROW} [data-act=open][aria-expanded]").first.click()
    page.locator(f"{ROW} .rd-part").nth(1).wait_for()
    page.locator(f"{ROW}:has(.rd-part)").evaluate(
        "row => scrollBy({ top: row.getBoundingClientRect().top - 160, behavior: 'instant' })"
    )


def select(page: Page) -> None:
    boxes = page.locator(f"{ROW} .rd-pick")
    for number in (0, 1, 3):
        boxes.nth(number).click()


def snooze(page: Page) -> None:
    page.locator(ROW).first.hover()
    page.locator(f"{ROW} [data-act=snooze]").first.click()
    page.locator("[data-snooze]").wait_for()


def list_keys(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()


SHOTS: dict[str, list[Shot]] = {
    "red-dot": [
        Shot("bob", "/", open_bell, 1120, 820, shown=0.85),
        phone("alice", "/inbox/", scheme="dark", shown=0.82),
    ],
    "inbox-dark": [Shot("bob", "/inbox/?view=threads", unfold, scheme="dark")],
    "select": [Shot("bob", "/inbox/", select)],
    "search": [Shot("bob", "/inbox/?q=reading&type=comment")],
    "snooze": [Shot("bob", "/inbox/", snooze)],
    "keys": [Shot("bob", "/inbox/", list_keys)],
    "phone": [
        phone("bob", "/inbox/", shown=0.9),
        phone("bob", "/", open_bell, shown=0.9),
        phone("bob", "/inbox/?view=threads", unfold, scheme="dark", shown=0.9),
    ],
    "languages": [
        Shot("bob", "/inbox/", language="zh-CN", width=900, height=640, shown=0.75),
        Shot("bob", "/inbox/", language="de", width=900, height=640, shown=0.75),
    ],
}


def main(*given: str) -> None:
    address = next((each for each in given if "://" in each), "http://127.0.0.1:8000")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name in [each for each in given if "://" not in each] or SHOTS:
            images = [(taken(browser, address, shot), shot.height * shot.shown) for shot in SHOTS[name]]
            draw(browser, images, PICTURES / f"{name}.png")


def draw(browser: Browser, images: list[tuple[str, float]], path: Path) -> None:
    """The images beside each other, so high."""
    sheet = browser.new_page()
    shown = [f'<img src="data:image/png;base64,{image}" height="{height:.0f}">' for image, height in images]
    sheet.set_content(SHEET.format(images="".join(shown)))
    sheet.locator("body").screenshot(path=path)
    sheet.close()
    print(f"Written: {path.relative_to(ROOT)}")


def taken(browser: Browser, address: str, shot: Shot) -> str:
    """A screenshot, base64."""
    page = signed_in(browser, address, shot.who, shot.path, **shot.look())
    if shot.act:
        shot.act(page)
    page.wait_for_function(FACES)
    image = base64.b64encode(page.screenshot()).decode()
    page.context.close()
    return image


def signed_in(browser: Browser, address: str, who: str, path: str, **look: Any) -> Page:
    """A page in a browser of `who`, who has signed in by the form, as people do."""
    # wait_for_function evaluates text in the page, which the site's policy forbids.
    context = browser.new_context(base_url=address, device_scale_factor=1.5, bypass_csp=True, **look)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=username]").fill(who)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/", wait_until="commit")
    page.goto(path)
    page.wait_for_function(STARTED)
    page.add_style_tag(content=NO_GUTTER)
    return page


if __name__ == "__main__":
    main(*sys.argv[1:])
