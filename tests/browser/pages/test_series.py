"""An announcement that recurs: from its own page, without a rule in RRULE, with the next dates beside the form."""

import re
from secrets import token_hex

from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.conftest import StartSite


def test_repeating_an_announcement(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin", timezone_id="Europe/Berlin").new_page()
    title = f"Clean the kitchen {token_hex(3)}"
    page.goto("/admin/inbox/broadcast/add/")
    page.get_by_label("Title:", exact=True).fill(title)
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Repeat…").click()
    expect(page.get_by_label("Announcement:")).to_have_text(re.compile(title))
    expect(page.get_by_label("Time zone:")).to_have_value("Europe/Berlin")
    beside = page.get_by_role("region", name="Next occurrences")
    expect(beside.get_by_role("listitem")).to_have_count(5)
    for label in ("Rule:", "Number of times:", "Last date:", "Weekday:"):
        expect(page.get_by_label(label)).to_be_hidden()

    page.get_by_label("First date:").fill("2090-01-31")
    page.get_by_label("Time:", exact=True).fill("09:30")
    page.get_by_label("Unit:").select_option(label="months")
    page.get_by_label("On:", exact=True).select_option(label="the last")
    page.get_by_label("Weekday:").select_option(label="Friday")
    expect(beside).to_contain_text("Every month: the last Friday at 9:30 a.m. (Europe/Berlin)")
    expect(beside.get_by_role("listitem").first).to_have_text("Fri, Feb. 24, 2090, 9:30 a.m. CET")
    page.get_by_label("Ends:").select_option(label="after a number of times")
    page.get_by_label("Number of times:").fill("2")
    expect(beside.get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Unit:").select_option(label="by a rule of its own")
    page.get_by_label("Rule:").fill("FREQ=HOURLY")
    expect(beside).to_contain_text("once a day at most")
    page.get_by_label("Unit:").select_option(label="months")

    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_text("The next occurrence is published at: Fri, Feb. 24, 2090")).to_be_visible()
    expect(page.get_by_label("Number of times:")).to_have_value("2")
    page.goto("/admin/inbox/broadcastseries/")
    row = page.get_by_role("row").filter(has_text=title)
    expect(row).to_contain_text("Every month: the last Friday at 9:30 a.m. (Europe/Berlin)")
    expect(row).to_contain_text("Active")
    row.get_by_role("link", name=title).click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("No more occurrences are published.")).to_be_visible()
