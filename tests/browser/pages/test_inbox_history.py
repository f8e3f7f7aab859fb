"""/inbox/ in Chromium: back, forward and reload lead to the same rows, filter and place."""

import re

import pytest
from playwright.sync_api import Page, expect

from inbox.core.snapshots import MAX_VERSION
from tests.browser.bell import until
from tests.browser.pages.conftest import OpenInbox
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

ITEMS = 65


@pytest.fixture
def long(inbox: OpenInbox, site: Site, person: str) -> InboxPage:
    """All of a long list is on screen, and the reader is far down."""
    for number in range(ITEMS):
        site.call("create", "system", person, title=f"number {number:02}", url="/people/")
    page = inbox()
    for count in (40, 60, ITEMS):
        page.page.get_by_role("link", name="Load older").click()
        expect(page.rows).to_have_count(count)
    page.row("number 15").scroll_into_view_if_needed()
    place(page.page)
    return page


def place(page: Page) -> float:
    """How far down the page is, once its entry of the history has kept it."""
    until(page, "history.state?.top === scrollY && scrollY > 0")
    top: float = page.evaluate("scrollY")
    return top


def is_at(page: InboxPage, top: float, rows: int = ITEMS) -> None:
    expect(page.rows).to_have_count(rows)
    until(page.page, f"Math.abs(scrollY - {top}) <= 1")


def test_a_link_and_back(long: InboxPage) -> None:
    top = place(long.page)
    long.row("number 15").get_by_role("link").click()
    long.page.wait_for_url("**/people/")
    long.page.go_back()
    is_at(long, place(long.page))
    is_at(long, top)
    expect(long.row("number 15")).not_to_have_class(re.compile("rd-unread"))
    expect(long.row("number 15")).to_be_in_viewport()


def test_a_reload(long: InboxPage) -> None:
    top = place(long.page)
    long.page.reload()
    is_at(long, top)


def test_a_filter_and_back_and_forward(long: InboxPage) -> None:
    top = place(long.page)
    long.view("Archived").evaluate("link => link.click()")  # without a scroll to it
    expect(long.rows).to_have_count(0)
    long.page.go_back()
    is_at(long, top)
    long.page.go_forward()
    expect(long.page).to_have_url(re.compile(r"\?view=archived$"))
    expect(long.rows).to_have_count(0)


def test_another_filter_begins_at_its_top(long: InboxPage) -> None:
    long.view("Unread").evaluate("link => link.click()")
    is_at(long, 0, rows=20)


def test_a_page_that_was_frozen_meanwhile(long: InboxPage, site: Site, person: str) -> None:
    """In the back/forward cache: it has kept all, and reads what is new."""
    top = place(long.page)
    long.page.evaluate("document.querySelector('notification-bell').remove()")
    long.act("number 15", "Star")
    [user] = site.call("ids", [person])
    site.call("inbox.services.mark_all_read", user, MAX_VERSION)
    long.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(long.unread).to_have_count(0)
    is_at(long, top)
