"""The panel: what it lists, what it marks, and that a keyboard and a screen reader get all of it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.bell import as_threads
from tests.browser.conftest import MOVING, Browse, OpenBell, snapshot, tab
from tests.servers import Site, wait_for

Send = Callable[..., None]


@pytest.fixture
def send(site: Site, person: str) -> Send:
    """`send("First", url=…)`: a system message to `person`."""

    def system(title: str, **columns: Any) -> None:
        site.call("send", "system", [person], title=title, **columns)

    return system


def test_lists_the_newest_with_what_they_are(open_bell: OpenBell, site: Site, person: str, send: Send) -> None:
    send("Export failed", body="Too large", level="critical")
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes", url="/people/")
    bell = open_bell().shows("2").open()
    expect(bell.rows).to_have_count(2)
    assert bell.title("commented").get_attribute("href") == site.url("/people/")
    expect(bell.title("commented")).to_have_accessible_name(re.compile(r"^Unread\. alice commented on “Tea”\. \d"))
    expect(bell.row("commented")).to_have_text(re.compile("^Unread.*Yes", re.DOTALL))
    expect(bell.title("Export failed")).to_have_accessible_name(re.compile(r"^Unread\. Critical Export failed\. \d"))
    expect(bell.row("Export failed").locator(".rd-kind")).to_have_class(re.compile("rd-critical"))


def test_click_reads_and_follows(open_bell: OpenBell, send: Send) -> None:
    send("First", url="/people/")
    bell = open_bell().shows("1").open()
    bell.row("First").click()
    bell.page.wait_for_url("**/people/")
    bell.live().shows("")


def test_a_new_tab_stays_the_browsers_business(open_bell: OpenBell, send: Send) -> None:
    send("First", url="/people/")
    bell = open_bell().shows("1").open()
    with bell.page.context.expect_page() as opened:
        bell.row("First").click(modifiers=["ControlOrMeta"])
    opened.value.wait_for_url("**/people/")
    bell.shows("")
    assert not bell.page.url.endswith("/people/")


def test_a_message_that_leads_nowhere_unfolds(open_bell: OpenBell, send: Send) -> None:
    send("First", body="word " * 80)
    bell = open_bell().shows("1").open()
    expect(bell.row("First").get_by_role("button", name="Show more")).to_have_attribute("aria-expanded", "false")
    bell.title("First").click()
    less = bell.row("First").get_by_role("button", name="Show less")
    expect(less).to_have_attribute("aria-expanded", "true")
    expect(bell.unread).to_have_count(0)
    bell.shows("")
    expect(less).to_have_attribute("aria-expanded", "true")


def test_an_address_that_is_no_link_is_not_followed(browse: Browse, site: Site, person: str) -> None:
    """The server refuses such addresses; the browser does not rely on it."""
    item = {"ref": "system-1", "type": "system", "title": "Trap", "body": "", "url": "javascript:alert(1)",
            "created_at": "2026-01-01T00:00:00Z", "level": "info", "read": False, "archived": False}  # fmt: skip
    context = browse(site, person)
    page = {"user": site.call("ids", [person])[0], "version": 0, "items": [item], "next": None}
    context.route("**/api/v1/inbox/threads/?*", lambda route: route.fulfill(json=as_threads(page)))
    bell = tab(context).live().open()
    expect(bell.row("Trap")).to_have_count(1)
    assert bell.title("Trap").evaluate("title => title.localName") == "button"


def test_mark_all_covers_what_was_shown_and_no_more(open_bell: OpenBell, site: Site, person: str, send: Send) -> None:
    """What arrives while the list cannot be refreshed stays unread."""
    send("First")
    with site.client(person) as client:  # else the panel says that it is seen, and may read the list once more for that
        shown = client.post("/api/v1/inbox/seen/", json={"up_to": 1}).raise_for_status().json()["version"]
    bell = open_bell().live().shows("1").open()
    expect(bell.rows).to_have_count(1)
    bell.page.route("**/api/v1/inbox/threads/?*", lambda route: route.abort())
    send("Second")
    bell.shows("2")
    with bell.page.expect_request("**/api/v1/inbox/read/") as request:
        bell.mark_all.click()
    assert json.loads(request.value.post_data or "")["up_to"] == shown
    bell.shows("1")


def test_what_is_important_is_first_while_unread(open_bell: OpenBell, send: Send) -> None:
    """However old it is; what is read goes to its place, with the focus."""
    send("Disk full", level="critical")
    for number in range(15):
        send(f"Tea {number}")
    send("Roof on fire", level="critical")
    bell = open_bell().shows("17").open()
    heading = bell.panel.get_by_role("heading", name="Important")
    expect(bell.rows).to_have_count(16)
    expect(bell.rows.nth(0)).to_contain_text("Roof on fire")
    expect(bell.rows.nth(1)).to_contain_text("Disk full")
    expect(heading).to_be_visible()
    bell.row("Disk full").click()
    expect(bell.row("Disk full")).to_have_count(0)
    bell.title("Roof on fire").press("Enter")
    expect(heading).to_have_count(0)
    expect(bell.title("Roof on fire")).to_be_focused()
    bell.shows("15")


def test_the_badge_shows_only_what_the_server_said(open_bell: OpenBell, send: Send) -> None:
    send("First")
    bell = open_bell().live().shows("1").open()
    bell.page.route("**/api/v1/inbox/read/", lambda route: route.fulfill(status=500, json={}))
    bell.mark_all.click()
    expect(bell.panel.get_by_text("Not everything was marked as read. Something went wrong.")).to_be_visible()
    expect(bell.button).to_have_accessible_name("Notifications, 1 unread notification, 1 change not saved")
    bell.shows("1")


def test_the_focus_stays_when_the_list_changes(open_bell: OpenBell, site: Site, person: str, send: Send) -> None:
    for title in ("First", "Second", "Third"):
        send(title)
    bell = open_bell().live().shows("3").open()
    expect(bell.rows).to_have_count(3)
    bell.title("Second").focus()
    send("Fourth")
    expect(bell.rows).to_have_count(4)
    assert "Second" in bell.focused()
    with site.client(person) as client:  # the row with the focus goes, on another device
        items = client.get("/api/v1/inbox/").json()["items"]
        client.delete(f"/api/v1/inbox/{items[2]['ref']}/").raise_for_status()
    expect(bell.rows).to_have_count(3)
    assert "First" in bell.focused()


def test_keyboard_only(open_bell: OpenBell, send: Send) -> None:
    for title in ("First", "Second"):
        send(title, url=f"/people/?{title}")
    bell = open_bell().live().shows("2")
    press = bell.page.keyboard.press
    bell.button.focus()
    press("Enter")
    expect(bell.rows).to_have_count(2)
    assert bell.focused().startswith("panel")
    for key, expected in [("ArrowDown", "Second"), ("ArrowDown", "First"), ("ArrowDown", "First"), ("Home", "Second"),
                          ("End", "First"), ("ArrowUp", "Second")]:  # fmt: skip
        press(key)
        assert expected in bell.focused(), key
    press("Escape")
    expect(bell.panel).to_be_hidden()
    expect(bell.button).to_be_focused()
    press("Enter")
    for expected in ("All", "Unread", "Mark all as read"):
        press("Tab")
        assert expected in bell.focused()
    press("Enter")
    bell.shows("")
    press("Escape")
    expect(bell.button).to_be_focused()


def test_a_mark_all_is_undone(open_bell: OpenBell, send: Send) -> None:
    """By keyboard, and said to a screen reader; the offer ends when the panel closes."""
    send("First"), send("Second")
    bell = open_bell().live().open()
    said, undo = bell.panel.get_by_role("status"), bell.panel.get_by_role("button", name="Undo")
    unread, press = bell.unread, bell.page.keyboard.press

    def shows(count: int) -> None:
        bell.shows(str(count or ""))
        expect(unread).to_have_count(count)  # the list was read again: a mark-all covers what it shows

    shows(2)
    expect(undo).to_be_hidden()
    bell.mark_all.click()
    shows(0)
    expect(said).to_have_text("2 marked as read.")
    press("Tab")
    assert bell.focused().endswith("Undo")
    press("Enter")
    shows(2)
    expect(said).to_have_text("Undone.")
    expect(undo).to_be_hidden()
    assert "Mark all as read" in bell.focused()
    press("Enter")
    shows(0)
    expect(undo).to_be_visible()
    press("z")
    shows(2)
    press("Enter")
    shows(0)
    expect(undo).to_be_visible()
    press("Escape")
    bell.open()
    expect(undo).to_be_hidden()


def test_a_mark_all_that_fails_midway_goes_on_and_is_undone_as_one(open_bell: OpenBell, site: Site, send: Send) -> None:
    """Of what the server has written before it failed, it tells the token at once."""
    send("First"), send("Second")
    bell = open_bell().live().open()
    acts: list[str] = []

    def fail_after_all(route: Route) -> None:
        acts.append(route.request.post_data_json["act"])
        if len(acts) > 1:
            return route.continue_()
        written = route.fetch().json()
        document = {"status": 503, "detail": "Busy.", "changed": 2, "undo": written["undo"]}
        return route.fulfill(status=503, json=document)

    bell.page.route("**/api/v1/inbox/read/", fail_after_all)
    bell.mark_all.click()
    expect(bell.panel.get_by_role("status")).to_contain_text("Busy.")
    undo = bell.panel.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    bell.shows("")
    send("Third")
    bell.until("bell.snapshot.unread === 1 && bell.snapshot.unseen === 0")  # so mark-all covers it
    bell.mark_all.click()
    expect(bell.panel.get_by_role("status")).to_have_text("1 marked as read.")
    bell.shows("")
    assert acts == [acts[0]] * 2
    undo.click()
    bell.shows("3")


def test_an_undo_that_fails_may_be_tried_again_until_it_is_too_late(open_bell: OpenBell, send: Send) -> None:
    send("First")
    bell = open_bell().live().open()
    said, undo = bell.panel.get_by_role("status"), bell.panel.get_by_role("button", name="Undo")
    tried: list[str] = []

    def fail(route: Route) -> None:
        tried.append(route.request.post_data_json["undo"])
        status = 503 if len(tried) == 1 else 404
        route.fulfill(status=status, json={"status": status, "detail": "It is too late.", "undo": "another"})

    bell.page.route("**/api/v1/inbox/undo/", fail)
    bell.mark_all.click()
    undo.click()
    expect(bell.panel.get_by_text("Not everything was undone. It is too late.")).to_be_visible()
    bell.panel.get_by_role("button", name="Try again").click()
    expect(said).to_have_text("Not everything was undone. It is too late.")
    expect(undo).to_be_hidden()
    assert bell.focused().startswith("panel")
    assert tried == [tried[0]] * 2


def test_tab_beyond_the_end_closes(open_bell: OpenBell) -> None:
    bell = open_bell().live().open()
    bell.panel.get_by_role("link", name="View all").focus()
    bell.page.keyboard.press("Tab")
    expect(bell.panel).to_be_hidden()
    assert bell.focused() == ""


def test_empty_then_filled_while_open(open_bell: OpenBell, send: Send) -> None:
    bell = open_bell().live().open()
    expect(bell.panel.get_by_text("You’re all caught up")).to_be_visible()
    send("First")
    expect(bell.row("First")).to_be_visible()
    expect(bell.toasts).to_have_count(0)


def test_loading_then_error_then_retry(open_bell: OpenBell, send: Send) -> None:
    send("First")
    bell = open_bell().live()
    held: list[Route] = []
    bell.page.route("**/api/v1/inbox/threads/?*", lambda route: held.append(route))
    bell.open()
    expect(bell.panel.get_by_label("Loading…")).to_be_visible()
    wait_for(lambda: bell.get("state") and held)
    held[0].fulfill(status=500, body="")
    expect(bell.panel.get_by_text("Can’t load your notifications")).to_be_visible()
    bell.page.unroute_all()
    bell.panel.get_by_role("button", name="Try again").click()
    expect(bell.row("First")).to_be_visible()
    assert bell.focused().startswith("panel")


def test_nothing_moves_when_the_number_grows(open_bell: OpenBell, site: Site, person: str) -> None:
    bell, [user] = open_bell().live(), site.call("ids", [person])
    page_boxes = "[...document.querySelectorAll('header *')].map((e) => JSON.stringify(e.getBoundingClientRect()))"
    before = bell.page.evaluate(page_boxes)
    for version, (unread, label) in enumerate([(1, "1"), (12, "12"), (99, "99"), (100, "99+")], 1):
        news = json.loads(snapshot(user, version, unread))
        bell.element.evaluate("(bell, news) => bell.offer(news)", news)
        bell.shows(label)
        assert bell.page.evaluate(page_boxes) == before


def test_phone_sheet_has_the_width_and_can_be_closed(open_bell: OpenBell, send: Send) -> None:
    send("First")
    bell = open_bell(viewport={"width": 390, "height": 844}, has_touch=True, **MOVING).live().open()
    sheet = bell.panel.locator(".sheet")
    bell.until("bell.shadowRoot.getAnimations().length === 0")
    box = sheet.bounding_box()
    assert box is not None
    width = bell.page.evaluate("document.body.offsetWidth")  # without the gutter of a scrollbar
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, width, 844)
    bell.panel.get_by_role("button", name="Close").click()
    expect(bell.panel).to_be_hidden()
    bell.open()
    bell.page.mouse.click(200, 60)
    expect(bell.panel).to_be_hidden()


def test_language_of_times(browse: Browse, site: Site, person: str, send: Send) -> None:
    send("First")
    context = browse(site, person)
    context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": site.url()}])
    bell = tab(context).live()
    bell.button.click()
    expect(bell.element.locator(".rd-row .rd-time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
