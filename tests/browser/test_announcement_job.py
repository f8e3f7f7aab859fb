"""The whole job of an administrator in the real admin, counted in clicks and fields; its readers see each step."""

from secrets import token_hex

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.banners import Banners, visit
from tests.browser.bell import Bell
from tests.browser.conftest import Browse, newcomer
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site

MOST_CLICKS, MOST_FIELDS = 11, 10
TEXTS = {
    "Title:": "Maintenence",
    "Text:": "From {{time 2026-12-01T02:00 Europe/Berlin}} to **four**",
    "Title (Deutsch):": "Wartung",
    "Text (Deutsch):": "Von {{time 2026-12-01T02:00 Europe/Berlin}} bis **vier**",
    "Title (简体中文):": "维护",
    "Text (简体中文):": "{{time 2026-12-01T02:00 Europe/Berlin}} 到**四点**",
    "Link:": "/people/",
}
SEEN = {"en-GB": ("Maintenence", "four"), "de": ("Wartung", "vier"), "zh-CN": ("维护", "四点")}


class Author:
    """An administrator at the form of an announcement."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.fields = page, 0, 0

    def fill(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def back(self) -> None:
        """The button of the browser."""
        self.clicks += 1
        self.page.go_back()

    def decide(self, name: str) -> None:
        """The button of the form, and the one of the question that follows."""
        self.click(self.page.get_by_role("button", name=name, exact=True))
        self.click(self.page.get_by_role("dialog").get_by_role("button", name=name, exact=True))


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: a broadcast advances everybody's version, and other tests send small ones."""
    return shared_site(server=["uvicorn"])


@pytest.fixture
def group() -> str:
    return f"operations {token_hex(3)}"


@pytest.fixture
def readers(browse: Browse, site: Site, group: str) -> dict[str, Banners]:
    """In the audience: staff who reads English, a German in the group, a Chinese in both. By locale."""
    found = {}
    for locale in SEEN:
        name = newcomer(site)
        if locale != "de":
            site.call("user", name, is_staff=True)
        if locale != "en-GB":
            site.call("join", name, group)
        found[locale] = visit(browse(site, name, locale=locale))
        Bell(found[locale].page).live()
    return found


def test_maintenance_is_announced_corrected_and_taken_back(
    browse: Browse, site: Site, group: str, person: str, readers: dict[str, Banners]
) -> None:
    """One announcement for staff and a group, in three languages, as a banner and in the inbox."""
    other = visit(browse(site, person))
    Bell(other.page).live()
    author = Author(browse(site, "admin").new_page())
    page = author.page
    page.goto("/admin/inbox/broadcast/add/")
    for label, text in TEXTS.items():
        author.fill(label, text)
    author.click(page.get_by_role("radio", name="Several"))
    author.click(page.locator(".field-with_staff").get_by_label("Staff"))
    author.click(page.locator(".field-groups").get_by_label(group))
    author.click(page.get_by_label("As a banner on every page"))
    expect(page.frame_locator("[title=Preview]").locator("[data-place=banner]")).to_contain_text("Maintenence")
    try:
        author.decide("Publish")
        for locale, (title, word) in SEEN.items():
            expect(readers[locale].all).to_have_count(1)
            expect(readers[locale].all.locator("strong")).to_have_text(word)
            expect(readers[locale].all).to_contain_text(title)
            expect(Bell(readers[locale].page).badge).to_have_text("1")
        expect(Bell(other.page).badge).to_have_text("")
        readers["de"].page.goto("/inbox/")
        InboxPage(readers["de"].page).act("Wartung", "Als gelesen markieren")

        author.click(page.get_by_role("link", name="Effect"))
        expect(page.locator("[data-number=read]")).to_have_text("1")
        author.back()
        author.fill("Title:", "Maintenance")
        author.click(page.get_by_role("button", name="Save changes"))
        expect(readers["en-GB"].all).to_contain_text("Maintenance")
        expect(Bell(readers["de"].page).badge).to_have_text("")  # who had read it keeps it read
    finally:
        author.decide("Withdraw")
    for banners in readers.values():
        expect(banners.all.filter(visible=True)).to_have_count(0)
        expect(Bell(banners.page).badge).to_have_text("")
    expect(other.all.filter(visible=True)).to_have_count(0)
    print(f"clicks: {author.clicks}, fields: {author.fields}")
    assert author.clicks <= MOST_CLICKS
    assert author.fields <= MOST_FIELDS
