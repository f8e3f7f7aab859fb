"""The effect of an announcement, watched while people read it."""

import re
from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Browse, newcomer, tab
from tests.browser.looks import LOOKS
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.pages.walk import TOO_WIDE
from tests.conftest import StartSite
from tests.servers import Site

LATER = 60_000  # ms
# It asks no more by itself: what it waits for after it was told (2 s) is the shortest of its times.
ASKS_ONLY_WHEN_TOLD = """const later = setTimeout;
window.setTimeout = (act, ms, ...more) => (ms > 2_000 ? 0 : later(act, ms, ...more));"""


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: a broadcast advances everybody's version, and other tests send small ones."""
    return shared_site(server=["uvicorn"])


@pytest.fixture
def reader(site: Site) -> str:
    """Registered before the announcement, so it is for them, too."""
    return newcomer(site)


@pytest.fixture
def watched(site: Site, reader: str) -> int:
    broadcast: int = site.call("broadcast", f"Tea {token_hex(3)}")
    return broadcast


def watch(page: Page, broadcast: int, query: str = "") -> Page:
    page.goto(f"/admin/inbox/broadcast/{broadcast}/effect/{query}")
    expect(page.locator(".inbox-watch")).to_have_text("The numbers update by themselves.")
    return page


def read_it(browse: Browse, site: Site, reader: str) -> None:
    InboxPage(tab(browse(site, reader), "/inbox/").page).act("Tea", "Mark as read")


def test_numbers_change_while_one_looks(browse: Browse, site: Site, reader: str, watched: int) -> None:
    page = browse(site, "admin").new_page()
    page.add_init_script(ASKS_ONLY_WHEN_TOLD)
    with page.expect_response("**/push/changes/") as stream:
        watch(page, watched, "?who=read")
    assert stream.value.status == 200
    expect(page.get_by_text("Nobody.")).to_be_visible()
    page.get_by_text("The same as a table").click()
    page.evaluate("window.before = document.querySelector('[data-key=read]')")
    left = int(page.locator("[data-number=unread]").inner_text()) - 1
    read_it(browse, site, reader)
    expect(page.locator("[data-number=read]")).to_have_text("1")
    expect(page.locator("[data-number=unread]")).to_have_text(str(left))
    expect(page.get_by_role("cell", name=reader)).to_be_visible()
    expect(page.locator(".inbox-chart tbody tr")).to_have_count(1)  # what was opened stays open
    assert page.evaluate("window.before.isConnected"), "the page was loaded or made again"


def test_without_the_stream_it_asks(browse: Browse, site: Site, reader: str, watched: int) -> None:
    """As on a server without ASGI."""
    page = browse(site, "admin").new_page()
    page.route("**/push/changes/", lambda route: route.fulfill(status=501))
    watch(page, watched)
    read_it(browse, site, reader)
    expect(page.locator("[data-number=read]")).to_have_text("1", timeout=LATER)


def test_nobody_asks_for_a_page_that_nobody_sees(browse: Browse, site: Site, watched: int) -> None:
    page = watch(browse(site, "admin").new_page(), watched)
    asked: list[str] = []
    page.evaluate(
        """Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
        document.dispatchEvent(new Event("visibilitychange"))"""
    )
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.clock.run_for(60_000)
    assert [url for url in asked if re.search("/effect/|/changes/", url)] == []  # the bell, and the icon, may be late


def test_it_ends_with_the_session(browse: Browse, site: Site, watched: int) -> None:
    context = browse(site, "admin")
    page = watch(context.new_page(), watched)
    context.clear_cookies()
    expect(page.locator(".inbox-watch")).to_have_text("The numbers no longer update. Reload the page.", timeout=LATER)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_it_is_legible_everywhere(browse: Browse, site: Site, watched: int, size: dict[str, int], scheme: str) -> None:
    page = watch(browse(site, "admin", viewport=size, color_scheme=scheme).new_page(), watched, "?who=unread")
    expect(page.locator(".inbox-readers")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate(TOO_WIDE, ["100%"]) == []
