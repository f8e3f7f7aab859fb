"""A write that fails says once what did not happen, and is kept to be tried again; it happens once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import Browse, stop_clock
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.spoken import Spoken, listen
from tests.servers import Site, wait_for

WRITES = re.compile(r"/api/v1/inbox/")


class Network:
    """What happens to writes of a page: they pass, or are refused, or the answer is lost."""

    def __init__(self, page: Page) -> None:
        self.how: Callable[[Route], object] = lambda route: route.continue_()
        self.bodies: list[tuple[str, str, str | None]] = []
        page.route(WRITES, self._answer)

    def _answer(self, route: Route) -> None:
        request: Request = route.request
        if request.method == "GET" or "/seen/" in request.url or "/events/" in request.url:
            return route.continue_()
        self.bodies.append((request.method, request.url, request.post_data))
        self.how(route)
        return None

    def passes(self) -> None:
        self.how = lambda route: route.continue_()

    def refuses(self) -> None:
        self.how = lambda route: route.abort()

    def fails(self) -> None:
        self.how = lambda route: route.fulfill(status=503, body="")

    def loses_answers(self, times: int) -> None:
        """What is written later passes."""
        left = iter(range(times))

        def lose(route: Route) -> None:
            if next(left, None) is None:
                return route.continue_()
            route.fetch()
            return route.abort()

        self.how = lose

    def hangs(self) -> None:
        self.how = lambda route: None


class Unsaved(InboxPage):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.network = Network(page)
        self.notice: Locator = page.get_by_role("region", name="Not saved")
        self.again = self.notice.get_by_role("button", name="Try again")
        self.lines = self.notice.get_by_role("listitem")

    def said(self) -> list[str]:
        return [each for each in Spoken(self.page).sentences if "not" in each]


@pytest.fixture
def inbox(browse: Browse, site: Site, person: str) -> Callable[..., Unsaved]:
    def start(*titles: str, path: str = "/inbox/") -> Unsaved:
        for title in titles:
            site.call("send", "system", [person], title=title)
        page = listen(browse(site, person)).new_page()
        page.goto(path)
        return Unsaved(page)

    return start


ACTS = {
    "Archive": ("“Tea” was not archived", "Archived."),
    "Delete": ("“Tea” was not deleted", "Deleted."),
    "Mark as read": ("“Tea” was not marked as read", "Marked as read."),
    "Star": ("“Tea” was not starred", "Starred."),
}


@pytest.mark.parametrize("act", ACTS)
def test_it_is_said_once_and_tried_again(inbox: Callable[..., Unsaved], act: str) -> None:
    """The row is back meanwhile. Each attempt is the same request, so it happens once."""
    undone, done = ACTS[act]
    page = inbox("Tea")
    page.network.refuses()
    page.act("Tea", act)
    expect(page.lines).to_have_text([f"{undone}: no connection."])
    page.shows("Tea")
    expect(page.toast).to_be_hidden()
    wait_for(lambda: page.said() == [f"{undone}: no connection."])
    page.network.passes()
    page.again.click()
    expect(page.toast).to_contain_text(done)
    expect(page.notice).to_be_hidden()
    assert len(page.network.bodies) == 3
    assert len(set(page.network.bodies)) == 1
    page.toast.get_by_role("button", name="Undo").click()
    page.shows("Tea")
    expect(page.unread).to_have_count(1)


def test_an_answer_that_was_lost_is_asked_for_again(inbox: Callable[..., Unsaved]) -> None:
    """Nothing is said of it, and the act has its undo."""
    page = inbox("Tea")
    page.network.loses_answers(1)
    page.act("Tea", "Archive")
    wait_for(lambda: page.page.evaluate("1") and len(page.network.bodies) == 2)
    expect(page.rows).to_have_count(0)
    page.toast.get_by_role("button", name="Undo").click()
    page.shows("Tea")
    assert page.said() == []
    expect(page.notice).to_be_hidden()


def test_several_are_kept_and_tried_again_together(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("One", "Two", "Three", "Four")
    page.network.refuses()
    for title in ("One", "Two", "Three", "Four"):
        page.act(title, "Archive")
    expect(page.lines).to_have_count(3)
    expect(page.lines.last).to_have_text("2 more changes were not saved.")
    page.network.passes()
    page.again.click()
    expect(page.toast).to_contain_text("4 changes were saved.")
    expect(page.rows).to_have_count(0)
    expect(page.notice).to_be_hidden()
    focused = page.page.evaluate("document.activeElement !== document.body")
    assert focused


def test_a_later_act_takes_the_place_of_what_was_kept(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("Tea")
    page.network.refuses()
    page.act("Tea", "Mark as read")
    expect(page.lines).to_have_text(["“Tea” was not marked as read: no connection."])
    page.network.passes()
    page.act("Tea", "Mark as read")
    expect(page.notice).to_be_hidden()


def test_what_the_server_refuses_for_good_is_not_kept(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("Tea")
    page.network.how = lambda route: route.fulfill(status=404, json={"title": "Not found", "detail": "It is gone."})
    page.act("Tea", "Archive")
    expect(page.toast).to_contain_text("“Tea” was not archived. It is gone.")
    expect(page.notice).to_be_hidden()


def test_a_server_that_fails_is_quoted(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("Tea")
    page.network.fails()
    page.act("Tea", "Archive")
    expect(page.lines).to_have_text(["“Tea” was not archived. Something went wrong."])


def test_it_can_be_let_go(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("Tea")
    page.network.refuses()
    page.act("Tea", "Archive")
    page.notice.get_by_role("button", name="Discard").click()
    expect(page.notice).to_be_hidden()
    expect(page.page.locator("[data-list]")).to_be_focused()


def test_no_answer_is_said_within_three_seconds(browse: Browse, site: Site, person: str) -> None:
    site.call("send", "system", [person], title="Tea")
    tab = browse(site, person).new_page()
    tab.clock.install()
    tab.goto("/inbox/")
    page = Unsaved(tab)
    page.network.hangs()
    stop_clock(tab)
    page.act("Tea", "Archive")
    tab.clock.run_for(3_000)
    expect(page.lines).to_have_text(["“Tea” was not archived: no answer yet."])
    expect(page.again).to_be_hidden()


def test_marks_are_tried_again_by_themselves_and_nothing_else(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("Tea", "Gone")
    page.network.refuses()
    page.act("Tea", "Mark as read")
    page.act("Gone", "Delete")
    expect(page.lines).to_have_count(2)
    page.network.passes()
    for outage in ("unreachable", ""):
        page.page.evaluate(
            "outage => document.dispatchEvent(new CustomEvent('reddot:outage', {detail: {outage}, cancelable: true}))",
            outage,
        )
    expect(page.lines).to_have_text(["“Gone” was not deleted: no connection."])
    expect(page.toast).to_contain_text("Marked as read.")
    expect(page.row("Gone")).to_be_visible()


def test_mark_all_and_its_undo_are_kept_too(inbox: Callable[..., Unsaved]) -> None:
    page = inbox("One", "Two")
    page.network.loses_answers(2)
    page.mark_all.click()
    expect(page.lines).to_have_text(["Not everything was marked as read: no connection."])
    page.network.passes()
    page.again.click()
    expect(page.notice).to_be_hidden()
    expect(page.unread).to_have_count(0)
    page.network.loses_answers(2)
    page.toast.get_by_role("button", name="Undo").click()
    expect(page.lines).to_have_text(["Not everything was undone: no connection."])
    page.network.passes()
    page.again.click()
    expect(page.notice).to_be_hidden()
    expect(page.unread).to_have_count(2)
