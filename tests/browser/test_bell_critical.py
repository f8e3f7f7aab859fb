"""A critical message: it stays until it is dismissed, is spoken at once, and says so in words."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Browse, tab
from tests.servers import Site


def test_it_stays_until_it_is_dismissed(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    context.clock.install()
    bell = tab(context).live()
    site.call("send", "system", [person], title="The roof is on fire", level="critical")
    bell.shows("1").news()
    critical = bell.toasts.filter(has_text="roof")
    expect(critical.locator("strong")).to_have_text(re.compile(r"^Critical\s+The roof is on fire$"))
    for number in range(2, 6):  # more than are shown at once
        site.call("send", "system", [person], title=f"Tea {number}")
        bell.shows(str(number)).news()
    expect(critical).to_be_visible()
    bell.page.clock.run_for(60_000)
    expect(bell.toasts).to_have_count(1)
    critical.get_by_role("button", name="Dismiss").click()
    expect(bell.toasts).to_have_count(0)


def test_it_is_spoken_at_once(browse: Browse, site: Site, person: str) -> None:
    bell = tab(browse(site, person)).live()
    alert = bell.page.locator("[data-reddot-voice] [role=alert]")
    site.call("send", "system", [person], title="The roof is on fire", level="critical")
    bell.shows("1").news()
    expect(alert).to_have_text("Critical: The roof is on fire")
