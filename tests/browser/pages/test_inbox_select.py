"""/inbox/ in Chromium: selecting rows, and acting on all of them at once."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.bell import until
from tests.browser.conftest import Browse
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.spoken import Spoken, listen
from tests.servers import Site

Fill = Callable[[int], None]


class Selecting:
    """The checkboxes and the bar of the inbox page."""

    def __init__(self, inbox: InboxPage) -> None:
        self.inbox, self.page = inbox, inbox.page
        self.bar = self.page.get_by_role("toolbar", name="Selected notifications")
        self.every = self.bar.get_by_role("checkbox")
        self.matching = self.bar.locator("[data-matching]")
        self.boxes = self.page.locator(".rd-pick input")

    def box(self, text: str) -> Locator:
        return self.inbox.row(text).locator(".rd-pick input")

    def button(self, name: str) -> Locator:
        return self.bar.get_by_role("button", name=name, exact=True)

    def selects(self, *texts: str) -> None:
        """Exactly these rows."""
        expect(self.page.locator(".rd-pick :checked")).to_have_count(len(texts))
        for text in texts:
            expect(self.box(text)).to_be_checked()

    def says(self, text: str) -> None:
        expect(self.bar.locator("[data-chosen]")).to_have_text(text)


@pytest.fixture
def fill(site: Site, person: str) -> Fill:
    def send(count: int) -> None:
        for number in range(count):
            site.call("send", "system", [person], title=f"number {number:02}")

    return send


@pytest.fixture
def select(inbox: OpenInbox, fill: Fill) -> Callable[..., Selecting]:
    """With so many messages, of which the newest has the greatest number."""

    def start(count: int = 5, path: str = "/inbox/", **options: object) -> Selecting:
        fill(count)
        return Selecting(inbox(path, **options))

    return start


def test_rows_ranges_and_all_that_is_shown(select: Callable[..., Selecting]) -> None:
    it = select()
    it.says("Select all shown")
    expect(it.button("Archive")).to_be_hidden()
    it.page.get_by_role("checkbox", name="Select: number 03").click()
    it.says("1 selected")
    it.box("number 01").click(modifiers=["Shift"])
    it.selects("number 03", "number 02", "number 01")
    expect(it.every).to_have_js_property("indeterminate", True)
    it.box("number 02").click()
    it.box("number 04").click(modifiers=["Shift"])  # the range gets the state of the row that is clicked
    it.selects("number 01", "number 02", "number 03", "number 04")
    it.every.check()
    it.says("5 selected")
    expect(it.matching).to_be_hidden()  # there are no more
    it.every.uncheck()
    it.selects()
    it.box("number 02").focus()
    it.page.keyboard.press("Enter")  # it would press the first button of the form
    it.page.keyboard.press("Space")
    it.selects("number 02")
    it.page.keyboard.press("Escape")
    it.selects()
    expect(it.inbox.unread).to_have_count(5)


def test_it_survives_what_reads_the_list_again(select: Callable[..., Selecting], comment: Comment, site: Site) -> None:
    it = select(22)
    it.box("number 20").click()
    it.box("number 10").click()
    comment("new")
    it.inbox.pill.click()
    expect(it.inbox.row("new")).to_be_visible()
    it.selects("number 20", "number 10")
    it.page.get_by_text("Load older").click()
    expect(it.inbox.rows).to_have_count(23)
    it.selects("number 20", "number 10")
    it.inbox.act("number 20", "Archive")
    it.selects("number 10")
    it.says("1 selected")
    it.inbox.tab("System messages").click()
    expect(it.inbox.rows).to_have_count(20)
    it.selects()


@pytest.mark.parametrize("act", ["Mark as read", "Archive", "Star", "Delete"])
def test_an_act_on_some_and_its_undo(select: Callable[..., Selecting], act: str) -> None:
    it = select()
    it.box("number 03").click()
    it.box("number 01").click()
    it.button(act).click()
    said = {"Mark as read": "2 marked as read.", "Archive": "2 archived.", "Star": "2 starred.", "Delete": "2 deleted."}
    expect(it.inbox.toast).to_contain_text(said[act])
    it.selects()
    expect(it.inbox.rows).to_have_count(3 if act in ("Archive", "Delete") else 5)
    expect(it.inbox.unread).to_have_count(5 if act == "Star" else 3)
    it.inbox.toast.get_by_role("button", name="Undo").click()
    expect(it.inbox.toast).to_contain_text("Undone.")
    expect(it.inbox.rows).to_have_count(5)
    expect(it.inbox.unread).to_have_count(5)
    expect(it.page.locator(".rd-starred")).to_have_count(0)


def test_a_snooze_of_some(select: Callable[..., Selecting]) -> None:
    it = select()
    it.box("number 03").click()
    it.box("number 01").click(modifiers=["Shift"])
    it.button("Snooze").click()
    it.page.get_by_role("button", name="Next week").click()
    expect(it.inbox.toast).to_contain_text("3 snoozed.")
    it.inbox.shows("number 04", "number 00")
    it.inbox.view("Snoozed").click()
    expect(it.inbox.rows).to_have_count(3)
    it.every.check()
    expect(it.button("Mark as read")).to_have_count(0)
    it.button("Wake now").click()
    expect(it.inbox.toast).to_contain_text("3 back in the inbox.")
    expect(it.inbox.rows).to_have_count(0)


def test_a_thread_is_changed_whole(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    for text in ("one", "two", "three"):
        comment(text)
    site.call("send", "system", [person], title="Alone")
    it = Selecting(inbox("/inbox/?view=threads"))
    it.every.check()
    it.says("2 selected")
    it.button("Archive").click()
    expect(it.inbox.toast).to_contain_text("4 archived.")
    expect(it.inbox.rows).to_have_count(0)
    it.inbox.toast.get_by_role("button", name="Undo").click()
    expect(it.inbox.rows).to_have_count(2)
    it.inbox.counts("All", "4")


def test_all_that_match(select: Callable[..., Selecting], comment: Comment) -> None:
    """However many are on screen; and what has arrived since stays as it is."""
    it = select(25)
    it.every.check()
    it.says("20 selected")
    expect(it.matching).to_have_text("Select all 25 that match")
    it.matching.click()
    it.says("All 25 that match are selected")
    expect(it.every).to_be_focused()
    it.page.get_by_text("Load older").click()
    expect(it.page.locator(".rd-pick :checked")).to_have_count(25)
    comment("later")
    it.inbox.pill.click()
    expect(it.box("later")).not_to_be_checked()
    it.box("number 24").click()  # all but one are those on screen
    it.says("24 selected")
    it.box("number 24").click()
    it.says("25 selected")
    it.button("Archive").click()
    expect(it.inbox.toast).to_contain_text("25 archived.")
    it.inbox.shows("later")


def in_parts(page: Page, fails_at: int) -> list[str]:
    """Its acts change 5 items a request; the request with this number fails. Returns the tokens that were sent."""
    sent: list[str] = []

    def change(route: Route) -> None:
        body = route.request.post_data_json
        sent.append(body["act"])
        if len(sent) == fails_at:
            route.fulfill(status=503, json={"status": 503, "detail": "The server is busy."})
        else:
            route.continue_(post_data=json.dumps({**body, "limit": 5}))

    page.route(re.compile("/inbox/changes/"), change)
    return sent


def test_it_goes_on_after_a_failure(select: Callable[..., Selecting]) -> None:
    it = select(23)
    sent = in_parts(it.page, 3)
    it.every.check()
    it.matching.click()
    it.button("Delete").click()
    expect(it.inbox.toast).to_contain_text("10 deleted. The server is busy. Choose it again to go on.")
    it.says("All 23 that match are selected")
    it.button("Delete").click()
    expect(it.inbox.toast).to_contain_text("23 deleted.")
    assert len({*sent}) == 1, "it is one act"
    expect(it.inbox.empty).to_be_visible()
    it.inbox.toast.get_by_role("button", name="Undo").click()
    expect(it.inbox.rows).to_have_count(20)
    it.inbox.counts("All", "23")


def test_what_was_done_before_a_failure_can_be_undone(select: Callable[..., Selecting]) -> None:
    it = select(23)
    in_parts(it.page, 2)
    it.every.check()
    it.matching.click()
    it.button("Mark as read").click()
    expect(it.inbox.toast).to_contain_text("5 marked as read. The server is busy.")
    it.inbox.counts("All", "18")
    it.inbox.toast.get_by_role("button", name="Undo").click()
    it.inbox.counts("All", "23")


def test_progress_is_shown_and_nothing_else_begins(select: Callable[..., Selecting]) -> None:
    it = select(23)
    held: list[Route] = []
    it.page.route(re.compile("/inbox/changes/"), lambda route: held.append(route))
    it.every.check()
    it.matching.click()
    it.button("Star").click()
    it.says("0 of 23 …")
    expect(it.bar).to_have_attribute("aria-busy", "true")
    it.button("Delete").click(force=True)
    it.page.keyboard.press("Escape")
    assert len(held) == 1
    held[0].continue_()
    expect(it.inbox.toast).to_contain_text("23 starred.")
    expect(it.inbox.rows).to_have_count(20)


def test_a_count_that_is_refused_selects_what_is_shown(select: Callable[..., Selecting]) -> None:
    it = select(22)
    it.page.route("**/inbox/count/*", lambda route: route.fulfill(status=503, json={"status": 503, "detail": "Busy."}))
    with it.page.expect_response("**/inbox/count/*"):
        it.every.check()
    it.says("20 selected")
    expect(it.matching).to_be_hidden()
    it.button("Mark as read").click()
    expect(it.inbox.toast).to_contain_text("20 marked as read.")


def focused(page: Page) -> str:
    """What has the focus; "gone" if that is not on screen any more."""
    visible = "document.activeElement.checkVisibility({ visibilityProperty: true })"
    found: str = page.evaluate(f"{visible} ? document.activeElement.localName : 'gone'")
    return found


@pytest.mark.parametrize("way", ["keyboard", "mouse"])
def test_no_act_drops_the_focus(select: Callable[..., Selecting], way: str) -> None:
    it = select(7)

    def press(control: Locator, key: str = "Enter") -> None:
        if way == "mouse":
            control.click()
        else:
            control.focus()
            it.page.keyboard.press(key)

    def keeps_focus(said: str) -> None:
        expect(it.inbox.toast).to_contain_text(said)
        until(it.page, "document.querySelector('[data-list]').ariaBusy === 'false'")
        assert focused(it.page) not in ("body", "gone"), said

    undo = it.inbox.toast.get_by_role("button", name="Undo")
    said = {
        "Mark as read": "2 marked as read.",
        "Mark as unread": "2 marked as unread.",
        "Star": "2 starred.",
        "Archive": "2 archived.",
        "Delete": "2 deleted.",
    }
    for act, text in said.items():
        if act == "Mark as unread":
            it.page.get_by_role("button", name="Mark all as read").click()
            keeps_focus("marked as read.")
        press(it.box("number 05"), "Space")
        press(it.box("number 03"), "Space")
        press(it.button(act))
        keeps_focus(text)
        press(undo)
        keeps_focus("Undone.")
        expect(it.inbox.rows).to_have_count(7)
    press(it.every, "Space")
    press(it.button("Clear the selection"))
    assert focused(it.page) == "input"
    press(it.every, "Space")
    press(it.button("Delete"))
    keeps_focus("7 deleted.")
    expect(it.inbox.empty).to_be_visible()
    assert focused(it.page) not in ("body", "gone")


@pytest.mark.parametrize(("act", "said"), [("Archive", "2 archived."), ("Take off the star", "Stars taken off 2.")])
def test_an_act_on_starred_items_keeps_the_focus(select: Callable[..., Selecting], act: str, said: str) -> None:
    """The bar offers to star again as soon as nothing is selected."""
    it = select(4)
    for button, text in (("Star", "2 starred."), (act, said)):
        it.box("number 03").check()
        it.box("number 01").check()
        it.button(button).press("Enter")
        expect(it.inbox.toast).to_contain_text(text)
        assert focused(it.page) not in ("body", "gone"), text


@pytest.mark.parametrize("way", ["keyboard", "mouse"])
def test_mark_all_keeps_the_focus_and_can_be_undone(select: Callable[..., Selecting], way: str) -> None:
    it = select(3)
    it.inbox.mark_all.focus()
    if way == "mouse":
        it.inbox.mark_all.click()
    else:
        it.page.keyboard.press("Enter")
    expect(it.inbox.toast).to_contain_text("3 marked as read.")
    expect(it.inbox.mark_all).to_be_disabled()
    expect(it.inbox.mark_all).to_be_focused()
    it.inbox.toast.get_by_role("button", name="Undo").click()
    expect(it.inbox.unread).to_have_count(3)
    assert focused(it.page) not in ("body", "gone")


def test_an_act_on_many_is_said_once(browse: Browse, site: Site, person: str, fill: Fill) -> None:
    fill(4)
    page = listen(browse(site, person)).new_page()
    page.goto("/inbox/")
    until(page, "document.querySelector('notification-bell')?.state === 'live'")
    it, spoken = Selecting(InboxPage(page)), Spoken(page)
    it.every.check()
    spoken.forget()
    it.button("Mark as read").click()
    spoken.says("4 marked as read. Undo with Z.")
    spoken.forget()
    with page.expect_response("**/api/v1/inbox/undo/"):
        page.keyboard.press("z")
    expect(it.inbox.unread).to_have_count(4)
    spoken.says("Undone.")


def test_the_keys_of_an_act_are_for_all_that_is_selected(select: Callable[..., Selecting]) -> None:
    it = select()
    it.box("number 03").click()
    it.box("number 01").click()
    it.page.keyboard.press("s")
    expect(it.inbox.toast).to_contain_text("2 starred.")
    it.box("number 03").click()
    it.page.keyboard.press("s")
    expect(it.inbox.toast).to_contain_text("Star taken off 1.")
    expect(it.page.locator(".rd-starred")).to_have_count(1)


def test_the_arrows_move_in_the_bar(select: Callable[..., Selecting]) -> None:
    it = select(2)
    it.every.check()
    it.every.focus()
    it.page.keyboard.press("ArrowRight")
    expect(it.button("Mark as read")).to_be_focused()
    it.page.keyboard.press("ArrowLeft")
    it.page.keyboard.press("ArrowLeft")
    expect(it.button("Clear the selection")).to_be_focused()
