"""The keys of the inbox page in the panel, while it has the focus."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser import axe
from tests.browser.bell import ELEMENT, Bell
from tests.browser.conftest import OpenBell
from tests.servers import Site, wait_for

Send = Callable[..., None]
STOPS = f"""[...{ELEMENT}.shadowRoot.querySelectorAll('.rd-list :is(a[href], button)')].filter(
  (one) => one.tabIndex >= 0 && one.getClientRects().length).length"""


@pytest.fixture
def send(site: Site, person: str) -> Send:
    def start(title: str, **fields: Any) -> None:
        site.call("send", "system", [person], title=title, **fields)

    return start


@pytest.fixture
def three(open_bell: OpenBell, send: Send) -> Bell:
    for title in ("Third", "Second", "First"):
        send(title, url=f"/people/?{title}")
    bell = open_bell().live().shows("3").open()
    expect(bell.rows).to_have_count(3)
    return bell


def press(bell: Bell, *keys: str) -> None:
    for key in keys:
        bell.page.keyboard.press(key)


def shows(bell: Bell, *titles: str) -> None:
    expect(bell.rows).to_have_count(len(titles))
    for row, title in zip(bell.rows.all(), titles, strict=True):
        expect(row).to_contain_text(title)


def test_rows_are_one_stop(three: Bell) -> None:
    three.mark_all.focus()
    press(three, "Tab")
    assert "First" in three.focused()
    press(three, "ArrowDown", "ArrowRight")
    assert three.page.evaluate(f"{ELEMENT}.shadowRoot.activeElement.dataset.act") == "star"
    assert three.page.evaluate(STOPS) == 1
    press(three, "Tab")
    assert "View all" in three.focused()
    press(three, "Escape", "Enter")
    three.mark_all.focus()
    press(three, "Tab")
    assert "First" in three.focused()  # it was opened again


def test_characters_act_on_rows(three: Bell) -> None:
    press(three, "e")  # it shows which row the next key is for
    expect(three.title("First")).to_be_focused()
    press(three, "j", "e")
    shows(three, "First", "Third")
    expect(three.title("Third")).to_be_focused()
    press(three, "z")
    shows(three, "Second", "First", "Third")  # it has returned
    expect(three.title("Second")).to_be_focused()
    press(three, "End", "u")
    expect(three.unread).to_have_count(2)
    three.shows("2")
    press(three, "x", "/", "*")  # of the page alone
    shows(three, "Second", "First", "Third")
    press(three, "End", "o")
    three.page.wait_for_url("**/people/?Third")


def test_they_are_for_the_panel_alone(three: Bell) -> None:
    three.page.goto("/inbox/")
    three.live().open()
    expect(three.rows).to_have_count(3)
    press(three, "j", "e")
    shows(three, "Second", "Third")
    assert three.page.locator("main .rd-row:focus-within").count() == 0


def test_the_dialog_switches_them_off(three: Bell) -> None:
    press(three, "j", "?")
    dialog = three.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading")).to_have_text(["Keyboard shortcuts", "Move", "Act"])
    expect(dialog.get_by_text("Search")).to_have_count(0)
    assert axe.violations(three.page) == []
    with three.page.expect_response("**/preferences/") as answered:
        dialog.get_by_role("switch").press("Space")
    assert answered.value.ok
    press(three, "e", "Escape")
    expect(dialog).to_be_hidden()
    expect(three.panel).to_be_visible()
    press(three, "e", "j")
    shows(three, "First", "Second", "Third")
    expect(three.title("First")).to_be_focused()
    press(three, "ArrowDown", "Delete")
    shows(three, "First", "Third")


def test_keys_wait_for_one_before_them(three: Bell) -> None:
    """Whether characters act is still to be told."""
    waiting: list[Route] = []
    three.page.route("**/api/v1/preferences/", lambda route: waiting.append(route))
    three.title("First").focus()
    press(three, "e", "ArrowDown")
    wait_for(lambda: three.page.title() and waiting)
    waiting[0].continue_()
    shows(three, "Second", "Third")
    expect(three.title("Third")).to_be_focused()


def test_a_key_is_for_no_row_that_the_user_goes_to_later(three: Bell) -> None:
    waiting: list[Route] = []
    three.page.route("**/api/v1/preferences/", lambda route: waiting.append(route))
    three.title("First").focus()
    press(three, "e")
    wait_for(lambda: three.page.title() and waiting)
    three.title("Third").focus()
    waiting[0].continue_()
    with three.page.expect_response(lambda response: "starred" in (response.request.post_data or "")):
        press(three, "s")
    shows(three, "First", "Second", "Third")
