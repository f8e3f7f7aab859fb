"""A toast comes where its row is not on screen; what is urgent stays until it is dismissed, or its row is seen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, OpenBell, newcomer, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.spoken import Spoken, listen
from tests.conftest import StartSite
from tests.servers import Site, wait_for


def arrived(page: Page) -> None:
    """The page's list was read, and the bell knows whether the row is on it."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def test_none_beside_its_row(browse: Browse, site: Site, person: str) -> None:
    """It is said once, by the bell."""
    page = listen(browse(site, person)).new_page()
    page.goto("/inbox/")
    inbox, bell = InboxPage(page), Bell(page).live()
    inbox.leave_list()
    site.call("send", "system", [person], title="Tea")
    inbox.shows("Tea")
    arrived(page)
    expect(bell.toasts).to_have_count(0)
    wait_for(lambda: [each for each in Spoken(page).sentences if "Tea" in each])
    assert len([each for each in Spoken(page).sentences if "Tea" in each or "new notification" in each]) == 1


def test_one_if_the_row_waits_above(browse: Browse, site: Site, person: str) -> None:
    for number in range(30):
        site.call("send", "system", [person], title=f"Number {number}")
    page = browse(site, person).new_page()
    page.goto("/inbox/")
    inbox, bell = InboxPage(page), Bell(page).live()
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 600)")
    site.call("send", "system", [person], title="Tea")
    expect(inbox.pill).to_be_visible()
    bell.news()
    expect(bell.toasts.filter(has_text="Tea")).to_be_visible()


def test_one_if_another_filter_hides_the_row(browse: Browse, site: Site, person: str) -> None:
    page = browse(site, person).new_page()
    page.goto("/inbox/?view=starred")
    bell = Bell(page).live()
    site.call("send", "system", [person], title="Tea")
    bell.shows("1").news()
    expect(bell.toasts.filter(has_text="Tea")).to_be_visible()


@pytest.mark.parametrize("level", ["critical", "warning"])
def test_what_is_important_stays(shared_site: StartSite, browse: Browse, level: str) -> None:
    """Until it is dismissed; or until the panel shows its row. What is not goes by itself, or with the panel."""
    site = shared_site(INBOX_IMPORTANT="critical,warning")
    person = newcomer(site)
    context = browse(site, person)
    context.clock.install()
    bell = tab(context, "/people/").live()
    for number, (title, at) in enumerate([("Roof on fire", level), ("Tea", "info")], 1):
        site.call("send", "system", [person], title=title, level=at)
        bell.shows(str(number)).news()
    expect(bell.toasts).to_have_count(2)
    bell.page.clock.run_for(60_000)
    expect(bell.toasts).to_have_count(1)
    expect(bell.toasts).to_contain_text("Roof on fire")
    bell.open()
    expect(bell.row("Roof on fire")).to_be_visible()
    expect(bell.toasts).to_have_count(0)


def test_focus_and_pointer_each_hold_it(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell("/people/").live()
    bell.page.clock.install()
    site.call("send", "system", [person], title="Tea")
    bell.shows("1").news()
    dismiss = bell.toasts.get_by_role("button", name="Dismiss")
    dismiss.hover()
    bell.page.keyboard.press("Tab")
    dismiss.focus()
    bell.page.mouse.move(5, 5)
    bell.page.clock.run_for(20_000)
    expect(bell.toasts).to_have_count(1)
    bell.button.focus()
    bell.page.clock.run_for(8_000)
    expect(bell.toasts).to_have_count(0)
