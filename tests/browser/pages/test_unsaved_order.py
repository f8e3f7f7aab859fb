"""Several writes at once of which some fail: the last act of the user decides, and the list shows what is so."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Browse
from tests.browser.pages.test_unsaved import WRITES, Unsaved
from tests.servers import Site, wait_for


class Held(Unsaved):
    """Whose writes wait for the test."""

    def hold(self) -> list[Route]:
        waiting: list[Route] = []
        self.network.how = waiting.append
        return waiting

    def wait_for(self, waiting: list[Route], count: int = 1) -> None:
        wait_for(lambda: self.page.evaluate("1") and len(waiting) == count)

    def goes_offline(self) -> None:
        """Nothing can be read either that would put the list right."""
        self.page.route(WRITES, lambda route: route.abort())


@pytest.fixture
def inbox(browse: Browse, site: Site, person: str) -> Callable[..., Held]:
    def start(*titles: str) -> Held:
        for title in titles:
            site.call("send", "system", [person], title=title)
        page = browse(site, person).new_page()
        page.goto("/inbox/")
        return Held(page)

    return start


def test_an_act_that_is_sent_again_does_not_overtake_a_later_one(inbox: Callable[..., Held]) -> None:
    """The later one decides: Tea has no star in the end."""
    page = inbox("Tea")
    waiting = page.hold()
    page.act("Tea", "Star")
    page.wait_for(waiting)
    page.act("Tea", "Star")
    page.network.passes()
    with page.page.expect_response(lambda response: "/inbox/?" in response.url):  # the list is read after all writes
        waiting[0].abort()
    stars = [json.loads(body or "")["starred"] for _, _, body in page.network.bodies]
    assert stars[0] is True
    assert stars[-1] is False
    expect(page.notice).to_be_hidden()


def test_what_a_later_act_has_decided_is_not_kept(inbox: Callable[..., Held]) -> None:
    page = inbox("Tea")
    waiting = page.hold()
    page.act("Tea", "Star")
    page.wait_for(waiting)
    page.act("Tea", "Star")
    page.network.passes()
    with page.page.expect_response(lambda response: response.request.method == "PATCH" and response.ok):
        waiting[0].fulfill(status=503, body="")
    expect(page.toast).to_contain_text("Star taken off.")
    expect(page.notice).to_be_hidden()


def test_what_was_undone_before_it_failed_is_not_kept(inbox: Callable[..., Held]) -> None:
    page = inbox("Tea")
    waiting = page.hold()
    page.act("Tea", "Star")
    page.wait_for(waiting)
    page.toast.get_by_role("button", name="Undo").click()
    with page.page.expect_response(lambda response: "/inbox/?" in response.url):  # the list is read again
        waiting[0].fulfill(status=503, body="")
    expect(page.row("Tea")).not_to_have_class(re.compile("rd-starred"))
    expect(page.notice).to_be_hidden()


def test_rows_come_back_whatever_else_has_failed(inbox: Callable[..., Held]) -> None:
    """Nothing can be read meanwhile that would put the list right."""
    page = inbox("One", "Two", "Three")
    waiting = page.hold()
    for title in ("Two", "Three"):
        page.act(title, "Archive")
    page.wait_for(waiting, 2)
    page.goes_offline()
    for each in waiting:
        each.fulfill(status=503, body="")
    expect(page.lines).to_have_count(2)
    page.shows("Three", "Two", "One")


def test_only_what_failed_is_taken_back(inbox: Callable[..., Held]) -> None:
    page = inbox("Tea")
    waiting = page.hold()
    for name in ("Star", "Mark as read"):
        page.act("Tea", name)
    page.wait_for(waiting)
    page.goes_offline()
    waiting[0].fulfill(status=503, body="")
    expect(page.lines).to_have_count(2)
    expect(page.row("Tea")).not_to_have_class(re.compile("rd-starred"))
    expect(page.row("Tea")).to_have_class(re.compile("rd-unread"))


def test_what_was_kept_is_not_written_as_another_user(inbox: Callable[..., Held]) -> None:
    """They have signed in in another tab while there was no connection."""
    page = inbox("Tea")
    page.network.refuses()
    page.act("Tea", "Star")
    expect(page.lines).to_have_count(1)
    page.network.bodies.clear()
    page.network.passes()
    other = {"user": "another", "version": 1, "unread": 0, "capped": False, "by_type": {}}
    page.page.route("**/api/v1/unread/", lambda route: route.fulfill(json=other))
    with page.page.expect_navigation():
        page.again.click()
    assert page.network.bodies == []
