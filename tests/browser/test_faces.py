"""Faces in the bell, in toasts and on the inbox page: pictures that move nothing, and initials where there are none."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import FACES_AND_UNSEEN, Browse
from tests.conftest import StartSite
from tests.servers import Site


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(**FACES_AND_UNSEEN)


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes", url="/people/")
    return browse(site, person).new_page()


def test_the_bell_shows_pictures(page: Page) -> None:
    page.goto("/people/")
    bell = Bell(page).live().open()
    image = bell.row("Tea").locator("img")
    expect(image).to_have_attribute("alt", "")
    expect(image).to_have_attribute("loading", "lazy")
    page.wait_for_function("(image) => image.complete && image.naturalWidth", arg=image.element_handle())
    box = image.bounding_box()
    assert box
    assert box["width"] == box["height"] == 34


def test_the_inbox_page_shows_them_and_leads_to_the_person(page: Page) -> None:
    page.goto("/inbox/")
    expect(page.locator(".rd-row img")).to_have_count(1)
    page.locator(".rd-face").click()
    page.wait_for_url("**/people/alice/")


def test_without_a_picture_there_are_initials_of_the_same_size(page: Page) -> None:
    page.goto("/inbox/")
    expect(page.locator(".rd-row img")).to_be_visible()
    before = page.locator(".rd-text").bounding_box()
    page.route("**/faces/*.svg", lambda route: route.abort())
    page.reload()
    expect(page.locator(".rd-initials")).to_have_text("A")
    assert page.locator(".rd-text").bounding_box() == before


def test_a_toast_shows_one(page: Page, site: Site, person: str) -> None:
    page.goto("/people/")
    bell = Bell(page).live()
    site.call("send", "follow", [person], actor="alice")
    bell.shows("2").news()
    expect(bell.page.locator("notification-bell .toast img")).to_have_count(1)
