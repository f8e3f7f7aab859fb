"""What is loaded when: the number first, panel, toasts and other transports when they are needed."""

import os
import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests import bundles
from tests.browser.bell import Bell, until
from tests.browser.conftest import Browse, sockets
from tests.conftest import StartSite
from tests.servers import Site, needs, wait_for

INBOX = re.compile(r"/inbox(-.{8})?\.js$")
ROWS = re.compile(r"/rows(-.{8})?\.js$")
PANEL = re.compile(r"/overlay(-.{8})?\.js$")


@pytest.fixture(scope="module", params=["modules", "bundle"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """With the scripts as they are, and as `make dist` makes them."""
    if request.param == "modules":
        return shared_site(STATIC_DIST=os.devnull)
    with needs():
        return shared_site(STATIC_DIST=str(bundles.made()))


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    site.call("send", "system", [person], title="First", url="/people/")
    return browse(site, person).new_page()


def held(page: Page, address: re.Pattern[str]) -> list[Route]:
    """Requests of that address wait for what the test does with them."""
    waiting: list[Route] = []
    page.route(address, lambda route: waiting.append(route))
    return waiting


def until_asked(page: Page, waiting: list[Route]) -> None:
    """Until the browser has sent the request; Playwright reports it during a call."""
    wait_for(lambda: page.title() and waiting)


def test_the_number_shows_before_there_is_a_panel(page: Page) -> None:
    waiting = held(page, PANEL)
    page.goto("/people/", wait_until="commit")
    bell = Bell(page).shows("1")
    bell.button.click()
    expect(bell.panel).to_have_count(0)
    until_asked(page, waiting)
    waiting.pop().continue_()
    expect(bell.row("First")).to_be_visible()  # of the press before


@pytest.mark.parametrize("path", ["/", "/inbox/"])
@pytest.mark.parametrize("site", ["bundle"], indirect=True)
def test_the_budget_of_a_page(page: Page, path: str) -> None:
    """All scripts that are asked for before the number shows, those of the site and the catalog of texts included."""
    for later in (PANEL, INBOX, ROWS):
        held(page, later)
    scripts: list[Request] = []
    page.on("requestfinished", lambda request: request.resource_type == "script" and scripts.append(request))
    page.goto(path, wait_until="commit")
    Bell(page).shows("1")
    assert len(scripts) <= 3, [script.url for script in scripts]
    assert sum(script.sizes()["responseBodySize"] for script in scripts) <= 25_000


def test_what_is_done_before_the_inbox_page_has_its_script(page: Page) -> None:
    """The script does it: clicks and keys, in their order."""
    waiting = held(page, INBOX)
    page.goto("/inbox/", wait_until="commit")
    row = page.locator(".rd-row", has_text="First")
    star = row.get_by_role("button", name="Star")
    star.focus()
    until_asked(page, waiting)
    star.press("Enter")
    page.keyboard.press("e")
    page.evaluate("window.isSame = true")  # until the page is left
    with page.expect_response(lambda response: "archived" in (response.request.post_data or "")):
        waiting.pop().continue_()
    expect(row).to_have_count(0)
    expect(page.locator("[data-toast]")).to_contain_text("Archived")
    assert page.evaluate("window.isSame")
    page.goto("/inbox/?view=starred")
    expect(row).to_be_visible()


def test_a_key_that_is_held_down_before_the_script_acts_once(page: Page, site: Site, person: str) -> None:
    site.call("send", "system", [person], title="Second")
    waiting = held(page, INBOX)
    page.goto("/inbox/", wait_until="commit")
    page.get_by_role("button", name="Star: Second").focus()
    until_asked(page, waiting)
    for _ in range(3):
        page.keyboard.down("e")
    page.keyboard.press("s")
    with page.expect_response(lambda response: "starred" in (response.request.post_data or "")):
        waiting.pop().continue_()
    expect(page.locator(".rd-row")).to_have_count(1)


def test_a_script_that_never_comes_keeps_nobody_waiting(page: Page) -> None:
    """The network neither brings it nor fails: forms do what was asked for."""
    waiting = held(page, INBOX)
    page.goto("/inbox/", wait_until="commit")
    row = page.locator(".rd-row", has_text="First")
    with page.expect_navigation():
        row.get_by_role("button", name="Archive").click()
    assert waiting
    expect(row).to_have_count(0)


@pytest.mark.parametrize("script", [INBOX, ROWS])
def test_forms_do_what_the_inbox_page_has_no_script_for(page: Page, script: re.Pattern[str]) -> None:
    page.route(script, lambda route: route.abort())
    page.goto("/inbox/", wait_until="commit")
    row = page.locator(".rd-row", has_text="First")
    with page.expect_navigation():
        row.get_by_role("button", name="Archive").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()


def test_without_its_panel_the_bell_leads_to_the_inbox(page: Page) -> None:
    page.route(PANEL, lambda route: route.abort())
    page.goto("/people/")
    Bell(page).shows("1").button.click()
    page.wait_for_url("**/inbox/")


@pytest.fixture
def pressed(page: Page) -> list[Route]:
    """The request for the panel, after a press of the bell. It is held."""
    waiting = held(page, PANEL)
    page.goto("/people/")
    Bell(page).shows("1").button.press("Enter")
    until_asked(page, waiting)
    return waiting


def test_a_panel_that_comes_late_leaves_the_focus_where_it_is(page: Page, pressed: list[Route]) -> None:
    elsewhere = page.locator("main a").first
    elsewhere.focus()
    pressed.pop().continue_()
    bell = Bell(page).until("bell.shadowRoot.querySelector('#panel')")
    expect(elsewhere).to_be_focused()
    expect(bell.panel).to_have_count(0)
    bell.open()


def test_escape_cancels_a_panel_that_is_being_loaded(page: Page, pressed: list[Route]) -> None:
    page.keyboard.press("Escape")
    pressed.pop().continue_()
    bell = Bell(page).until("bell.shadowRoot.querySelector('#panel')")
    expect(bell.button).to_be_focused()
    expect(bell.panel).to_have_count(0)
    page.keyboard.press("Enter")
    expect(bell.panel).to_be_visible()


def test_a_panel_that_fails_late_leaves_the_page_where_it_is(page: Page, pressed: list[Route]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("main a").first.focus()
    with page.expect_event("requestfailed"):
        pressed.pop().abort()
    Bell(page).button.press("Enter")
    until_asked(page, pressed)  # again, after the failure
    pressed.pop().continue_()
    expect(Bell(page).panel).to_be_visible()
    assert not [address for address in asked if address.endswith("/inbox/")]


def test_a_bell_that_is_taken_away_opens_nothing(page: Page, pressed: list[Route]) -> None:
    page.evaluate("() => { window.bell = document.querySelector('notification-bell'); window.bell.remove(); }")
    pressed.pop().continue_()
    until(page, "window.bell.shadowRoot.querySelector('#panel') !== null")
    page.evaluate("document.body.append(window.bell)")
    Bell(page).open()


def test_what_arrives_before_the_toasts_is_shown(page: Page, site: Site, person: str) -> None:
    waiting = held(page, PANEL)
    page.goto("/people/", wait_until="commit")
    bell = Bell(page).shows("1")
    site.call("send", "system", [person], title="Second")
    bell.shows("2")
    until_asked(page, waiting)
    waiting.pop().continue_()
    expect(bell.toasts).to_contain_text("Second")


@pytest.mark.parametrize("transport", ["sse", "long-poll", "iframe"])
def test_a_transport_is_loaded_when_it_is_used(page: Page, transport: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/people/")
    bell = Bell(page).live("websocket")
    assert not [address for address in asked if f"/{transport}" in address]
    bell.use(transport)
    assert [address for address in asked if f"/{transport}" in address]


def test_a_transport_that_cannot_be_loaded_is_passed_over(page: Page) -> None:
    page.route("**/sse*.js", lambda route: route.abort())
    page.add_init_script("delete window.WebSocket")
    page.goto("/people/")
    Bell(page).live("long-poll")


BANNERS = """async () => {
  document.title = "Elsewhere";
  const banners = document.createElement("broadcast-banners");
  banners.setAttribute("user", "0");
  document.body.append(banners);
  await import("/static/push/banners.js");
}"""


def test_banners_without_a_bell_load_their_connection_again(page: Page) -> None:
    waiting = held(page, re.compile(r"/push/reddot\.js$"))
    opened = sockets(page)
    page.goto("/jsi18n/")  # any page without them
    page.evaluate(BANNERS)
    until_asked(page, waiting)
    waiting.pop().abort()
    until_asked(page, waiting)
    waiting.pop().continue_()
    wait_for(lambda: page.title() and opened)


def test_panel_and_inbox_page(page: Page) -> None:
    page.goto("/people/")
    bell = Bell(page).shows("1").open()
    bell.mark_all.click()
    bell.shows("")
    page.goto("/inbox/")
    expect(page.get_by_role("link", name="First")).to_be_visible()
