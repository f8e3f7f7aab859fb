"""What is not up to date says so within three seconds, in words, on each transport and in every tab.

The page's clock is Playwright's, so a slow machine makes no reconnection late, and none early.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, frame, stop_clock, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.spoken import Spoken, listen
from tests.conftest import StartSite
from tests.servers import Site, wait_for

PANEL = re.compile(r"/overlay(-.{8})?\.js$")
SAID = 3_000  # milliseconds within which it is said
# Connections that close when the server dies. A short poll has none; a frame fires no event in Chromium.
CONNECTED = ["websocket", "sse", "long-poll", "mqtt"]
TRANSPORTS = [*CONNECTED, "short-poll", "iframe"]
LOST = "Notifications, No unread notifications, not up to date: no connection"
OFFLINE = "Notifications, No unread notifications, not up to date: you are offline"
FINE = "Notifications, No unread notifications"


def stopped(page: Page) -> Bell:
    """Live; its clock stands still from now on."""
    page.clock.install()
    page.goto("/people/")
    bell = Bell(page).live()
    stop_clock(page)
    return bell


@pytest.mark.parametrize("transport", CONNECTED)
def test_a_dead_server_is_named(start_site: StartSite, browse: Browse, transport: str) -> None:
    """In every tab, by the bell's name, a sign, and the panel. When it is back, all of that goes."""
    site = start_site(mqtt="embedded")
    context = browse(site, "bob")
    leader = tab(context, "/people/").live().use(transport)
    follower = tab(context, "/people/").live().use(transport)
    site.web[0].kill()
    for bell in (leader, follower):
        expect(bell.button).to_have_accessible_name(LOST)
        expect(bell.element.locator(".mark")).to_be_visible()
    follower.open()
    expect(follower.panel).to_contain_text("No connection")
    site.start_web(0)
    for bell in (leader, follower):
        expect(bell.button).to_have_accessible_name(FINE, timeout=60_000)
        expect(bell.element.locator(".mark")).to_be_hidden()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_network_is_named(open_site: Site, browse: Browse, transport: str) -> None:
    context = browse(open_site, "bob")
    page = context.new_page()
    page.clock.install()
    page.goto("/people/")
    bell = Bell(page).live().use(transport)
    stop_clock(page)
    context.set_offline(True)
    wait_for(lambda: not page.evaluate("navigator.onLine"))
    page.clock.run_for(SAID)
    assert bell.get("outage") == "offline"
    expect(bell.button).to_have_accessible_name(re.compile("not up to date: you are offline$"))
    context.set_offline(False)
    page.clock.resume()
    bell.until("bell.outage === '' && bell.state === 'live'")


def cut(context: BrowserContext, user: int) -> list[Callable[[], None]]:
    """WebSockets that can be closed by the server's side, and that deliver a state when they open."""
    closers: list[Callable[[], None]] = []

    def answer(socket: WebSocketRoute) -> None:
        closers.append(lambda: socket.close(code=1012))
        socket.send(frame(user, 0, 0))

    context.route_web_socket(re.compile("/push/ws/"), answer)
    return closers


def test_a_short_break_shows_nothing(browse: Browse, site: Site, person: str) -> None:
    """Reconnected before two seconds are over: no word, no sign."""
    context = browse(site, person)
    closers = cut(context, site.call("ids", [person])[0])
    page = context.new_page()
    bell = stopped(page)
    page.evaluate(
        "window.said = []; document.addEventListener('reddot:outage', (event) => said.push(event.detail.outage))"
    )
    page.evaluate("Math.random = () => 0.3")  # of three seconds over which clients come back
    closers[-1]()
    bell.until("bell.state === 'connecting'")
    page.clock.run_for(1_500)
    wait_for(lambda: page.evaluate("1") and len(closers) == 2)
    bell.live()
    page.clock.run_for(10_000)
    assert page.evaluate("said") == []
    expect(bell.button).to_have_accessible_name(FINE)


def test_a_longer_one_is_said_once(browse: Browse, site: Site, person: str) -> None:
    """Whatever its attempts come to; and that it is over."""
    context = listen(browse(site, person))
    page = context.new_page()
    bell = stopped(page)
    context.route("**/push/**", lambda route: route.abort())
    context.route_web_socket(re.compile("/push/ws/"), lambda socket: socket.close(code=1011))
    page.evaluate("document.querySelector('notification-bell').setAttribute('transport', 'short-poll')")
    for _ in range(20):
        page.clock.run_for(1_000)
    expect(bell.button).to_have_accessible_name(LOST)
    assert Spoken(page).sentences == ["Notifications: not up to date: no connection"]
    context.unroute("**/push/**")
    page.clock.resume()
    bell.live()
    wait_for(lambda: Spoken(page).sentences[1:] == ["Notifications are up to date again."])


def test_the_inbox_page_says_it_in_place_of_the_bell(start_site: StartSite, browse: Browse) -> None:
    site = start_site()
    site.call("send", "system", ["bob"], title="Tea")
    page = listen(browse(site, "bob")).new_page()
    page.goto("/inbox/")
    inbox, bell = InboxPage(page), Bell(page).live()
    site.web[0].kill()
    expect(inbox.banner).to_contain_text("No connection. This list may be out of date.")
    expect(bell.button).to_have_accessible_name(re.compile("not up to date"))
    assert [each for each in Spoken(page).sentences if "not up to date" in each] == []
    inbox.shows("Tea")
    site.start_web(0)
    expect(inbox.banner).to_be_hidden(timeout=60_000)


def test_a_panel_that_cannot_be_loaded_says_why(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    context.route(PANEL, lambda route: route.abort())
    context.route("**/push/poll/*", lambda route: route.abort())
    context.route("**/push/sse/*", lambda route: route.abort())
    context.route_web_socket(re.compile("/push/ws/"), lambda socket: socket.close(code=1011))
    page = context.new_page()
    page.goto("/people/")
    bell = Bell(page)
    expect(bell.button).to_have_accessible_name(LOST)
    bell.button.click()
    why = bell.element.get_by_role("alert")
    expect(why).to_have_text("Your notifications can’t be shown: no connection.")
    context.unroute(PANEL)
    bell.button.click()
    expect(bell.panel).to_be_visible()
    expect(why).to_have_count(0)
