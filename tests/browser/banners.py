"""`<broadcast-banners>` as a test drives it, and announcements that end with the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.servers import Site

# Every layout shift from now on that no user's action explains.
WATCH_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach((shift) => {
    if (!shift.hadRecentInput) window.shifts.push(
      `${shift.value} ${shift.sources.map(({ node }) => node?.nodeName + "." + node?.className)}`);
  })).observe({ type: "layout-shift", buffered: true });
"""


@contextmanager
def announced(site: Site, title: str = "", **columns: Any) -> Iterator["Announced"]:
    """Published to everyone, as a banner unless `columns` say otherwise; withdrawn at the end."""
    made = Announced(site, title or f"Notice {token_hex(3)}", {"as_banner": True} | columns)
    try:
        yield made
    finally:
        made.withdraw()


class Announced:
    def __init__(self, site: Site, title: str, columns: dict[str, Any]) -> None:
        self.site, self.title = site, title
        self.pk = site.call("broadcast", title, **columns)
        self.ref = f"broadcast-{self.pk}"

    def withdraw(self) -> None:
        self.site.call("withdraw", self.pk)

    def change(self, *, show_again: bool = False, **values: Any) -> None:
        self.site.call("change_broadcast", self.pk, show_again=show_again, **values)
        self.title = values.get("title", self.title)


class Banners:
    """The banners and the dialog of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.element = page.locator("broadcast-banners")
        self.all = self.element.locator("li.rd-notice")
        self.dialog = self.element.locator("dialog")
        self.more = self.element.locator("details:not([hidden]) > summary")

    def of(self, announced: Announced) -> Locator:
        return self.element.locator(f"li[data-ref='{announced.ref}']")

    def close(self, announced: Announced) -> None:
        self.of(announced).get_by_role("button", name="Close").click()

    def shows(self, announced: Announced) -> None:
        expect(self.of(announced)).to_be_visible()

    def lacks(self, announced: Announced) -> None:
        expect(self.of(announced)).to_be_hidden()

    def shifts(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.shifts")
        return found


def visit(context: Any, path: str = "/people/") -> Banners:
    page = context.new_page()
    page.goto(path)
    return Banners(page)
