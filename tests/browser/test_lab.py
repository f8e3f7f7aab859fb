"""The lab in real Chromium: every transport at once, and what happens to them."""

import re
from collections.abc import Callable
from typing import Any, Self

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from notify_site.lab.transports import TRANSPORTS
from tests.browser.axe import violations
from tests.browser.bell import Bell
from tests.browser.conftest import Browse, newcomer
from tests.servers import Site, wait_for

CARDS = [each.name for each in TRANSPORTS]
STREAMS = {"iframe", "sse", "websocket"}  # what this site's server holds, and ends
BURST = 120_000  # milliseconds for a thousand commits on a busy machine
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


class Lab:
    """The page as a test drives it."""

    def __init__(self, page: Page, cards: list[str] = CARDS) -> None:
        self.page, self.cards = page, cards
        self.status = page.locator("[data-status]")

    def card(self, name: str) -> Locator:
        return self.page.locator(f"[data-transport={name}]")

    def press(self, act: str) -> None:
        self.page.locator(f"[data-act={act}]").click()

    def are(self, state: str) -> Self:
        for name in self.cards:
            expect(self.card(name)).to_have_attribute("data-state", state)
        return self

    def show(self, snapshot: dict[str, Any], timeout: float | None = None) -> Self:
        """Every card is at this state."""
        number = f"{snapshot['unread']}{'+' if snapshot['capped'] else ''}"
        for name in self.cards:
            expect(self.card(name)).to_have_attribute("data-version", str(snapshot["version"]), timeout=timeout)
            expect(self.card(name).locator("[data-field=number]")).to_have_text(number)
        return self

    def figure(self, name: str, field: str) -> Locator:
        return self.card(name).locator(f"[data-field={field}]")

    def shown_to(self, hidden: bool) -> None:
        """As if the tab were in front, or behind others."""
        self.page.evaluate(
            "(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )


OpenLab = Callable[..., Lab]


@pytest.fixture
def reader(open_site: Site) -> str:
    return newcomer(open_site)


@pytest.fixture
def open_lab(browse: Browse, open_site: Site, reader: str) -> OpenLab:
    def start(**options: Any) -> Lab:
        return visit(browse(open_site, reader, **options)).are("live")

    return start


def visit(context: BrowserContext, cards: list[str] = CARDS) -> Lab:
    page = context.new_page()
    page.goto("/lab/")
    return Lab(page, cards)


def connections(site: Site) -> int:
    held: int = site.call("push.hub.connection_count")
    return held


@pytest.mark.parametrize("commits", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_a_burst_ends_the_same_on_every_card(open_lab: OpenLab, open_site: Site, reader: str, commits: int) -> None:
    open_site.call("bursts_of", commits)
    lab = open_lab()
    lab.press("burst")
    expect(lab.status).to_contain_text(f"{commits:,} commits in", timeout=BURST)
    end = open_site.call("snapshot", reader)
    assert (end["unread"], end["capped"]) == (min(commits, 999), commits > 999)
    lab.show(end)
    expect(lab.page.locator("[data-agreement]")).to_have_text(f"All {len(CARDS)} cards show the same, newest state.")
    for name in CARDS:
        for place in (lab.card(name), lab.page.locator(f"[data-row={name}]")):
            expect(place.locator("[data-field=median]")).to_contain_text("s")
            expect(place.locator("[data-field=p95]")).to_contain_text("s")
    for claim in ("short-late", "long-waiters", "sse-one-way", "ws-binary", "mqtt-decouples"):
        expect(lab.page.locator(f"[data-claim={claim}]")).not_to_have_attribute("data-verdict", "open")
    bell = Bell(lab.page).live("short-poll").shows("99+")  # holds no connection, follows the cards
    expect(bell.toasts).to_have_count(0)


def test_only_a_visible_lab_connects(open_lab: OpenLab, open_site: Site, reader: str) -> None:
    lab = open_lab()
    lab.shown_to(hidden=True)
    lab.are("asleep")
    wait_for(lambda: connections(open_site) == 0, what="no connection")
    open_site.call("send", "follow", [reader], actor="alice")
    lab.shown_to(hidden=False)
    lab.are("live").show(open_site.call("snapshot", reader))
    assert lab.figure("sse", "reconnects").inner_text() == "0"


@pytest.mark.soak
def test_the_lab_looked_at_last_connects(open_lab: OpenLab) -> None:
    first = open_lab()
    second = visit(first.page.context).are("live")
    first.are("asleep")
    first.page.evaluate("dispatchEvent(new Event('focus'))")
    first.are("live")
    second.are("asleep")


@pytest.mark.soak
def test_disconnected_by_the_server_all_come_back(open_lab: OpenLab, open_site: Site, reader: str) -> None:
    lab = open_lab()
    expect(lab.figure("long-poll", "requests")).to_have_text("2")  # the second one is held
    lab.press("disconnect")
    lab.are("live")
    for name in CARDS:
        expect(lab.figure(name, "reconnects")).to_have_text("1" if name in STREAMS else "0")
    expect(lab.card("websocket").locator("[data-kind=close]")).to_contain_text("1012")
    expect(lab.card("long-poll").locator("[data-kind=heartbeat]").first).to_contain_text("304")
    lab.press("event")
    expect(lab.status).to_have_text("One event is committed.")
    lab.are("live").show(open_site.call("snapshot", reader))


@pytest.mark.soak
def test_offline_and_back(open_lab: OpenLab, open_site: Site, reader: str) -> None:
    lab = open_lab()
    lab.press("offline")
    lab.are("offline")
    wait_for(lambda: connections(open_site) == 0, what="no connection")
    lab.press("event")
    expect(lab.status).to_have_text("One event is committed.")
    lab.press("offline")
    lab.are("live").show(open_site.call("snapshot", reader))
    for name in CARDS:
        expect(lab.figure(name, "reconnects")).to_have_text("1")


@pytest.mark.soak
def test_staff_send_a_broadcast(browse: Browse, open_site: Site) -> None:
    lab = visit(browse(open_site, "admin")).are("live")
    try:
        lab.press("broadcast")
        expect(lab.status).to_contain_text("A broadcast is out")
        lab.show(open_site.call("snapshot", "admin"))
        expect(lab.figure("sse", "median")).to_contain_text("s")
    finally:
        for [key] in open_site.call("sql", "SELECT id FROM inbox_broadcast WHERE state = 'live'"):
            open_site.call("withdraw", key)


@pytest.mark.soak
def test_signed_out_meanwhile(open_lab: OpenLab) -> None:
    lab = open_lab()
    lab.page.context.clear_cookies(name="sessionid")
    lab.press("event")
    expect(lab.status).to_have_text("You are no longer signed in.")


@pytest.mark.soak
def test_what_is_missing_says_why(browse: Browse, site: Site) -> None:
    lab = visit(browse(site, newcomer(site)), [name for name in CARDS if name != "mqtt"]).are("live")
    expect(lab.card("mqtt")).to_have_attribute("data-state", "unavailable")
    expect(lab.card("mqtt")).to_contain_text("MQTT_WS_URL")
    expect(lab.page.locator("[data-agreement]")).to_contain_text(f"All {len(CARDS) - 1} cards")


@pytest.mark.soak
def test_by_keyboard(open_lab: OpenLab, open_site: Site, reader: str) -> None:
    """A broadcast is not for everybody: its button says why, and does nothing."""
    lab = open_lab()
    expect(lab.page.locator("[data-act=broadcast]")).to_have_accessible_description(re.compile("staff only"))
    lab.page.locator("[data-act=event]").focus()
    lab.page.keyboard.press("Enter")
    expect(lab.status).to_have_text("One event is committed.")
    lab.show(open_site.call("snapshot", reader))
    expect(lab.page.locator("[data-act=event]")).to_be_focused()
    for act in ("burst", "broadcast", "disconnect", "offline"):
        lab.page.keyboard.press("Tab")
        expect(lab.page.locator(f"[data-act={act}]")).to_be_focused()
        if act == "broadcast":
            lab.page.keyboard.press("Enter")
            expect(lab.status).to_have_text("One event is committed.")
    lab.page.keyboard.press("Space")
    lab.are("offline")
    lab.page.keyboard.press("Tab")
    expect(lab.page.get_by_role("group", name="Wire log: Short polling")).to_be_focused()


LOOKS = [
    pytest.param("desktop", "light", "live", id="desktop-light", marks=pytest.mark.soak),
    pytest.param("phone", "dark", "live", id="phone-dark"),
    pytest.param("desktop", "dark", "offline", id="desktop-dark", marks=pytest.mark.soak),
    pytest.param("phone", "light", "offline", id="phone-light", marks=pytest.mark.soak),
]


@pytest.mark.parametrize(("size", "scheme", "state"), LOOKS)
def test_looks(open_lab: OpenLab, size: str, scheme: str, state: str) -> None:
    lab = open_lab(color_scheme=scheme, **SIZES[size])
    lab.press("event")
    expect(lab.figure("websocket", "number")).to_have_text("1")
    if state == "offline":
        lab.press("offline")
    lab.are(state)
    assert violations(lab.page) == []
    assert lab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
