"""/inbox/ in Chromium: what the page shows is what the server holds, live, by mouse and by keyboard."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Browse
from tests.servers import Site

OpenInbox = Callable[..., "InboxPage"]
NARROW = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class InboxPage:
    """The inbox of a person in one tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator(".rd-row")
        self.pill = page.locator("[data-pill]")
        self.toast = page.locator("[data-toast]")
        self.banner = page.locator("[data-banner]")
        self.empty = page.locator("[data-empty]")
        self.mark_all = page.locator("[data-read-all]")
        self.unread = page.locator(".rd-row.rd-unread")
        expect(page.locator("[data-list]")).to_have_attribute("aria-busy", "false")

    def tab(self, name: str) -> Locator:
        return self.page.locator(".rd-types").get_by_role("link", name=name)

    def view(self, name: str) -> Locator:
        return self.page.locator(".rd-views").get_by_role("link", name=name)

    def counts(self, name: str, count: str) -> None:
        expect(self.tab(name).locator("[data-count]")).to_have_text(count)

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def act(self, text: str, label: str) -> None:
        self.row(text).hover()
        self.row(text).get_by_role("button", name=label, exact=True).click()

    def shows(self, *texts: str) -> None:
        """Exactly these rows, in this order."""
        expect(self.rows).to_have_count(len(texts))
        for row, text in zip(self.rows.all(), texts, strict=True):
            expect(row).to_contain_text(text)

    def leave_list(self) -> None:
        """Pointer and focus elsewhere: new rows may then come in at the top."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur()")

    def focused_row(self) -> str:
        text: str = self.page.evaluate("document.activeElement.closest('.rd-row')?.innerText ?? ''")
        return text


@pytest.fixture
def comment(site: Site, person: str) -> Callable[[str], None]:
    def send(text: str) -> None:
        site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt=text, url="/people/")

    return send


@pytest.fixture
def inbox(browse: Browse, site: Site, person: str) -> OpenInbox:
    def start(path: str = "/inbox/", **options: Any) -> InboxPage:
        page = browse(site, person, **options).new_page()
        page.goto(path)
        page.wait_for_function("document.querySelector('notification-bell').state === 'live'")
        return InboxPage(page)

    return start


def test_news_arrives_by_itself(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    page = inbox()
    expect(page.empty).to_contain_text("Your inbox is empty")
    comment("first")
    page.shows("first")
    comment("second")
    page.shows("second", "first")
    page.counts("All", "2")
    page.counts("Comments", "2")
    expect(page.page.locator("[data-live]")).to_have_text("1 new notification")


def test_news_waits_while_the_reader_is_in_the_list(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("old")
    page = inbox()
    page.row("old").hover()
    comment("new")
    comment("newer")
    expect(page.pill).to_have_text("2 new")
    page.shows("old")
    page.counts("All", "3")
    page.pill.click()
    page.shows("newer", "new", "old")
    assert "newer" in page.focused_row()


def test_mark_all_reaches_what_was_shown_and_no_further(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("seen")
    page = inbox()
    page.row("seen").hover()
    comment("unseen")
    expect(page.pill).to_be_visible()
    page.mark_all.click()
    page.counts("All", "1")
    page.shows("unseen", "seen")
    expect(page.unread).to_have_count(1)
    expect(page.unread).to_contain_text("unseen")


def test_read_and_unread(inbox: OpenInbox, comment: Callable[[str], None], site: Site, person: str) -> None:
    comment("one")
    page = inbox()
    page.act("one", "Mark as read")
    page.counts("All", "")
    expect(page.unread).to_have_count(0)
    assert site.call("snapshot", person)["unread"] == 0
    page.act("one", "Mark as unread")
    page.counts("All", "1")


def test_following_the_link_reads_it(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    page = inbox()
    page.row("one").get_by_role("link").click()
    page.page.wait_for_url("**/people/")
    page.page.go_back()
    expect(page.rows).to_have_count(1)
    expect(page.unread).to_have_count(0)


def test_archive_and_delete_can_be_undone(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    comment("two")
    page = inbox()
    for label, said in [("Archive", "Archived."), ("Delete", "Deleted.")]:
        page.act("one", label)
        page.shows("two")
        page.counts("All", "1")
        expect(page.toast).to_contain_text(said)
        page.toast.get_by_role("button", name="Undo").click()
        page.shows("two", "one")
        page.counts("All", "2")


def test_archive_view(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    page = inbox()
    page.act("one", "Archive")
    expect(page.empty).to_contain_text("Your inbox is empty")
    page.view("Archived").click()
    page.shows("one")
    page.act("one", "Move to inbox")
    expect(page.empty).to_contain_text("The archive is empty")
    page.view("Inbox").click()
    page.shows("one")


def test_tabs_and_views_are_addresses(
    inbox: OpenInbox, comment: Callable[[str], None], site: Site, person: str
) -> None:
    comment("one")
    site.call("send", "follow", [person], actor="alice")
    page = inbox()
    page.shows("followed you", "one")
    page.tab("Comments").click()
    page.shows("one")
    page.view("Unread").click()
    expect(page.page).to_have_url(re.compile(r"\?type=comment&view=unread$"))
    page.page.reload()
    page.shows("one")
    page.page.go_back()
    page.page.go_back()
    page.shows("followed you", "one")


def test_what_is_read_in_the_unread_view_stays_put(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    comment("two")
    page = inbox("/inbox/?view=unread")
    page.act("two", "Mark as read")
    page.counts("All", "1")
    page.shows("two", "one")
    page.view("Inbox").click()
    page.view("Unread").click()
    page.shows("one")


def test_another_tab_s_changes_show(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    comment("two")
    here, there = inbox(), inbox()
    there.act("one", "Mark as read")
    expect(here.row("one")).not_to_have_class(re.compile("rd-unread"))
    there.act("two", "Delete")
    here.shows("one")
    here.counts("All", "")


def test_older_pages(inbox: OpenInbox, site: Site, person: str) -> None:
    for number in range(45):
        site.call("send", "comment", [person], target_title="Tea", excerpt=f"number {number:02}")
    page = inbox()
    expect(page.rows).to_have_count(20)
    for count in (40, 45):
        page.page.get_by_role("button", name="Load older").click()
        expect(page.rows).to_have_count(count)
    expect(page.page.get_by_role("button", name="Load older")).to_be_hidden()
    page.shows(*(f"number {number:02}" for number in reversed(range(45))))


def test_keyboard_alone(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    for text in ("three", "two", "one"):
        comment(text)
    page = inbox()
    page.row("one").get_by_role("link").focus()
    press = page.page.keyboard.press
    press("ArrowDown")
    assert "two" in page.focused_row()
    press("u")
    page.counts("All", "2")
    press("e")
    page.shows("one", "three")
    assert "three" in page.focused_row()
    press("Delete")
    page.shows("one")
    assert "one" in page.focused_row()
    press("z")
    page.shows("one", "three")
    assert "three" in page.focused_row()


def test_on_a_phone_the_actions_unfold(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    page = inbox(**NARROW)
    more = page.row("one").get_by_role("button", name="More")
    expect(page.row("one").get_by_role("button", name="Archive")).to_be_hidden()
    more.tap()
    expect(more).to_have_attribute("aria-expanded", "true")
    page.row("one").get_by_role("button", name="Archive").tap()
    expect(page.rows).to_have_count(0)


def test_a_refused_write_is_taken_back(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    page = inbox()
    problem = {"status": 503, "content_type": "application/problem+json", "json": {"detail": "The database is away."}}

    def refuse(route: Route) -> None:
        if route.request.method == "DELETE":
            route.fulfill(**{key: value for key, value in problem.items() if key != "content_type"})
        else:
            route.continue_()

    page.page.route("**/api/v1/inbox/comment-*/", refuse)
    page.act("one", "Delete")
    expect(page.toast).to_contain_text("The database is away.")
    page.shows("one")


def test_an_outage_is_said_and_survived(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    page = inbox()
    page.page.context.set_offline(True)
    expect(page.banner).to_contain_text("You are offline.")
    page.shows("one")
    page.leave_list()
    comment("meanwhile")
    page.page.context.set_offline(False)
    page.shows("meanwhile", "one")
    expect(page.banner).to_be_hidden()


def test_without_a_bell_it_refreshes_when_looked_at(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    page = inbox()
    page.page.evaluate("document.querySelector('notification-bell').remove()")
    comment("one")
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.shows("one")


def test_a_session_that_ended_leads_to_sign_in(inbox: OpenInbox, comment: Callable[[str], None]) -> None:
    comment("one")
    page = inbox()
    page.page.context.clear_cookies()
    page.act("one", "Archive")
    page.page.wait_for_url("**/accounts/login/?next=%2Finbox%2F")
