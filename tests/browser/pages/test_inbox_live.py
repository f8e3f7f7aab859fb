"""/inbox/ in Chromium, live: what it shows is what the server holds, whoever changed it, whatever fails."""

import re
from collections.abc import Callable

from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.bell import Bell
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.servers import Site, wait_for

LIST = re.compile(r"/api/v1/inbox/\?(?!.*important)")  # the important ones have a request of their own


def test_news_arrives_by_itself(inbox: OpenInbox, comment: Comment) -> None:
    page = inbox()
    expect(page.empty).to_contain_text("Your inbox is empty")
    comment("first")
    page.shows("first")
    comment("second")
    page.shows("second", "first")
    page.counts("All", "2")
    page.counts("Comments", "2")
    expect(Bell(page.page).status).to_contain_text(re.compile(r"2 (new|unread) notifications"))


def test_news_waits_while_the_reader_is_in_the_list(inbox: OpenInbox, comment: Comment) -> None:
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


def test_so_much_comes_at_once_that_the_list_is_no_longer_at_the_top(inbox: OpenInbox, comment: Comment) -> None:
    """More than a page has: what the reader points at stays nevertheless."""
    comment("old")
    page = inbox()
    page.row("old").hover()
    held: list[Route] = []
    page.page.route(LIST, lambda route: held.append(route))
    for number in range(21):
        comment(f"new {number}")
    page.counts("All", "22")
    wait_for(lambda: page.page.title() and held)
    page.page.unroute(LIST)  # what is held goes on
    expect(page.pill).to_have_text("20 new")
    page.shows("old")
    page.pill.click()
    expect(page.rows).to_have_count(20)
    page.page.get_by_role("link", name="Load older").click()
    expect(page.row("old")).to_be_visible()


def test_the_list_does_not_grow_with_what_arrives(inbox: OpenInbox, site: Site, person: str) -> None:
    """Beyond a hundred rows: older ones are loaded again when the reader asks for them."""
    site.call("send_titles", person, [f"old {number:02}" for number in range(25)])
    page = inbox()
    page.page.get_by_role("link", name="Load older").click()
    expect(page.rows).to_have_count(25)
    page.leave_list()
    page.page.evaluate("scrollTo(0, 0)")
    for batch, rows in enumerate((45, 65, 85, 100, 100)):
        site.call("send_titles", person, [f"batch {batch} {number:02}" for number in range(20)])
        expect(page.rows.first).to_contain_text(f"batch {batch} 19")
        expect(page.rows).to_have_count(rows)
    page.page.get_by_role("link", name="Load older").click()
    expect(page.rows).to_have_count(120)


def test_mark_all_reaches_what_was_shown_and_no_further(inbox: OpenInbox, comment: Comment) -> None:
    comment("seen")
    page = inbox()
    Bell(page.page).until("bell.snapshot.unseen === 0")  # else the answer to that has the list read once more
    page.row("seen").hover()
    comment("unseen")
    expect(page.pill).to_be_visible()
    page.mark_all.click()
    page.counts("All", "1")
    page.shows("unseen", "seen")
    expect(page.unread).to_have_count(1)
    expect(page.unread).to_contain_text("unseen")


def test_read_and_unread(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    comment("one")
    page = inbox()
    page.act("one", "Mark as read")
    page.counts("All", "")
    expect(page.unread).to_have_count(0)
    assert site.call("snapshot", person)["unread"] == 0
    page.act("one", "Mark as unread")
    page.counts("All", "1")


def test_another_tab_s_changes_show(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    comment("two")
    here, there = inbox(), inbox()
    there.act("one", "Mark as read")
    expect(here.row("one")).not_to_have_class(re.compile("rd-unread"))
    there.act("two", "Delete")
    here.shows("one")
    here.counts("All", "")


def test_a_refused_write_is_taken_back(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()

    def refuse(route: Route) -> None:
        if route.request.method == "DELETE":
            route.fulfill(status=503, json={"detail": "The database is away."})
        else:
            route.continue_()

    page.page.route("**/api/v1/inbox/comment-*/**", refuse)
    page.act("one", "Delete")
    kept = page.page.get_by_role("region", name="Not saved")
    expect(kept).to_contain_text("was not deleted. The database is away.")
    page.shows("one")


def test_what_was_filed_does_not_come_back_with_a_page_read_before(inbox: OpenInbox, comment: Comment) -> None:
    for text in ("four", "three", "two", "one"):
        comment(text)
    page = inbox()
    pages: list[tuple[Route, APIResponse]] = []
    writes: list[Route] = []
    page.page.route(LIST, lambda route: pages.append((route, route.fetch())))
    page.page.route("**/api/v1/inbox/comment-*/**", lambda route: writes.append(route))
    comment("five")  # pushed: the page reads its list again, and again after each write
    for turn, text in enumerate(("four", "three", "two"), 1):
        wait_until(page.page, lambda turn=turn: len(pages) == turn)
        page.act(text, "Archive")
        wait_until(page.page, lambda turn=turn: len(writes) == turn)
        route, response = pages[-1]
        route.fulfill(response=response)
        writes[-1].continue_()
        wait_until(page.page, lambda turn=turn: len(pages) == turn + 1)  # that one was too old, so it reads again
        expect(page.row(text)).to_have_count(0)
    route, response = pages[-1]
    route.fulfill(response=response)
    page.leave_list()
    page.counts("All", "2")
    expect(page.row("one")).to_have_count(1)
    for text in ("four", "three", "two"):
        expect(page.row(text)).to_have_count(0)


def wait_until(page: Page, fact: Callable[[], bool]) -> None:
    """Of what route handlers note: they run while Playwright waits for something."""
    wait_for(lambda: page.evaluate("1") and fact())


def test_an_outage_is_said_and_survived(inbox: OpenInbox, comment: Comment) -> None:
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


def test_an_answer_to_what_was_asked_before_an_outage_does_not_end_it(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    held: list[tuple[Route, APIResponse]] = []
    page.page.route(LIST, lambda route: held.append((route, route.fetch())))
    comment("two")
    wait_until(page.page, lambda: bool(held))
    page.page.context.set_offline(True)
    expect(page.banner).to_contain_text("You are offline.")
    for route, answer in held:
        route.fulfill(response=answer)
    page.shows("two", "one")
    expect(page.banner).to_be_visible()


def test_without_a_bell_it_refreshes_when_looked_at(inbox: OpenInbox, comment: Comment) -> None:
    page = inbox()
    page.page.evaluate("document.querySelector('notification-bell').remove()")
    comment("one")
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.shows("one")


def test_a_session_that_ended_leads_to_sign_in(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    page.page.context.clear_cookies()
    page.act("one", "Archive")
    page.page.wait_for_url("**/accounts/login/?next=%2Finbox%2F")


def test_an_unreachable_server_is_tried_again(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    page.page.route("**/api/v1/**", lambda route: route.abort())
    page.tab("Comments").click()
    expect(page.empty).to_contain_text("The inbox can’t be shown right now")
    expect(page.banner).to_contain_text("Can’t reach the server.")
    page.page.unroute("**/api/v1/**")
    expect(page.rows).to_have_count(1, timeout=60_000)  # after a pause that grows with each try
    page.shows("one")
    expect(page.banner).to_be_hidden()
