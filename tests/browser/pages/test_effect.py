"""The effect of an announcement, watched while people read it."""

from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, newcomer, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.pages.walk import DESKTOP, PHONE, TOO_WIDE, violations
from tests.servers import Site

SOON = 10_000  # ms; it takes some 3 s at most, the rest is for a busy machine


@pytest.fixture
def watched(site: Site) -> int:
    broadcast: int = site.call("broadcast", f"Tea {token_hex(3)}")
    return broadcast


def number(page: Page, who: str) -> int:
    return int(page.locator(f"[data-number={who}]").inner_text())


def test_numbers_change_while_one_looks(browse: Browse, site: Site, watched: int) -> None:
    reader = newcomer(site)
    page = browse(site, "admin").new_page()
    page.goto(f"/admin/inbox/broadcast/{watched}/effect/?who=read")
    expect(page.locator("[data-number=read]")).to_have_text("0")
    expect(page.get_by_text("Nobody.")).to_be_visible()

    expect(page.locator(".inbox-watch")).to_have_text("The numbers update by themselves.")
    page.get_by_text("The same as a table").click()
    page.evaluate("window.before = document.querySelector('[data-key=read]')")
    left = number(page, "unread") - 1
    InboxPage(tab(browse(site, reader), "/inbox/").page).act("Tea", "Mark as read")
    expect(page.locator("[data-number=read]")).to_have_text("1", timeout=SOON)
    expect(page.locator("[data-number=unread]")).to_have_text(str(left))
    expect(page.get_by_role("cell", name=reader)).to_be_visible()
    expect(page.locator(".inbox-chart tbody tr")).to_have_count(1)  # what was opened stays open
    assert page.evaluate("window.before.isConnected"), "the page was loaded or made again"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_everywhere(browse: Browse, site: Site, watched: int, size: dict[str, int], scheme: str) -> None:
    page = browse(site, "admin", viewport=size, color_scheme=scheme).new_page()
    page.goto(f"/admin/inbox/broadcast/{watched}/effect/?who=unread")
    expect(page.locator(".inbox-readers")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate(TOO_WIDE, ["100%"]) == []
