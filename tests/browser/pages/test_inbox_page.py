"""/inbox/ in Chromium: reading, filing, finding, by mouse, keyboard and finger."""

import re

from playwright.sync_api import Route, expect

from tests.browser.pages.conftest import Comment, OpenInbox
from tests.servers import Site, wait_for

NARROW = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_following_the_link_reads_it(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    page.row("one").get_by_role("link").click()
    page.page.wait_for_url("**/people/")
    page.page.go_back()
    expect(page.rows).to_have_count(1)
    expect(page.unread).to_have_count(0)


def test_archive_and_delete_can_be_undone(inbox: OpenInbox, comment: Comment) -> None:
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


def test_an_undo_does_not_overtake_what_it_undoes(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    comment("two")
    page = inbox()
    held: list[Route] = []
    sent: list[str] = []

    def hold(route: Route) -> None:
        sent.append(route.request.method)
        held.append(route) if sent == ["DELETE"] else route.continue_()

    page.page.route(re.compile("/inbox/(comment-|undo/)"), hold)
    page.act("one", "Delete")
    page.toast.get_by_role("button", name="Undo").click()
    page.shows("two")
    wait_for(lambda: page.page.evaluate("1") and held)
    assert sent == ["DELETE"]
    held[0].continue_()
    page.shows("two", "one")
    assert sent == ["DELETE", "POST"]
    page.page.reload()
    page.shows("two", "one")


def test_reading_is_undone_too(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    comment("two")
    page = inbox()
    page.act("one", "Mark as read")
    page.counts("All", "1")
    page.toast.get_by_role("button", name="Undo").click()
    page.counts("All", "2")
    expect(page.unread).to_have_count(2)  # the list was read again: mark-all covers what it shows
    page.mark_all.click()
    expect(page.unread).to_have_count(0)
    expect(page.toast).to_contain_text("2 marked as read.")
    page.toast.get_by_role("button", name="Undo").click()
    expect(page.unread).to_have_count(2)
    page.counts("All", "2")


def test_an_undo_that_fails_may_be_tried_again_until_it_is_too_late(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    undo = page.toast.get_by_role("button", name="Undo")
    tried: list[str] = []

    def fail(route: Route) -> None:
        tried.append(route.request.post_data_json["undo"])
        status = 503 if len(tried) == 1 else 404
        route.fulfill(status=status, json={"status": status, "detail": f"Failed: {status}.", "undo": "another"})

    page.page.route("**/api/v1/inbox/undo/", fail)
    page.act("one", "Mark as read")
    undo.click()
    notice = page.page.get_by_role("region", name="Not saved")
    expect(notice).to_contain_text("Not everything was undone. Failed: 503.")
    notice.get_by_role("button", name="Try again").click()
    expect(page.toast).to_contain_text("Not everything was undone. Failed: 404.")
    expect(notice).to_be_hidden()
    expect(undo).to_be_hidden()
    assert tried == [tried[0]] * 2


def test_search(inbox: OpenInbox, comment: Comment) -> None:
    """Mark-all reads what was found; the search is an address, and works beside the other filters."""
    comment("green tea")
    comment("coffee")
    page = inbox()
    field = page.page.get_by_role("searchbox")
    field.fill("TEA green")
    field.press("Enter")
    page.shows("green tea")
    expect(page.page).to_have_url(re.compile(r"\?q=TEA\+green$"))
    with page.page.expect_request("**/inbox/changes/**") as written:
        page.mark_all.click()
    assert written.value.url.endswith("?language=en")  # the words are those of the list
    page.counts("All", "1")
    page.view("Unread").click()
    expect(page.empty).to_contain_text("Nothing found")
    page.page.go_back()
    page.shows("green tea")
    page.page.reload()
    page.shows("green tea")
    expect(field).to_have_value("TEA green")
    field.fill("a b c d e f g h i")
    field.press("Enter")
    expect(page.toast).to_contain_text("at most 8 words")
    field.fill("")
    field.press("Enter")
    page.shows("coffee", "green tea")


def test_a_thread_without_items_is_not_an_empty_inbox(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox("/inbox/?thread=gone")
    expect(page.empty).to_contain_text("Nothing is left in this thread.")
    page.view("Inbox").click()
    page.shows("one")


def test_archive_view(inbox: OpenInbox, comment: Comment) -> None:
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


def test_tabs_and_views_are_addresses(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
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


def test_what_is_read_in_the_unread_view_stays_put(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    comment("two")
    page = inbox("/inbox/?view=unread")
    page.act("two", "Mark as read")
    page.counts("All", "1")
    page.shows("two", "one")
    page.view("Inbox").click()
    page.view("Unread").click()
    page.shows("one")


def test_older_pages(inbox: OpenInbox, site: Site, person: str) -> None:
    for number in range(45):
        site.call("send", "comment", [person], target_title="Tea", excerpt=f"number {number:02}")
    page = inbox()
    expect(page.rows).to_have_count(20)
    for count in (40, 45):
        page.page.get_by_role("link", name="Load older").click()
        expect(page.rows).to_have_count(count)
    expect(page.page.get_by_role("link", name="Load older")).to_be_hidden()
    page.shows(*(f"number {number:02}" for number in reversed(range(45))))


def test_keyboard_alone(inbox: OpenInbox, comment: Comment) -> None:
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


def test_on_a_phone_the_actions_unfold(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox(**NARROW)
    more = page.row("one").get_by_role("button", name="More")
    expect(page.row("one").get_by_role("button", name="Archive")).to_be_hidden()
    more.tap()
    expect(more).to_have_attribute("aria-expanded", "true")
    page.row("one").get_by_role("button", name="Archive").tap()
    expect(page.rows).to_have_count(0)


def test_mark_all_takes_what_was_marked_unread_here(inbox: OpenInbox, comment: Comment) -> None:
    """Without a bell, nothing makes the page read its list again."""
    comment("Tea")
    page = inbox()
    page.page.evaluate("document.querySelector('notification-bell').remove()")
    for label, unread in (("Mark as read", ""), ("Mark as unread", "1")):
        page.act("Tea", label)
        page.counts("All", unread)  # as the server has answered
    with page.page.expect_response("**/inbox/read/**") as answered:
        page.mark_all.click()
    assert answered.value.json()["unread"] == 0
