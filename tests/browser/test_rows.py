"""A row means the same in the bell's panel and on the inbox page: each test runs on both."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, newcomer
from tests.browser.pages.inbox_page import InboxPage, named
from tests.conftest import StartSite
from tests.servers import Site

LONG = "A sentence that is one of many. " * 30
WRITES = re.compile(r"/api/v1/inbox/(?!seen/|events/)")


@dataclass(frozen=True)
class Rows:
    """The rows of either, and what says what was done."""

    page: Page
    rows: Locator
    said: Locator
    undo: Locator
    list: Locator

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def title(self, text: str) -> Locator:
        return self.row(text).locator(".rd-title")

    def button(self, text: str, label: str) -> Locator:
        return self.row(text).get_by_role("button", name=named(label))

    def act(self, text: str, label: str) -> None:
        self.row(text).hover()
        self.button(text, label).click()

    def unread(self, *texts: str) -> None:
        """Exactly these are unread."""
        unread = self.rows.and_(self.page.locator(".rd-unread"))
        expect(unread).to_have_count(len(texts))
        for text in texts:
            expect(unread.filter(has_text=text)).to_have_count(1)

    def focused(self, text: str) -> None:
        """The focus is in the row of that text."""
        expect(self.row(text).locator(":focus")).to_have_count(1)


def in_the_panel(page: Page) -> Rows:
    page.goto("/people/?start")
    bell = Bell(page).live().open()
    undo = bell.panel.get_by_role("button", name="Undo")
    return Rows(page, bell.rows, bell.panel.get_by_role("status"), undo, bell.panel.locator(".rd-list"))


def on_the_page(page: Page) -> Rows:
    page.goto("/inbox/?view=threads")
    inbox = InboxPage(page)
    return Rows(page, inbox.rows, inbox.toast, inbox.toast.get_by_role("button", name="Undo"), page.locator(".rd-list"))


@pytest.fixture(params=[in_the_panel, on_the_page], ids=["panel", "page"])
def place(request: pytest.FixtureRequest) -> Callable[[Page], Rows]:
    found: Callable[[Page], Rows] = request.param
    return found


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    for title, more in (
        ("Older", {"url": "/people/?older"}),
        ("Linked", {"url": "/people/?linked"}),
        ("Plain", {"body": LONG}),
        ("Newest", {"url": "/people/?newest"}),
    ):
        site.call("send", "system", [person], title=title, **more)
    return browse(site, person).new_page()


@pytest.fixture
def rows(page: Page, place: Callable[[Page], Rows]) -> Rows:
    rows = place(page)
    expect(rows.rows).to_have_count(4)
    return rows


ALL = ("Older", "Linked", "Plain", "Newest")


def writes(page: Page) -> list[Request]:
    """What the page writes to the inbox from now on."""
    sent: list[Request] = []
    page.on("request", lambda each: sent.append(each) if each.method != "GET" and WRITES.search(each.url) else None)
    return sent


def test_a_click_reads_and_follows_the_link(rows: Rows, place: Callable[[Page], Rows]) -> None:
    rows.title("Linked").click()
    rows.page.wait_for_url("**/people/?linked")
    place(rows.page).unread("Older", "Plain", "Newest")


def test_enter_is_a_click(rows: Rows, place: Callable[[Page], Rows]) -> None:
    rows.title("Linked").press("Enter")
    rows.page.wait_for_url("**/people/?linked")
    place(rows.page).unread("Older", "Plain", "Newest")


ELSEWHERE: dict[str, Callable[[Locator], None]] = {
    "middle": lambda title: title.click(button="middle"),
    "ctrl": lambda title: title.click(modifiers=["ControlOrMeta"]),
    "shift": lambda title: title.click(modifiers=["Shift"]),
    "ctrl-enter": lambda title: title.press("ControlOrMeta+Enter"),
}


@pytest.mark.parametrize("how", ELSEWHERE)
def test_what_is_opened_elsewhere_is_read_here(rows: Rows, how: str) -> None:
    with rows.page.context.expect_page() as opened:
        ELSEWHERE[how](rows.title("Linked"))
    opened.value.wait_for_url("**/people/?linked")
    opened.value.close()
    rows.unread("Older", "Plain", "Newest")
    assert "linked" not in rows.page.url


def test_the_right_button_does_nothing(rows: Rows) -> None:
    sent = writes(rows.page)
    rows.title("Linked").click(button="right")
    rows.title("Plain").click(button="right")
    rows.unread(*ALL)
    assert sent == []


def test_the_middle_button_acts_on_links_only(rows: Rows) -> None:
    sent = writes(rows.page)
    rows.title("Plain").click(button="middle")
    rows.row("Linked").hover()
    rows.button("Linked", "Archive").click(button="middle")
    expect(rows.rows).to_have_count(4)
    rows.unread(*ALL)
    assert sent == []


def test_a_long_text_is_folded(rows: Rows) -> None:
    """By its own button, and by the title of what leads nowhere; a short one has no button."""
    expect(rows.button("Linked", "Show more")).to_have_count(0)
    body = rows.row("Plain").locator(".rd-body")
    more, less = (rows.row("Plain").get_by_role("button", name=named(name)) for name in ("Show more", "Show less"))
    expect(more).to_have_attribute("aria-expanded", "false")
    folded = body.evaluate("body => body.offsetHeight")
    more.focus()
    rows.page.keyboard.press("Enter")
    expect(less).to_have_attribute("aria-expanded", "true")
    expect(less).to_be_focused()
    assert body.evaluate("body => body.offsetHeight") > folded
    rows.unread(*ALL)  # to unfold is not to open
    rows.page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "false")
    assert body.evaluate("body => body.offsetHeight") == folded
    rows.title("Plain").click(position={"x": 2, "y": 2})
    expect(less).to_have_attribute("aria-expanded", "true")
    rows.unread("Older", "Linked", "Newest")


def test_the_button_of_a_fold_goes_where_all_of_it_is_shown(rows: Rows) -> None:
    rows.row("Plain").locator(".rd-body").evaluate("body => { body.textContent = 'Short'; }")
    expect(rows.row("Plain").locator(".rd-fold")).to_be_hidden()


ACTS = {"Archive": "Archived.", "Delete": "Deleted."}


@pytest.mark.parametrize("label", ACTS)
def test_what_takes_a_row_away_is_undone(rows: Rows, label: str) -> None:
    """By keyboard: the focus goes to the next row, and comes back with the item."""
    rows.button("Linked", label).focus()
    rows.page.keyboard.press("Enter")
    expect(rows.row("Linked")).to_have_count(0)
    expect(rows.said).to_contain_text(ACTS[label])
    rows.focused("Older")
    rows.page.keyboard.press("z")
    expect(rows.rows).to_have_count(4)
    rows.focused("Linked")
    rows.unread(*ALL)


def test_marks_and_stars_are_undone(rows: Rows) -> None:
    rows.act("Linked", "Mark as read")
    rows.unread("Older", "Plain", "Newest")
    expect(rows.said).to_contain_text("Marked as read.")
    rows.undo.click()
    rows.unread(*ALL)
    rows.act("Plain", "Star")
    expect(rows.row("Plain")).to_have_class(re.compile("rd-starred"))
    expect(rows.said).to_contain_text("Starred.")
    rows.undo.click()
    expect(rows.row("Plain")).not_to_have_class(re.compile("rd-starred"))


def test_a_snooze_is_undone(rows: Rows) -> None:
    rows.act("Linked", "Snooze")
    dialog = rows.page.get_by_role("dialog", name="Snooze until")
    expect(dialog).to_be_visible()
    rows.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    rows.focused("Linked")
    rows.act("Linked", "Snooze")
    dialog.get_by_role("button", name="Tomorrow morning").click()
    expect(rows.row("Linked")).to_have_count(0)
    expect(rows.said).to_contain_text("Snoozed.")
    rows.undo.click()
    expect(rows.rows).to_have_count(4)


def test_a_write_that_fails_puts_the_row_back(rows: Rows) -> None:
    rows.page.route(WRITES, lambda each: each.continue_() if each.request.method == "GET" else each.fulfill(status=500))
    rows.act("Linked", "Archive")
    expect(rows.page.get_by_text("“Linked” was not archived").and_(rows.page.locator(":visible")).first).to_be_visible()
    expect(rows.row("Linked")).to_be_visible()
    rows.unread(*ALL)


def test_a_click_after_an_undo_is_not_too_late(
    browse: Browse, shared_site: StartSite, place: Callable[[Page], Rows]
) -> None:
    """What the undo has made newer is what the row shows, although the list was not read since."""
    site = shared_site(server=["uvicorn"])  # a broadcast advances everybody's version, and other tests send small ones
    person = newcomer(site)
    text = f"To {person} and all others"
    broadcast = site.call("broadcast", text)
    try:
        rows = place(browse(site, person).new_page())
        expect(rows.row(text)).to_be_visible()
        rows.act(text, "Mark as read")
        expect(rows.undo).to_be_visible()
        rows.page.route(re.compile(r"/api/v1/inbox/(threads/)?\?"), lambda each: each.abort())  # the list is not read
        with rows.page.expect_response("**/inbox/undo/"):
            rows.undo.click()
        with rows.page.expect_response(lambda each: each.request.method == "PATCH") as written:
            rows.act(text, "Archive")
        assert written.value.status == 200
    finally:
        site.call("withdraw", broadcast)


@pytest.fixture
def thread(page: Page, site: Site, person: str, place: Callable[[Page], Rows]) -> Rows:
    """Of 23 comments, newest of all."""
    for number in range(23):
        site.call(
            "send", "comment", [person], actor="alice", target_title="Tea", excerpt=f"no. {number}", url="/posts/"
        )
    rows = place(page)
    expect(rows.row("23 notifications")).to_be_visible()
    return rows


def test_a_thread_unfolds_in_place(thread: Rows) -> None:
    title, parts = thread.title("23 notifications"), thread.row("23 notifications").locator(".rd-part")
    expect(title).to_have_attribute("aria-expanded", "false")
    title.press("Enter")
    expect(title).to_have_attribute("aria-expanded", "true")
    expect(parts).to_have_count(20)
    expect(parts.first).to_contain_text("no. 22")
    thread.row("23 notifications").get_by_role("button", name="Load older").click()
    expect(parts).to_have_count(23)
    with thread.page.context.expect_page() as opened:
        parts.first.get_by_role("link").click(button="middle")
    opened.value.close()
    expect(thread.row("22 unread")).to_be_visible()
    expect(parts).to_have_count(23)
    title.press("Enter")
    expect(parts).to_have_count(0)


def test_a_thread_that_is_opened_elsewhere_stays_unread(thread: Rows) -> None:
    sent = writes(thread.page)
    with thread.page.context.expect_page() as opened:
        thread.title("23 notifications").click(button="middle")
    opened.value.wait_for_url("**/inbox/?thread=*")
    opened.value.close()
    expect(thread.row("23 unread")).to_be_visible()
    assert sent == []


def test_what_is_done_to_a_thread_is_done_to_all_of_it(thread: Rows) -> None:
    thread.act("23 notifications", "Archive")
    expect(thread.row("23 notifications")).to_have_count(0)
    expect(thread.said).to_contain_text("23 archived.")
    thread.undo.click()
    expect(thread.row("23 unread")).to_be_visible()


def test_all_of_it_fits_into_the_list(rows: Rows) -> None:
    """With acts shown, a text unfolded: nothing is wider than the list."""
    rows.row("Plain").hover()
    rows.row("Plain").get_by_role("button", name="Show more").click()
    width = "(list) => list.scrollWidth - list.clientWidth"
    assert rows.list.evaluate(width) <= 0
