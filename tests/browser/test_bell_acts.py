"""What can be done in the panel beside opening: the filter, and the acts of a row by pointer, finger and keyboard."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.bell import Bell
from tests.browser.conftest import OpenBell
from tests.browser.looks import LOOKS, PHONE
from tests.browser.pages.inbox_page import named
from tests.browser.test_bell_axe import violations
from tests.servers import Site

Send = Callable[..., None]
TOUCH: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture
def send(site: Site, person: str) -> Send:
    def system(title: str, **columns: Any) -> None:
        site.call("send", "system", [person], title=title, **columns)

    return system


def choose(bell: Bell, name: str) -> None:
    button = bell.panel.get_by_role("button", name=name, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_what_is_unread_alone(open_bell: OpenBell, send: Send) -> None:
    """What is read there stays put until the panel is opened again; the choice lasts until the page is left."""
    for title in ("First", "Second", "Third"):
        send(title)
    bell = open_bell().shows("3").open()
    bell.act("First", "Mark as read").shows("2")
    expect(bell.rows).to_have_count(3)
    choose(bell, "Unread")
    expect(bell.rows).to_have_count(2)
    bell.act("Second", "Mark as read").shows("1")
    send("Fourth")
    expect(bell.rows).to_have_count(3)
    expect(bell.unread).to_have_count(2)
    bell.page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    bell.open()
    expect(bell.rows).to_have_count(2)
    expect(bell.row("Second")).to_have_count(0)
    choose(bell, "All")
    expect(bell.rows).to_have_count(4)


def test_nothing_unread_is_not_nothing_at_all(open_bell: OpenBell, send: Send) -> None:
    send("First")
    bell = open_bell().shows("1").open()
    choose(bell, "Unread")
    bell.act("First", "Archive")
    expect(bell.panel.get_by_role("heading", name="Nothing unread")).to_be_visible()
    bell.panel.get_by_role("button", name="Show all").click()
    expect(bell.panel.get_by_text("You’re all caught up")).to_be_visible()
    assert bell.focused().endswith("All")
    send("Second")
    expect(bell.row("Second")).to_be_visible()


def test_an_answer_for_the_other_filter_is_not_shown(open_bell: OpenBell, send: Send) -> None:
    send("First"), send("Second")
    bell = open_bell().shows("2").open()
    bell.act("First", "Mark as read").shows("1")
    held: list[Route] = []
    bell.page.route("**/api/v1/inbox/threads/*unread=1*", lambda route: held.append(route), times=1)
    choose(bell, "Unread")
    expect(bell.panel.get_by_label("Loading…")).to_be_visible()
    choose(bell, "All")
    expect(bell.rows).to_have_count(2)  # it does not wait for the other
    with bell.page.expect_response("**/api/v1/inbox/threads/*unread=1*"):
        held[0].continue_()
    choose(bell, "All")
    expect(bell.rows).to_have_count(2)
    expect(bell.unread).to_have_count(1)


def test_marking_a_thread_among_the_unread_leaves_what_was_read(
    open_bell: OpenBell, site: Site, person: str, send: Send
) -> None:
    """An act on a thread is done to what its headline counts; all of it is shown when it is unfolded."""
    for title in ("First", "Second", "Third"):
        send(title, url="/people/?same")
    with site.client(person) as client:
        newest = client.get("/api/v1/inbox/").json()["items"][0]["ref"]
        client.patch(f"/api/v1/inbox/{newest}/", json={"read": True}).raise_for_status()
    bell = open_bell().shows("2").open()
    choose(bell, "Unread")
    expect(bell.row("2 notifications · 2 unread")).to_be_visible()
    bell.rows.locator(".rd-title").click()
    expect(bell.rows.locator(".rd-part")).to_have_count(3)
    bell.act("2 notifications", "Archive")
    expect(bell.rows).to_have_count(0)
    expect(bell.panel.get_by_role("status").first).to_have_text("2 archived.")
    choose(bell, "All")
    expect(bell.rows).to_have_count(1)
    expect(bell.rows.locator(".rd-size")).to_have_count(0)


def hold(bell: Bell, text: str) -> None:
    """A finger stays on a row until its acts are there."""
    box = bell.row(text).locator(".rd-text").bounding_box()
    assert box
    session = bell.page.context.new_cdp_session(bell.page)
    points = [{"x": box["x"] + 20, "y": box["y"] + 10}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    expect(bell.row(text).locator(".rd-acts")).to_be_visible()
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_long_press_shows_the_acts(open_bell: OpenBell, send: Send) -> None:
    """And opens nothing; so does "More", which can be found."""
    send("First", url="/people/?first"), send("Second", url="/people/?second")
    bell = open_bell(**TOUCH).shows("2").open()
    acts = bell.row("First").locator(".rd-acts")
    expect(acts).to_be_hidden()
    hold(bell, "First")
    expect(acts).to_be_visible()
    expect(bell.unread).to_have_count(2)
    assert "first" not in bell.page.url
    bell.row("First").get_by_role("button", name="Archive").tap()
    expect(bell.rows).to_have_count(1)
    more = bell.row("Second").get_by_role("button", name="More")
    more.tap()
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(bell.row("Second").locator(".rd-acts")).to_be_visible()
    bell.title("Second").tap()
    bell.page.wait_for_url("**/people/?second")


def test_the_acts_come_with_the_focus(open_bell: OpenBell, send: Send) -> None:
    send("First")
    bell = open_bell().shows("1").open()
    acts = bell.row("First").locator(".rd-acts")
    expect(acts).to_have_css("opacity", "0")
    bell.title("First").focus()
    expect(acts).to_have_css("opacity", "1")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe(open_bell: OpenBell, site: Site, person: str, send: Send, size: Any, scheme: str) -> None:
    """With acts, a thread, a long text, the dialog and the empty filter on screen."""
    more = TOUCH if size == PHONE else {}
    send("Long", body="A sentence of many. " * 40)
    for number in range(22):
        site.call(
            "send", "comment", [person], actor="alice", target_title="Tea", excerpt=f"no. {number}", url="/posts/"
        )
    bell = open_bell(color_scheme=scheme, **more | {"viewport": size}).shows("23").open()
    bell.title("22 notifications").press("Enter")
    expect(bell.rows.locator(".rd-part")).to_have_count(20)
    bell.row("Long").get_by_role("button", name="Show more").click()
    if more:
        bell.row("Long").get_by_role("button", name=named("More")).click()
    else:
        bell.row("Long").hover()
    assert violations(bell) == []
    bell.row("Long").get_by_role("button", name="Snooze").click()
    expect(bell.page.get_by_role("dialog", name="Snooze until")).to_be_visible()
    assert violations(bell) == []
    bell.page.keyboard.press("Escape")
    bell.mark_all.click()
    choose(bell, "Unread")
    expect(bell.panel.get_by_role("heading", name="Nothing unread")).to_be_visible()
    assert violations(bell) == []
