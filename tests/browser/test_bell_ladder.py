"""Each transport carries the state. Where one is blocked the next is used, and the best one again when it works."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, OpenBell, frame, tab
from tests.servers import Site, wait_for

TRANSPORTS = ["websocket", "sse", "long-poll", "short-poll"]
CHOICES = [*TRANSPORTS, "iframe"]  # and mqtt, see test_bell_mqtt.py


def block_websocket(context: BrowserContext) -> None:
    context.route_web_socket(re.compile("/push/ws/"), lambda socket: socket.close(code=1011))


class Switch:
    """WebSockets that are blocked until it is `on`; how many were tried."""

    def __init__(self, context: BrowserContext) -> None:
        self.on, self.tried = False, 0
        context.route_web_socket(re.compile("/push/ws/"), self.answer)

    def answer(self, socket: WebSocketRoute) -> None:
        self.tried += 1
        if self.on:
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    def until_tried(self, page: Page, times: int) -> None:
        """Move the page's clock on until it has tried that often."""

        def tick() -> bool:
            page.clock.run_for(1_000)
            return self.tried == times

        wait_for(tick)


def block_sse(context: BrowserContext) -> None:
    context.route("**/push/sse/*", lambda route: route.abort())


def block_long_poll(context: BrowserContext) -> None:
    """A proxy or server that knows no `Prefer` answers at once."""

    def hold(route: Route) -> None:
        headers = route.request.headers
        route.continue_(headers={name: value for name, value in headers.items() if name != "prefer"})

    context.route("**/push/poll/*", hold)


BLOCKS = [block_websocket, block_sse, block_long_poll]


@pytest.mark.parametrize("transport", CHOICES)
def test_every_transport_shows_what_arrives(open_bell: OpenBell, site: Site, person: str, transport: str) -> None:
    bell = open_bell().live().use(transport).shows("")
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes")
    bell.shows("1")
    assert bell.get("transport") == transport
    assert bell.get("snapshot")["by_type"] == {"comment": 1}


@pytest.mark.parametrize("blocked", range(4))
def test_falls_through_blocked_transports(browse: Browse, site: Site, person: str, blocked: int) -> None:
    context = browse(site, person)
    for block in BLOCKS[:blocked]:
        block(context)
    bell = tab(context).live(TRANSPORTS[blocked])
    site.call("send", "like", [person], actor="alice", target_title="Tea")
    bell.shows("1")


def test_climbs_by_itself_without_a_gap(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    switch = Switch(context)
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    bell = Bell(page).live("sse")
    page.evaluate(
        "() => { const bell = document.querySelector('notification-bell'); window.states = [];"
        "new MutationObserver(() => states.push(bell.state)).observe(bell, {attributes: true}); }"
    )
    switch.until_tried(page, 2)
    bell.live("sse")
    switch.on = True
    switch.until_tried(page, 3)
    bell.live("websocket")
    assert set(page.evaluate("states")) <= {"live"}


def test_climbs_at_once_when_the_network_changes(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    switch = Switch(context)
    bell = tab(context).live("sse")
    switch.on = True
    bell.wake("online").live("websocket")


def silent(context: BrowserContext, first: str | None) -> list[list[str]]:
    """WebSockets behind a proxy that swallows frames, the first excepted; what each was sent."""
    sent: list[list[str]] = []

    def swallow(socket: WebSocketRoute) -> None:
        frames: list[str] = []
        sent.append(frames)
        socket.on_message(lambda message: frames.append(str(message)))
        if first:
            socket.send(first)

    context.route_web_socket(re.compile("/push/ws/"), swallow)
    return sent


def test_a_socket_that_never_speaks_is_passed_by(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    sent = silent(context, first=None)
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    bell = Bell(page)
    wait_for(lambda: page.evaluate("1") and sent)
    page.clock.run_for(9_000)
    bell.live("sse")


def test_a_socket_that_fell_silent_is_opened_again(browse: Browse, site: Site, person: str) -> None:
    """A ping after 25 s, and 8 s for the pong."""
    context = browse(site, person)
    sent = silent(context, first=frame(site.call("ids", [person])[0], 0, 0))
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    Bell(page).live("websocket")
    page.clock.run_for(26_000)
    wait_for(lambda: page.evaluate("1") and sent[0] == ['{"type":"ping"}'])
    page.clock.run_for(12_000)
    wait_for(lambda: page.evaluate("1") and len(sent) == 2)


WAKES: dict[str, Callable[[Page], object]] = {
    "shown again": lambda page: page.evaluate("document.dispatchEvent(new Event('visibilitychange'))"),
    "online": lambda page: page.evaluate("window.dispatchEvent(new Event('online'))"),
    "woke from sleep": lambda page: page.clock.fast_forward(120_000),
}


@pytest.mark.parametrize("wake", WAKES)
def test_asks_again_when_it_wakes(browse: Browse, site: Site, person: str, wake: str) -> None:
    context = browse(site, person)
    sent = silent(context, first=frame(site.call("ids", [person])[0], 0, 0))
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    Bell(page).live("websocket")
    WAKES[wake](page)
    wait_for(lambda: page.evaluate("1") and '{"type":"sync"}' in sent[0])


def test_signed_out_elsewhere_forgets_everything(open_bell: OpenBell, site: Site, person: str) -> None:
    site.call("send", "follow", [person], actor="alice")
    bell = open_bell().live().shows("1")
    cookies = bell.page.context.cookies()
    site.call("log_out", next(each["value"] for each in cookies if each["name"] == "sessionid"))
    bell.until("bell.state === 'signed-out'").shows("")
    assert not bell.page.title().startswith("(")
    bell.open()
    bell.panel.get_by_text("You’re signed out").wait_for()

    value = site.cookies(person)["sessionid"]
    bell.page.context.add_cookies([{"name": "sessionid", "value": value, "url": site.url()}])
    bell.wake().live().shows("1")


@pytest.mark.parametrize("transport", CHOICES)
def test_a_refusal_signs_out_on_every_transport(browse: Browse, site: Site, person: str, transport: str) -> None:
    context = browse(site, person)
    bell = tab(context).live()
    context.clear_cookies()
    bell.page.evaluate(f"document.querySelector('notification-bell').setAttribute('transport', '{transport}')")
    bell.until("bell.state === 'signed-out'")


def test_too_many_connections_go_slower(start_site: Callable[..., Site], browse: Browse) -> None:
    site = start_site(PUSH_MAX_CONNECTIONS_PER_USER=1)
    first = tab(browse(site, "bob")).live("websocket")
    second = tab(browse(site, "bob")).live("short-poll")
    site.call("send", "follow", ["bob"], actor="alice")
    first.shows("1")
    second.shows("1")
    assert first.get("transport") == "websocket"
