"""What the walk of test_every_page.py checks on each page, and what it keeps for the validator."""

import re
from collections import Counter, defaultdict
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.browser.axe import violations
from tests.browser.bell import ELEMENT, Bell, until
from tests.browser.looks import DESKTOP, PHONE
from tests.browser.pages.stops import STOPS, Stop
from tests.servers import Site

NARROWEST = {"width": 320, "height": 720}
NAMED = {"banner", "complementary", "contentinfo", "dialog", "form", "main", "navigation", "region", "search",
         "checkbox", "combobox", "listbox", "searchbox", "spinbutton", "textbox"}  # fmt: skip
DOM = "'<!doctype html>' + document.documentElement.outerHTML"
SHADOW = f"'<!doctype html><html lang=en><title>Bell</title><h1>Bell</h1>' + {ELEMENT}.shadowRoot.innerHTML"
# Colours are final then; what breathes for ever is not waited for.
AT_REST = """document.getAnimations().every(
    (each) => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity)"""
# What selects a row is named by the row's title.
SELECTS = """() => [...document.querySelectorAll(".rd-row:has(.rd-pick) .rd-title > span:not(.rd-stop)")].map(
    (title) => `Select: ${title.textContent.trim()}`)"""
# At which of these sizes of letters one can scroll sideways.
TOO_WIDE = """(sizes) => {
  const root = document.documentElement;
  const found = sizes.filter((size) => {
    root.style.fontSize = size;
    return root.scrollWidth > root.clientWidth;
  });
  root.style.fontSize = "";
  return found;
}"""


class Walk:
    """`found` has what each check found, with the stop where it did; `folder` the HTML of all documents."""

    def __init__(self, context: BrowserContext, heard: list[str], folder: Path) -> None:
        self.folder, self.found = folder, defaultdict[str, list[str]](list)
        self._context, self._heard = context, heard
        self._bell = Counter[str]()  # the names in its panel

    def go(self, site: Site) -> None:
        page = self._context.new_page()
        page.set_viewport_size(DESKTOP)
        who = ""
        for stop in STOPS:
            if is_first := stop.who != who:
                sign_in(self._context, site, stop.who)
                who = stop.who
            try:
                self.check(page, stop, is_first)
            except Exception as error:
                error.add_note(str(stop))
                raise
        page.close()
        self.note("heard", "at last", self._heard)

    def check(self, page: Page, stop: Stop, is_first: bool) -> None:
        """All of it; the bell is opened on the first page of a person, since it is the same on the others."""
        answer = reach(page, stop)
        if stop.is_looked_at:
            self.note("axe", stop, violations(page))
        self.note("width", stop, widths(page, narrowest=stop.who != "admin"))
        if answer and not stop.act:
            self.note("policy", stop, weaknesses(answer))
            self.keep(f"{stop} sent", answer.text())
            if stop.who:
                Bell(page).live()
            named = names(page)
            if stop.who and is_first:
                open_bell(page)
                self._bell = names(page) - named
                self.keep(f"{stop} bell", page.evaluate(SHADOW))
            self.note("names", stop, twice(named + self._bell))
        self.keep(f"{stop} made", page.evaluate(DOM))
        self.note("heard", stop, self._heard)

    def note(self, check: str, stop: Stop | str, faults: list[str]) -> None:
        self.found[check] += [f"{stop}: {fault}" for fault in faults]
        faults.clear()

    def keep(self, name: str, html: str) -> None:
        (self.folder / f"{re.sub(r'[^a-z0-9]+', '-', name)}.html").write_text(html)


def sign_in(context: BrowserContext, site: Site, name: str) -> None:
    """As `name`; "" signs out."""
    context.clear_cookies()
    cookies = site.cookies(name) if name else {}
    context.add_cookies([{"name": key, "value": value, "url": site.url()} for key, value in cookies.items()])


def reach(page: Page, stop: Stop) -> Response | None:
    """Bring the page to that state; the answer to its address."""
    answer = page.goto(stop.path) if stop.path else None
    if not stop.path:
        page.keyboard.press("Escape")  # the panel closes
    if stop.act:
        stop.act(page)
        page.wait_for_load_state()
    expect(page.locator(stop.ready).first).to_be_visible()
    until(page, AT_REST)
    return answer


def open_bell(page: Page) -> None:
    """With a toast."""
    bell = Bell(page).news().open()
    expect(bell.rows.first).to_be_visible()


def weaknesses(answer: Response) -> list[str]:
    """What the policy of a page allows."""
    policy = answer.headers.get("content-security-policy", "")
    strict = "require-trusted-types-for 'script'" in policy and "unsafe" not in policy
    return [] if strict else [f"policy {policy!r}"]


def widths(page: Page, narrowest: bool) -> list[str]:
    """The sizes at which the page scrolls sideways: of the window, and of letters in the narrowest one."""
    found = []
    for size, letters in ((NARROWEST, ["100%", "200%"]), (PHONE, ["100%"]), (DESKTOP, ["100%"]))[not narrowest :]:
        page.set_viewport_size(size)
        found += [f"{size['width']} pixels, letters of {each}" for each in page.evaluate(TOO_WIDE, letters)]
    return found


def names(page: Page) -> Counter[str]:
    """Those of the landmarks, dialogs and fields in the page's accessibility tree.

    Titles that are equal make equal names: of those, one counts.
    """
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    shown = [node for node in tree if not node["ignored"] and node["role"]["value"] in NAMED]
    selects = Counter[str](page.evaluate(SELECTS))
    return Counter(node.get("name", {}).get("value", "") for node in shown) - (selects - Counter(set(selects)))


def twice(names: Counter[str]) -> list[str]:
    return [name for name, times in names.items() if name and times > 1]
