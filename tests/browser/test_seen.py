"""Seen is not read: whoever looks into the panel or the inbox has seen what is there, in every tab."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.bell import Bell
from tests.browser.conftest import FACES_AND_UNSEEN, Browse, OpenBell, newcomer, tab
from tests.servers import Site, wait_for


@pytest.fixture(scope="module")
def unseen_site(shared_site: Callable[..., Site]) -> Site:
    """The bell shows what is unseen."""
    return shared_site(**FACES_AND_UNSEEN)


@pytest.fixture
def reader(unseen_site: Site) -> str:
    return newcomer(unseen_site)


def send(site: Site, person: str) -> None:
    site.call("send", "follow", [person], actor="alice")


def numbers(bell: Bell) -> tuple[int, int]:
    snapshot: dict[str, Any] = bell.get("snapshot")
    return snapshot["unread"], snapshot["unseen"]


def test_the_panel_marks_as_seen_what_it_shows(open_bell: OpenBell, site: Site, person: str) -> None:
    """The number of unread items stays."""
    send(site, person)
    bell = open_bell().shows("1")
    assert numbers(bell) == (1, 1)
    bell.open()
    wait_for(lambda: numbers(bell) == (1, 0))
    bell.shows("1")
    send(site, person)
    bell.shows("2")
    wait_for(lambda: numbers(bell) == (2, 0))


def test_looking_in_one_tab_clears_the_number_in_the_other(browse: Browse, unseen_site: Site, reader: str) -> None:
    send(unseen_site, reader)
    context = browse(unseen_site, reader)
    one, other = tab(context).live().shows("1"), tab(context).live().shows("1")
    expect(other.button).to_have_accessible_name("Notifications, 1 new notification")
    one.page.bring_to_front()
    one.open()
    for bell in (one, other):
        bell.shows("")
        expect(bell.button).to_have_accessible_name("Notifications, No new notifications")
        assert numbers(bell) == (1, 0)
    expect(one.unread).to_have_count(1)
    assert not other.page.title().startswith("(")
    one.page.keyboard.press("Escape")
    send(unseen_site, reader)
    for bell in (one, other):
        bell.shows("1")
        assert numbers(bell) == (2, 1)


@pytest.mark.parametrize("filtered", ["view=archived", "type=comment", "q=nothing"])
def test_the_inbox_page_clears_the_number(browse: Browse, unseen_site: Site, reader: str, filtered: str) -> None:
    """Not with a filter that leaves some of the items out."""
    send(unseen_site, reader)
    context = browse(unseen_site, reader)
    bell = tab(context, f"/inbox/?{filtered}").live().shows("1")
    expect(bell.page.locator("[data-empty]")).to_be_visible()
    send(unseen_site, reader)
    bell.shows("2")
    bell.page.goto("/inbox/")
    bell.shows("")
    assert numbers(bell) == (2, 0)


@pytest.mark.parametrize("place", ["panel", "page"])
def test_an_answer_that_is_late_raises_no_list_that_was_read_since(
    open_bell: OpenBell, site: Site, person: str, place: str
) -> None:
    """The answer has the state after what arrived meanwhile, too: mark-all would mark what was never shown."""
    send(site, person)
    bell = open_bell().live().shows("1")
    page, held = bell.page, list[Route]()
    page.route("**/api/v1/inbox/seen/", lambda route: held.append(route))
    lists = "**/api/v1/inbox/threads/?*"
    if place == "panel":
        bell.open()
        marks, rows = bell.mark_all, bell.rows
    else:
        lists = "**/api/v1/inbox/?*"
        page.goto("/inbox/")
        bell.live()
        marks, rows = (
            page.locator("main").get_by_role("button", name="Mark all as read"),
            page.locator("[data-list] .rd-row"),
        )
    wait_for(lambda: page.evaluate("1") and held)
    expect(rows).to_have_count(1)
    under_way: set[Request] = set()
    page.on("request", lambda request: "limit=" in request.url and under_way.add(request))
    page.on("requestfinished", lambda request: under_way.discard(request))
    with site.client(person) as client, page.expect_request_finished(lambda request: "limit=" in request.url):
        answer = client.post("/api/v1/inbox/seen/", json=held[0].request.post_data_json).raise_for_status().json()
    assert answer["changed"]
    wait_for(lambda: page.evaluate("1") and not under_way)  # the list has been read again
    page.route(lists, lambda route: route.abort())
    send(site, person)
    bell.shows("2")
    later = bell.get("snapshot")
    assert later["version"] == answer["version"] + 1
    with page.expect_request_finished(lambda request: request.url.endswith("/seen/")):
        held[0].fulfill(json=later | {"changed": True})
    with page.expect_request("**/api/v1/inbox/read/") as request:
        marks.click()
    assert json.loads(request.value.post_data or "")["up_to"] <= answer["version"]
    bell.shows("1")


def test_what_a_server_of_an_older_version_sends(browse: Browse, unseen_site: Site, reader: str) -> None:
    """It knows no `unseen`."""
    bell = tab(browse(unseen_site, reader)).live()
    user = unseen_site.call("ids", [reader])[0]
    state = {"user": user, "version": 8 * 10**15, "unread": 7, "capped": False, "by_type": {"follow": 7}}
    bell.page.evaluate("state => document.querySelector('notification-bell').offer(state)", state)
    bell.shows("7")
