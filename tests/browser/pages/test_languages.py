"""The languages that people choose: pages, numbers and times are in them, and long words fit."""

import pytest
from playwright.sync_api import expect

from tests.browser.bell import until
from tests.browser.conftest import Browse
from tests.browser.pages.exhibition import LISTS
from tests.browser.pages.stops import STOPS
from tests.browser.pages.walk import sign_in, widths
from tests.servers import Site


@pytest.mark.parametrize(("name", "code"), [("Deutsch", "de"), ("简体中文", "zh-hans"), ("English", "en")])
def test_the_switch_changes_the_page_and_stays(browse: Browse, site: Site, person: str, name: str, code: str) -> None:
    page = browse(site, person, locale="fr").new_page()
    page.goto("/people/")
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/people/")
    until(page, f"document.documentElement.lang === '{code}'")
    page.goto("/inbox/")
    expect(page.locator("html")).to_have_attribute("lang", code)
    expect(page.locator("notification-bell")).to_have_attribute("language", code)
    page.locator("[data-menu] summary").click()
    expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")


def test_german_fits(browse: Browse, told_site: Site) -> None:
    """On a phone and on a desktop, each page that one opens by its address. Lists: test_admin_looks.py."""
    elsewhere = {each.path for each in LISTS}
    context, who, found = browse(told_site), "", list[str]()
    page = context.new_page()
    for stop in (stop for stop in STOPS if stop.path not in {"", *elsewhere} and not stop.act):
        if stop.who != who:
            sign_in(context, told_site, stop.who)
            context.add_cookies([{"name": "django_language", "value": "de", "url": told_site.url()}])
            who = stop.who
        page.goto(stop.path)
        expect(page.locator("html")).to_have_attribute("lang", "de")
        found += [f"{stop}: {width}" for width in widths(page, narrowest=False)]
    assert found == []
