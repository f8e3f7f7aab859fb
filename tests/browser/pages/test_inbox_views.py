"""/inbox/ in Chromium: stars, snoozes, threads, and what is important."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import PHONE
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.browser.pages.inbox_page import InboxPage, named
from tests.servers import Site

WHEN = "input[type=datetime-local]"


def undo(page: InboxPage) -> None:
    page.toast.get_by_role("button", name="Undo").click()


def snooze(page: InboxPage, text: str, until: str) -> None:
    page.act(text, "Snooze")
    page.page.get_by_role("dialog").get_by_role("button", name=until).click()


def test_a_star(inbox: OpenInbox, comment: Comment) -> None:
    """What has lost its star stays on screen until one leaves."""
    comment("one")
    comment("two")
    page = inbox()
    page.act("one", "Star")
    star = page.row("one").get_by_role("button", name=named("Star"))
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page.toast).to_contain_text("Starred.")
    undo(page)
    expect(star).to_have_attribute("aria-pressed", "false")
    star.focus()
    page.page.keyboard.press("s")
    page.view("Starred").click()
    page.shows("one")
    page.act("one", "Archive")
    page.act("one", "Star")
    page.shows("one")
    page.view("Archived").click()
    page.shows("one")
    page.view("Starred").click()
    expect(page.empty).to_contain_text("Nothing is starred")


def test_a_snooze(inbox: OpenInbox, comment: Comment) -> None:
    """It leaves the list and the badge; the view Snoozed has it, with its end."""
    comment("one")
    comment("two")
    page = inbox()
    snooze(page, "one", "Tomorrow morning")
    page.shows("two")
    page.counts("All", "1")
    undo(page)
    page.shows("two", "one")
    page.counts("All", "2")
    snooze(page, "one", "Next week")
    page.shows("two")
    page.view("Snoozed").click()
    page.shows("one")
    expect(page.row("one")).to_contain_text(re.compile("Snoozed until: .*9:00"))
    snooze(page, "one", "Tomorrow morning")
    page.shows("one")
    page.act("one", "Wake now")
    expect(page.empty).to_contain_text("Nothing is snoozed")
    page.view("Inbox").click()
    page.shows("two", "one")
    page.counts("All", "2")


def test_a_moment_of_one_s_own(inbox: OpenInbox, comment: Comment) -> None:
    """In the browser's time zone, which the dialog names; the keyboard gets there and back."""
    comment("one")
    page = inbox(timezone_id="Asia/Kabul")
    page.row("one").get_by_role("link").focus()
    page.page.keyboard.press("b")
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Asia/Kabul")
    page.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert "one" in page.focused_row()
    page.page.keyboard.press("b")
    year = page.page.evaluate("new Date().getFullYear() + 1")
    dialog.locator(WHEN).fill(f"{year}-02-03T07:30")
    with page.page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.page.keyboard.press("Enter")
    assert sent.value.post_data_json["snoozed_until"] == f"{year}-02-03T03:00:00.000Z"
    expect(page.rows).to_have_count(0)
    page.view("Snoozed").click()
    expect(page.row("one")).to_contain_text("7:30")


def test_the_past_is_refused(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    page.act("one", "Snooze")
    dialog = page.page.get_by_role("dialog")
    dialog.locator(WHEN).fill("2020-01-01T00:00")
    dialog.get_by_role("button", name="Snooze", exact=True).click()
    expect(dialog).to_be_visible()
    assert dialog.locator(WHEN).evaluate("field => field.validity.rangeUnderflow")
    dialog.get_by_role("button", name="Cancel").click()
    page.shows("one")


def test_it_comes_back_while_one_watches(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    comment("one")
    page = inbox()
    snooze(page, "one", "Tomorrow morning")
    expect(page.rows).to_have_count(0)
    page.counts("All", "")  # it is written
    page.leave_list()
    site.call("shorten_snoozes", person, 1)
    page.shows("one")
    expect(page.unread).to_have_count(1)
    page.counts("All", "1")


def test_a_thread_of_one_has_the_time_that_it_is_listed_by(inbox: OpenInbox, site: Site, person: str) -> None:
    """It has become unread again, above what has arrived since."""
    old, new = (
        site.call("create", "system", person, title=title, created_at=f"{year}-01-01T00:00:00Z")
        for title, year in (("Old", 2020), ("New", 2021))
    )
    [user] = site.call("ids", [person])
    page = inbox("/inbox/?view=threads")
    page.shows("New", "Old")
    expect(page.row("Old").locator(".rd-time")).to_have_attribute("datetime", re.compile("^2020"))
    for act in ("mark_read", "mark_unread"):
        site.call(f"inbox.services.{act}", user, [f"system-{old}"])
    page.page.reload()
    page.shows("Old", "New")
    expect(page.row("Old").locator(".rd-time")).not_to_have_attribute("datetime", re.compile("^2020"))
    assert new


def test_threads(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    """One row for what is about the same thing: it unfolds in place, and what is done to it is done to all of it."""
    for text in ["one", "two", "three"]:
        comment(text)
    site.call("send", "system", [person], title="Alone")
    page = inbox("/inbox/?view=threads")
    page.shows("Alone", "3 notifications · 3 unread")
    title = page.row("3 notifications").locator("[data-act=open]")
    title.click()
    expect(title).to_have_attribute("aria-expanded", "true")
    parts = page.page.locator(".rd-part")
    expect(parts).to_have_count(3)
    expect(parts.locator(".rd-part-body")).to_have_text(["three", "two", "one"])  # all have the same title
    comment("four")
    expect(parts).to_have_count(4)
    page.act("4 notifications", "Mark as read")
    page.counts("All", "1")
    expect(page.page.locator(".rd-part.rd-unread")).to_have_count(0)
    undo(page)
    page.counts("All", "5")
    expect(page.row("4 notifications")).to_contain_text("4 unread")
    snooze(page, "4 notifications", "Tomorrow morning")
    page.shows("Alone")
    undo(page)
    page.counts("All", "5")
    page.act("4 notifications", "Delete")
    page.shows("Alone")
    page.counts("All", "1")
    undo(page)
    page.counts("All", "5")


def test_threads_under_a_filter(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    """What a search or a type chooses of a thread is the thread, whatever is done to it."""
    for text in ["green leaf", "milk", "black leaf"]:
        comment(text)
    page = inbox("/inbox/?view=threads&q=leaf")
    page.shows("2 notifications · 2 unread")
    page.row("2 notifications").locator("[data-act=open]").click()
    expect(page.page.locator(".rd-part")).to_have_count(2)
    page.act("2 notifications", "Mark as read")
    page.counts("All", "1")
    undo(page)
    page.counts("All", "3")
    page.page.get_by_role("link", name="System messages").click()
    expect(page.rows).to_have_count(0)
    page.view("Inbox").click()
    expect(page.page).to_have_url(re.compile(r"\?q=leaf&type=system$"))


def test_what_is_important_is_first(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    page = inbox()
    section = page.page.get_by_role("region", name="Important")
    site.call("send", "system", [person], title="Disk full", level="critical")
    expect(section.get_by_role("button", name=re.compile("Disk full"))).to_be_visible()
    comment("one")
    page.leave_list()
    page.shows("one", "Disk full")
    section.get_by_role("button", name=re.compile("Disk full")).click()
    expect(section).to_be_hidden()
    page.counts("All", "1")


@pytest.mark.parametrize("address", ["?view=archived", "?type=system"])
def test_what_is_chosen_is_in_sight_on_a_phone(inbox: OpenInbox, address: str) -> None:
    """Views and types are one row each, which is wider than the window."""
    page = inbox(f"/inbox/{address}", viewport=PHONE).page
    for row in page.locator(".rd-views, .rd-types").all():
        chosen = row.locator("[aria-current]").bounding_box()
        assert chosen is not None
        assert 0 <= chosen["x"] <= PHONE["width"] - chosen["width"]
    tops = page.locator(".rd-views a").evaluate_all("links => links.map((link) => link.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
