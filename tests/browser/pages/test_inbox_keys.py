"""The keys of /inbox/: one stop of the Tab key for all rows, arrows inside, characters anywhere, a dialog of them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

# As the keyboard of this layout has it: what it writes, and where it is.
PRESS = """([key, code, given]) => document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', {key, code, bubbles: true, cancelable: true, composed: true, ...given}))"""
STOPS = """[...document.querySelectorAll('#rd-form ul :is(a[href], button, input)')].filter(
  (one) => one.tabIndex >= 0 && one.getClientRects().length).length"""
HERE = "document.activeElement.dataset.act ?? document.activeElement.localName"


@pytest.fixture
def three(inbox: OpenInbox, comment: Comment) -> InboxPage:
    for text in ("three", "two", "one"):
        comment(text)
    return inbox()


def press(page: InboxPage, *keys: str) -> None:
    for key in keys:
        page.page.keyboard.press(key)


def typed(page: InboxPage, key: str, code: str, **given: bool) -> None:
    page.page.evaluate(PRESS, [key, code, given])


def test_tab_stops_once_at_the_list(three: InboxPage) -> None:
    three.page.locator("[data-every]").focus()
    press(three, "Tab")
    assert "one" in three.focused_row()
    press(three, "Tab")
    assert three.focused_row() == ""
    press(three, "Shift+Tab", "ArrowDown", "Tab", "Shift+Tab")
    assert "two" in three.focused_row()  # where one has been
    assert three.page.evaluate(STOPS) == 1


def test_the_first_stop_of_the_page_leads_there(three: InboxPage) -> None:
    entries = three.page.evaluate("history.length")
    press(three, "Tab", "Enter")
    assert "one" in three.focused_row()
    assert three.page.evaluate("history.length") == entries
    three.shows("one", "two", "three")


def test_a_stop_stays_when_its_row_goes(three: InboxPage) -> None:
    three.row("two").get_by_role("link").focus()
    three.act("two", "Archive")
    three.shows("one", "three")
    three.page.locator("[data-every]").focus()
    press(three, "Tab")
    assert "three" in three.focused_row()
    assert three.page.evaluate(STOPS) == 1


@pytest.mark.parametrize("right_to_left", [False, True])
def test_arrows_move_among_the_controls_of_a_row(three: InboxPage, right_to_left: bool) -> None:
    onward, back = ("ArrowLeft", "ArrowRight") if right_to_left else ("ArrowRight", "ArrowLeft")
    if right_to_left:
        three.page.evaluate("document.documentElement.dir = 'rtl'")
    three.row("one").get_by_role("link").focus()
    press(three, onward, onward)
    assert three.page.evaluate(HERE) == "snooze"
    press(three, "ArrowDown")  # the same one of the next row
    assert (three.page.evaluate(HERE), "two" in three.focused_row()) == ("snooze", True)
    assert three.page.evaluate(STOPS) == 1
    press(three, back, back)
    assert three.page.evaluate(HERE) == "open"
    press(three, "End", "Home", "ArrowUp")
    assert "one" in three.focused_row()


def test_characters_act_anywhere_on_the_page(three: InboxPage) -> None:
    press(three, "e")  # nothing shows which row that is for: it shows it, and does nothing
    assert "one" in three.focused_row()
    press(three, "j")
    three.mark_all.focus()
    expect(three.row("two")).to_have_class(re.compile("rd-current"))
    press(three, "e")
    three.shows("one", "three")
    press(three, "z")
    three.shows("one", "two", "three")
    press(three, "j", "u")
    expect(three.row("three")).not_to_have_class(re.compile("rd-unread"))
    press(three, "s")
    expect(three.row("three")).to_have_class(re.compile("rd-starred"))
    press(three, "k", "o")
    three.page.wait_for_url("**/people/")


def test_they_are_text_in_fields(three: InboxPage) -> None:
    press(three, "/", "e", "u", "?")
    field = three.page.get_by_role("searchbox")
    expect(field).to_be_focused()
    expect(field).to_have_value("eu?")
    press(three, "Control+a", "t", "w", "o", "Enter")
    three.shows("two")
    press(three, "ArrowDown", "e")
    expect(three.rows).to_have_count(0)


def test_modifiers_belong_to_the_browser(three: InboxPage) -> None:
    three.row("one").get_by_role("link").focus()
    for given in ("ctrlKey", "metaKey", "altKey", "shiftKey", "isComposing"):
        typed(three, "e", "KeyE", **{given: True})
    assert three.page.evaluate(HERE) == "open"
    three.shows("one", "two", "three")


def test_a_key_that_is_held_down_archives_one(three: InboxPage) -> None:
    three.row("one").get_by_role("link").focus()
    keyboard = three.page.keyboard
    for _repeated in range(3):
        keyboard.down("e")
    keyboard.up("e")
    three.shows("two", "three")
    press(three, "End", "Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    assert three.page.evaluate(HERE) == "archive"
    for _repeated in range(3):
        keyboard.down("Enter")
    keyboard.up("Enter")
    three.shows("three")
    keyboard.down("k")
    keyboard.down("k")  # moves are repeated
    keyboard.up("k")
    assert "three" in three.focused_row()


@pytest.mark.parametrize(
    ("key", "code", "acts"),
    [
        ("E", "KeyE", True),  # Caps Lock
        ("ث", "KeyE", True),  # Arabic: no Latin letter is on any key
        ("у", "KeyE", True),  # Russian
        ("e", "KeyD", True),  # Dvorak: what is written on the key
        ("ğ", "KeyE", False),  # Turkish F: a Latin letter of its own
        (".", "KeyE", False),
    ],
)
def test_layouts(three: InboxPage, key: str, code: str, acts: bool) -> None:
    three.row("one").get_by_role("link").focus()
    typed(three, key, code)
    three.shows(*(("two", "three") if acts else ("one", "two", "three")))


@pytest.mark.parametrize(
    ("key", "code", "given"), [("؟", "Slash", {"shiftKey": True}), ("？", "Slash", {}), ("?", "Minus", {})]
)
def test_question_marks(three: InboxPage, key: str, code: str, given: dict[str, bool]) -> None:
    typed(three, key, code, **given)
    expect(three.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_the_items_of_a_thread_and_the_important_ones_are_rows(
    inbox: OpenInbox, comment: Comment, site: Site, person: str
) -> None:
    comment("one")
    comment("two")
    site.call("send", "system", [person], title="Fire drill", level="critical", url="/posts/")
    page = inbox()
    press(page, "j")
    assert page.page.evaluate("document.activeElement.closest('.rd-important') !== null")
    press(page, "u")
    expect(page.page.locator(".rd-important")).to_be_hidden()
    expect(page.row("Fire drill")).not_to_have_class(re.compile("rd-unread"))
    assert page.focused_row() != ""  # the next one, as it is the first row now
    page.view("Threads").click()
    expect(page.page.locator(".rd-size")).to_be_visible()
    page.row("2 notifications").locator("[data-act=open]").focus()
    press(page, "o")
    expect(page.page.locator(".rd-part")).to_have_count(2)
    press(page, "j", "j")
    here = page.page.evaluate("document.activeElement.closest('.rd-part').innerText")
    assert "one" in here
    press(page, "e")
    expect(page.page.locator(".rd-part")).to_have_count(1)
    expect(page.toast).to_contain_text("Archived.")


def test_selecting(three: InboxPage) -> None:
    picked = three.page.locator(".rd-pick :checked")
    press(three, "*")
    expect(picked).to_have_count(3)
    press(three, "*")
    expect(picked).to_have_count(0)
    press(three, "j", "x", "j", "j", "Shift+X")
    expect(picked).to_have_count(3)
    press(three, "k", "x")
    expect(picked).to_have_count(2)
    press(three, "e")
    three.shows("two")
    assert "two" in three.focused_row()
    press(three, "z")
    three.shows("one", "two", "three")
    press(three, "ArrowLeft", "ArrowDown")
    assert three.page.evaluate("document.activeElement.type") == "checkbox"


def test_all_that_match_is_waited_for(inbox: OpenInbox, comment: Comment, site: Site, person: str) -> None:
    """Who knows the keys is faster than the count of what matches."""
    for number in range(25):
        comment(f"number {number}")
    page = inbox()
    press(page, "*", "*", "e")
    expect(page.rows).to_have_count(0)
    expect(page.toast).to_contain_text("25")
    assert site.call("snapshot", person)["unread"] == 0


def test_back_puts_the_focus_nowhere_for_a_mouse(three: InboxPage) -> None:
    three.row("two").get_by_role("link").click()
    three.page.wait_for_url("**/people/")
    three.page.go_back()
    expect(three.unread).to_have_count(2)
    assert three.focused_row() == ""


def test_back_leads_to_the_row_that_was_opened(three: InboxPage) -> None:
    press(three, "j", "j", "o")
    three.page.wait_for_url("**/people/")
    three.page.go_back()
    expect(three.row("two").get_by_role("link")).to_be_focused()
    press(three, "e")
    three.shows("one", "three")


def test_the_dialog_lists_the_keys_and_switches_characters_off(three: InboxPage, inbox: OpenInbox) -> None:
    press(three, "j", "?")
    dialog = three.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    assert axe.violations(three.page) == []
    press(three, "e", "j")  # not from here
    switch = dialog.get_by_role("switch")
    expect(switch).to_be_checked()
    with three.page.expect_response("**/preferences/") as answered:
        switch.press("Space")
    assert answered.value.ok
    press(three, "Escape")
    expect(dialog).to_be_hidden()
    assert "one" in three.focused_row()
    press(three, "e", "z", "?", "/")
    three.shows("one", "two", "three")
    press(three, "ArrowDown", "Delete")  # no characters
    three.shows("one", "three")
    again = inbox()
    press(again, "j", "?")
    assert again.focused_row() == ""
    again.page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(again.page.get_by_role("switch")).not_to_be_checked()


def test_a_choice_that_is_not_kept_is_not_shown(three: InboxPage) -> None:
    three.page.route("**/preferences/", lambda route: route.abort())
    press(three, "?")
    three.page.get_by_role("switch").press("Space")
    expect(three.page.get_by_role("dialog").get_by_role("alert")).not_to_be_empty()
    expect(three.page.get_by_role("switch")).to_be_checked()


def test_the_dialog_needs_the_network_once(three: InboxPage) -> None:
    three.page.route("**/key-help*.js", lambda route: route.abort())
    press(three, "?")
    expect(three.toast).to_contain_text("That didn’t work.")
    three.page.unroute("**/key-help*.js")
