"""Buttons of items, in the panel and on the inbox page: a press reads the item, and the link opens in any case."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

BUTTONS = [{"label": "Approve", "url": "/people/"}, {"label": "Decline", "url": "/people/?no"}]
Place = Callable[[Page], Locator]


def in_the_bell(page: Page) -> Locator:
    page.goto("/people/?start")
    return Bell(page).live().open().page.locator("notification-bell li", has_text="Holidays")


def on_the_page(page: Page) -> Locator:
    page.goto("/inbox/")
    return InboxPage(page).row("Holidays")


PLACES = pytest.mark.parametrize("place", [in_the_bell, on_the_page])


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    site.call("send", "system", [person], title="Holidays", buttons=BUTTONS)
    return browse(site, person).new_page()


@PLACES
def test_a_press_reads_the_item_and_follows_the_link(page: Page, place: Place) -> None:
    row = place(page)
    expect(row.get_by_role("link", name="Decline")).to_be_visible()
    with page.expect_request(re.compile("/pressed/")) as sent:
        row.get_by_role("link", name="Decline").click()
    page.wait_for_url("**/people/?no")
    assert sent.value.post_data_json["button"] == 1
    expect(place(page).get_by_role("link", name="Decline (chosen)")).to_be_visible()


@PLACES
def test_a_press_that_cannot_be_noted_follows_the_link(page: Page, place: Place) -> None:
    page.route("**/pressed/", lambda route: route.abort())
    place(page).get_by_role("link", name="Approve").click()
    page.wait_for_url("**/people/")


@PLACES
def test_with_the_keyboard_in_a_new_tab(page: Page, place: Place) -> None:
    button = place(page).get_by_role("link", name="Approve")
    button.focus()
    with page.context.expect_page() as opened:
        page.keyboard.press("ControlOrMeta+Enter")
    opened.value.wait_for_url("**/people/")
    expect(page.get_by_role("link", name="Approve (chosen)")).to_be_focused()


@PLACES
def test_on_a_phone_nothing_overflows(page: Page, place: Place) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    row = place(page)
    for link in row.get_by_role("link", name=re.compile("Approve|Decline")).all():
        box = link.bounding_box()
        assert box
        assert 0 <= box["x"] <= 320 - box["width"]
        assert box["height"] >= 34
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
