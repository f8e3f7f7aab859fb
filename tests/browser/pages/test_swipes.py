"""Swipes on the rows of the inbox page, by the touches of a phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.bell import until
from tests.browser.looks import PHONE
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.browser.pages.inbox_page import InboxPage

TOUCH: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
LOADED = "performance.getEntriesByType('resource').some(({name}) => name.includes('swipe'))"


class Finger:
    """On the screen of a page."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    @contextmanager
    def down(self, x: float, y: float) -> Iterator[None]:
        self.x, self.y = x, y
        self._touch("touchStart", (x, y))
        yield
        self._touch("touchEnd")

    def move(self, across: float, down: float = 0) -> None:
        """In steps, as a finger does."""
        for _step in range(8):
            self.x, self.y = self.x + across / 8, self.y + down / 8
            self._touch("touchMove", (self.x, self.y))


def middle(row: Locator) -> tuple[float, float]:
    box = row.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 30)


def swipe(page: InboxPage, text: str, *ways: float) -> None:
    finger = Finger(page.page)
    with finger.down(*middle(page.row(text))):
        for way in ways:
            finger.move(way)


def ready(page: InboxPage) -> InboxPage:
    until(page.page, LOADED)
    expect(page.page.locator("[data-swipes]")).to_have_count(1)
    return page


@pytest.fixture
def phone(inbox: OpenInbox, comment: Comment) -> InboxPage:
    comment("one")
    comment("two")
    page = inbox(**TOUCH)
    return ready(page)


def test_from_the_start_to_the_end_reads(phone: InboxPage) -> None:
    """And again: unread. With undo."""
    for label, unread in [("Marked as read.", 1), ("Marked as unread.", 2)]:
        swipe(phone, "one", 170)
        expect(phone.unread).to_have_count(unread)
        expect(phone.toast).to_contain_text(label)
    phone.toast.get_by_role("button", name="Undo").click()
    expect(phone.unread).to_have_count(1)
    phone.shows("two", "one")


def test_from_the_end_to_the_start_archives(phone: InboxPage) -> None:
    swipe(phone, "one", -170)
    phone.shows("two")
    expect(phone.toast).to_contain_text("Archived.")
    phone.toast.get_by_role("button", name="Undo").click()
    phone.shows("two", "one")
    phone.page.reload()
    InboxPage(phone.page).shows("two", "one")


def test_in_scripts_from_right_to_left_it_is_mirrored(phone: InboxPage) -> None:
    phone.page.evaluate("document.documentElement.dir = 'rtl'")
    swipe(phone, "one", -170)
    expect(phone.unread).to_have_count(1)
    swipe(phone, "two", 170)
    phone.shows("one")


@pytest.mark.parametrize("ways", [(170, -150), (60,), (-60,), (-170, 150)], ids=str)
def test_moving_back_or_a_little_does_nothing(phone: InboxPage, ways: tuple[float, ...]) -> None:
    swipe(phone, "one", *ways)
    expect(phone.page.locator(".rd-swipe")).to_have_count(0)
    expect(phone.unread).to_have_count(2)
    expect(phone.toast).to_be_hidden()


def test_what_letting_go_will_do_is_shown(phone: InboxPage) -> None:
    row, finger = phone.row("one"), Finger(phone.page)
    before = row.bounding_box()
    assert before
    with finger.down(*middle(row)):
        finger.move(60)
        label = row.locator(".rd-swipe")
        expect(label).to_have_text("Mark as read")
        expect(label).not_to_have_attribute("data-done", "")
        finger.move(110)
        expect(label).to_have_attribute("data-done", "")
        expect(label.locator("svg")).to_be_visible()
        now, shown = row.bounding_box(), label.bounding_box()
        assert now
        assert shown
        assert now["x"] > before["x"] + 60
        assert shown["x"] + shown["width"] == pytest.approx(now["x"], abs=1)  # beside the row, and not over its words
        assert phone.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        finger.move(-300)
        expect(label).to_have_text("Archive")
        assert phone.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        finger.move(130)
    expect(phone.unread).to_have_count(2)
    expect(phone.rows).to_have_count(2)


@pytest.mark.parametrize("x", [5, PHONE["width"] - 5])
def test_from_the_edge_of_the_screen_it_is_the_system_s(phone: InboxPage, x: float) -> None:
    finger = Finger(phone.page)
    with finger.down(x, middle(phone.row("one"))[1]):
        finger.move(200 if x < 100 else -200)
    expect(phone.page.locator(".rd-swiped")).to_have_count(0)
    phone.shows("two", "one")
    expect(phone.unread).to_have_count(2)


def test_scrolling_is_the_browser_s(inbox: OpenInbox, comment: Comment) -> None:
    """Also if the finger goes sideways later."""
    for number in range(20):
        comment(f"number {number:02}")
    page = ready(inbox(**TOUCH))
    finger = Finger(page.page)
    with finger.down(*middle(page.row("number 14"))):
        finger.move(4, -160)
        finger.move(200, -20)
    until(page.page, "scrollY > 60")
    expect(page.unread).to_have_count(20)
    expect(page.page.locator(".rd-swiped")).to_have_count(0)


def test_a_second_finger_ends_it(phone: InboxPage) -> None:
    row, finger = phone.row("one"), Finger(phone.page)
    x, y = middle(row)
    with finger.down(x, y):
        finger.move(170)
        finger._touch("touchStart", (finger.x, y), (x, y + 40))
        finger._touch("touchMove", (finger.x + 5, y), (x, y + 90))
    expect(phone.page.locator(".rd-swipe")).to_have_count(0)
    expect(phone.unread).to_have_count(2)


def test_a_mouse_does_not_load_it(inbox: OpenInbox, comment: Comment) -> None:
    comment("one")
    page = inbox()
    page.page.wait_for_load_state("networkidle")
    expect(page.page.locator("[data-swipes]")).to_have_count(0)
    assert page.page.evaluate(LOADED) is False
