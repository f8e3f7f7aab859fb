"""/inbox/ in Chromium without scripts: by links and buttons alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse
from tests.browser.looks import PHONE
from tests.browser.pages.conftest import Comment
from tests.browser.pages.inbox_page import named
from tests.servers import Site


class Plain:
    """The inbox of a person whose browser runs no scripts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator(".rd-row")
        self.unread = page.locator(".rd-row.rd-unread")
        self.toast = page.locator("[data-toast]")
        page.goto("/inbox/")

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def act(self, text: str, label: str) -> None:
        self.row(text).hover()
        self.row(text).get_by_role("button", name=named(label)).click()

    def view(self, name: str) -> None:
        self.page.locator(".rd-views, .rd-types").get_by_role(
            "link", name=re.compile(f"^{name}( \\d+ unread)?$")
        ).click()

    def undo(self) -> None:
        self.toast.get_by_role("button", name="Undo").click()

    def shows(self, *texts: str) -> None:
        expect(self.rows).to_have_count(len(texts))
        for row, text in zip(self.rows.all(), texts, strict=True):
            expect(row).to_contain_text(text)


@pytest.fixture
def plain(browse: Browse, site: Site, person: str, comment: Comment) -> Plain:
    """With three comments."""
    for text in ("green tea", "coffee", "black tea"):
        comment(text)
    return Plain(browse(site, person, java_script_enabled=False).new_page())


def test_marks_and_their_undo(plain: Plain) -> None:
    plain.shows("black tea", "coffee", "green tea")
    for label, said in [
        ("Mark as read", "Marked as read."),
        ("Star", "Starred."),
        ("Archive", "Archived."),
        ("Delete", "Deleted."),
    ]:
        plain.act("coffee", label)
        expect(plain.toast).to_contain_text(said)
        plain.undo()
        expect(plain.toast).to_contain_text("Undone.")
        plain.shows("black tea", "coffee", "green tea")
        expect(plain.unread).to_have_count(3)
        expect(plain.row("coffee")).not_to_have_class(re.compile("rd-starred"))


def test_views(plain: Plain) -> None:
    plain.act("coffee", "Star")
    plain.act("green tea", "Archive")
    plain.view("Starred")
    plain.shows("coffee")
    plain.act("coffee", "Star")
    expect(plain.page.get_by_text("Nothing is starred")).to_be_visible()
    plain.view("Archived")
    plain.shows("green tea")
    plain.act("green tea", "Move to inbox")
    expect(plain.page.get_by_text("The archive is empty")).to_be_visible()
    plain.view("System messages")
    expect(plain.page.get_by_text("Only “System messages” are shown.")).to_be_visible()
    plain.page.go_back()
    expect(plain.page).to_have_url(re.compile(r"\?view=archived\b"))


def test_a_search_and_mark_all(plain: Plain) -> None:
    field = plain.page.get_by_role("searchbox")
    field.fill("ALICE green")
    field.press("Enter")
    plain.shows("green tea")
    expect(field).to_have_value("ALICE green")
    plain.page.get_by_role("button", name="Mark all as read").click()
    expect(plain.toast).to_contain_text("1 marked as read.")
    plain.view("Unread")
    expect(plain.page.get_by_text("Nothing found")).to_be_visible()
    field.fill("")
    field.press("Enter")
    plain.shows("black tea", "coffee")
    expect(plain.page).to_have_url(re.compile("view=unread"))


def test_a_snooze(plain: Plain) -> None:
    plain.act("coffee", "Snooze")
    expect(plain.page.get_by_role("heading", name="Snooze")).to_be_visible()
    plain.page.get_by_label(re.compile("Next week")).check()
    plain.page.get_by_role("button", name="Snooze").click()
    expect(plain.toast).to_contain_text("Snoozed.")
    plain.shows("black tea", "green tea")
    plain.view("Snoozed")
    plain.act("coffee", "Wake now")
    expect(plain.toast).to_contain_text("Back in the inbox.")
    plain.view("Inbox")
    plain.shows("black tea", "coffee", "green tea")


def test_threads(plain: Plain, site: Site, person: str) -> None:
    site.call("send", "system", [person], title="Alone")
    plain.view("Threads")
    plain.shows("Alone", "3 notifications · 3 unread")
    plain.row("3 notifications").get_by_role("link").click()
    plain.shows("black tea", "coffee", "green tea")
    expect(plain.page.locator(".rd-views [aria-current]")).to_have_text("Threads")
    plain.act("coffee", "Mark as read")
    plain.view("Threads")
    plain.act("2 unread", "Archive")
    plain.shows("Alone")
    plain.undo()
    plain.shows("3 notifications · 2 unread", "Alone")  # what becomes unread has arrived again


def test_what_has_no_link_is_read_by_its_title(plain: Plain, site: Site, person: str) -> None:
    """Where there is one, it is followed, and the item stays unread: a GET writes nothing."""
    site.call("send", "system", [person], title="Disk full", level="critical")
    plain.page.reload()
    plain.page.get_by_role("region", name="Important").get_by_role("button").click()
    expect(plain.toast).to_contain_text("Marked as read.")
    expect(plain.unread).to_have_count(3)
    plain.row("coffee").get_by_role("link").click()
    expect(plain.page).to_have_url(re.compile("/people/$"))
    plain.page.go_back()
    expect(plain.unread).to_have_count(3)


def test_a_button_of_an_item_is_noted_and_followed(plain: Plain, site: Site, person: str) -> None:
    buttons = [{"label": "Go there", "url": "/people/", "labels": {}}]
    site.call("send", "system", [person], title="Asks", buttons=buttons)
    plain.page.reload()
    plain.row("Asks").get_by_role("button", name="Go there").click()
    expect(plain.page).to_have_url(re.compile("/people/$"))
    plain.page.go_back()
    expect(plain.row("Asks")).to_contain_text("Go there (chosen)")
    expect(plain.unread).to_have_count(3)


def test_older(plain: Plain, site: Site, person: str) -> None:
    for number in range(20):
        site.call("send", "system", [person], title=f"number {number:02}")
    plain.page.reload()
    expect(plain.rows).to_have_count(20)
    plain.page.get_by_role("link", name="Load older").click()
    plain.shows("black tea", "coffee", "green tea")
    plain.act("coffee", "Archive")
    plain.shows("black tea", "green tea")
    plain.page.get_by_role("link", name="Newest").click()
    expect(plain.rows).to_have_count(20)


def test_on_a_phone_nothing_has_to_unfold(browse: Browse, site: Site, person: str, comment: Comment) -> None:
    comment("coffee")
    plain = Plain(browse(site, person, java_script_enabled=False, viewport=PHONE, has_touch=True).new_page())
    plain.row("coffee").get_by_role("button", name="Archive").tap()
    expect(plain.toast).to_contain_text("Archived.")
    expect(plain.rows).to_have_count(0)


def test_where_the_script_is_blocked_the_forms_work(browse: Browse, site: Site, person: str, comment: Comment) -> None:
    comment("coffee")
    page = browse(site, person).new_page()
    page.route("**/*.js", lambda route: route.abort())
    plain = Plain(page)
    plain.act("coffee", "Archive")
    expect(plain.toast).to_contain_text("Archived.")
    plain.undo()
    plain.shows("coffee")


def test_rows_are_selected_and_changed_at_once(plain: Plain) -> None:
    bar = plain.page.get_by_role("toolbar", name="Selected notifications")
    for text in ("black tea", "green tea"):
        plain.row(text).get_by_role("checkbox").check()
    plain.page.keyboard.press("Enter")  # sends nothing
    bar.get_by_role("button", name="Archive").click()
    expect(plain.toast).to_contain_text("2 archived.")
    plain.shows("coffee")
    plain.undo()
    expect(plain.toast).to_contain_text("Undone.")
    plain.shows("black tea", "coffee", "green tea")
    plain.row("coffee").get_by_role("checkbox").check()
    bar.get_by_role("button", name="Snooze").click()
    plain.page.get_by_role("button", name="Snooze").click()
    expect(plain.toast).to_contain_text("1 snoozed.")
    bar.get_by_role("button", name="Mark as read").click()
    expect(plain.toast).to_contain_text("Nothing is selected.")


def test_all_that_match_are_changed_at_once(plain: Plain, site: Site, person: str) -> None:
    for number in range(20):
        site.call("send", "system", [person], title=f"number {number:02}")
    plain.page.reload()
    plain.page.get_by_role("checkbox", name="All that match, on later pages too").check()
    plain.page.get_by_role("toolbar").get_by_role("button", name="Mark as read").click()
    expect(plain.toast).to_contain_text("23 marked as read.")
    expect(plain.unread).to_have_count(0)


def test_where_the_script_is_blocked_rows_are_selected(
    browse: Browse, site: Site, person: str, comment: Comment
) -> None:
    comment("coffee")
    page = browse(site, person).new_page()
    page.route("**/*.js", lambda route: route.abort())
    plain = Plain(page)
    archive = page.get_by_role("toolbar").get_by_role("button", name="Archive")
    expect(archive).to_be_hidden()
    plain.row("coffee").get_by_role("checkbox").check()
    archive.click()
    expect(plain.toast).to_contain_text("1 archived.")
