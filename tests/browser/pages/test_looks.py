"""Every page of the site, light and dark, desktop and phone: axe finds nothing, nothing sticks out sideways."""

import re
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bell import until
from tests.browser.browsers import Browsers
from tests.conftest import StartSite
from tests.servers import Site

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
INBOX = ("/inbox/", "/inbox/?view=archived")
PAGES = ("/", "/?view=following", "/posts/1/", "/people/", "/people/alice/", *INBOX, "/inbox/preferences/")


@pytest.fixture(scope="module")
def told_site(shared_site: StartSite) -> Site:
    """One of its own, with the demo's posts, messages and broadcast, and the demo accounts on offer."""
    site = shared_site(DEBUG="1")
    site.call("django.core.management.call_command", "seed_demo", verbosity=0)
    site.call("sql", "INSERT INTO auth_group (name) VALUES ('Moderators'), ('Translators')")
    return site


LOOKS = [
    pytest.param(("desktop", "light"), id="desktop-light"),
    pytest.param(("phone", "dark"), id="phone-dark", marks=pytest.mark.soak),
    pytest.param(("desktop", "dark"), id="desktop-dark", marks=pytest.mark.soak),
    pytest.param(("phone", "light"), id="phone-light", marks=pytest.mark.soak),
]


@pytest.fixture(params=LOOKS)
def context(request: pytest.FixtureRequest, browsers: Browsers, told_site: Site) -> Iterator[BrowserContext]:
    size, scheme = request.param
    profile = browsers.take(told_site.url(""), {"color_scheme": scheme, **SIZES[size]})
    yield profile.context
    browsers.give_back(profile)


def sign_in(context: BrowserContext, site: Site, name: str = "bob") -> Page:
    context.add_cookies([{"name": key, "value": value, "url": site.url()} for key, value in site.cookies(name).items()])
    return context.new_page()


# Colours are final then; what breathes for ever is not waited for.
AT_REST = """document.getAnimations().every(
    (each) => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity)"""


def look_at(page: Page) -> None:
    page.wait_for_load_state()
    until(page, AT_REST)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"


def test_pages(context: BrowserContext, told_site: Site) -> None:
    page = sign_in(context, told_site)
    for path in PAGES:
        page.goto(path)
        if path in INBOX:
            expect(page.locator("[data-list]")).to_have_attribute("aria-busy", "false")
        look_at(page)


def test_administration(context: BrowserContext, told_site: Site) -> None:
    page = sign_in(context, told_site, "admin")
    for path in ("/admin/", "/admin/inbox/broadcast/", "/admin/inbox/commentmessage/", "/admin/inbox/mailbox/"):
        page.goto(path)
        expect(page.locator("notification-bell .badge")).to_have_text("3")
        look_at(page)
    page.goto("/admin/inbox/broadcast/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    look_at(page)


def test_writing_a_broadcast(context: BrowserContext, told_site: Site) -> None:
    page = sign_in(context, told_site, "admin")
    page.goto("/admin/inbox/broadcast/add/")
    expect(page.get_by_label("Moderators")).to_be_visible()
    look_at(page)
    page.get_by_label("Audience:").select_option("groups")
    page.get_by_label("Title").fill("Only for moderators")
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("Choose at least one group")).to_be_visible()
    look_at(page)


def test_open_menu(context: BrowserContext, told_site: Site) -> None:
    page = sign_in(context, told_site)
    page.goto("/")
    page.locator("summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    look_at(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_sign_in_and_its_error(context: BrowserContext, told_site: Site) -> None:
    page = context.new_page()
    page.goto("/accounts/login/")
    look_at(page)
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_at(page)


def test_inbox_at_work(context: BrowserContext, told_site: Site) -> None:
    """Focused row, toast and banner shown."""
    page = sign_in(context, told_site, "alice")
    page.goto("/inbox/")
    page.locator(".rd-title").first.focus()
    page.keyboard.press("e")
    page.keyboard.press("z")
    page.keyboard.press("e")
    context.set_offline(True)
    expect(page.locator("[data-toast]")).to_be_visible()
    expect(page.locator("[data-banner]")).to_be_visible()
    look_at(page)


def test_making_a_token(context: BrowserContext, told_site: Site) -> None:
    page = sign_in(context, told_site, "admin")
    page.goto("/admin/inbox/servicetoken/add/")
    look_at(page)
    page.get_by_label("Name").fill(f"shop {token_hex(3)}")
    page.get_by_label("Send messages").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".inbox-token")).to_have_text(re.compile(r"^rd_[\w-]{43}$"))
    look_at(page)
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("#result_list")).to_contain_text("shop")
    look_at(page)
