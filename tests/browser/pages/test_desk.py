"""The pages of announcements in the admin, at the sizes of a desk and of a phone."""

import re
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Browse
from tests.browser.looks import LOOKS, PHONE
from tests.browser.pages.walk import TOO_WIDE
from tests.conftest import StartSite
from tests.servers import Site

LIST = "/admin/inbox/broadcast/"
LIVE, SHOWN = 30, 12


@pytest.fixture(scope="module")
def busy_site(shared_site: StartSite) -> Site:
    """With more announcements that are live than the timeline shows, and long words in them."""
    site = shared_site(DEMO="busy")
    for number in range(LIVE):
        site.call("broadcast", f"Donaudampfschifffahrtsgesellschaft will be closed for a long time {number}")
    return site


def desk(browse: Browse, site: Site, path: str = LIST, **options: Any) -> Page:
    page = browse(site, "admin", timezone_id="Europe/Berlin", **options).new_page()
    page.goto(LIST)  # which tells the time zone
    page.goto(path)
    return page


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_timeline_stays_readable(browse: Browse, busy_site: Site, size: Any, scheme: Any) -> None:
    page = desk(browse, busy_site, viewport=size, color_scheme=scheme)
    timeline = page.get_by_role("region", name="Thirty days back and ahead")
    expect(timeline.get_by_text("Time zone: Europe/Berlin")).to_be_visible()
    expect(timeline.get_by_text(f"and {LIVE - SHOWN} more, in the list below")).to_be_visible()
    rows = timeline.get_by_role("listitem").get_by_role("link")  # beside it, there is one to change the zone
    expect(rows).to_have_count(SHOWN)
    for box in (each.locator("rect").bounding_box() for each in rows.all()):
        assert box
        assert box["width"] > 3
        assert box["x"] + box["width"] <= size["width"]
    assert page.evaluate(TOO_WIDE, ["100%"]) == []
    assert violations(page) == []
    rows.last.click()
    expect(page.get_by_role("heading", name="Change announcement")).to_be_visible()


def test_the_form_works_on_a_phone(browse: Browse, busy_site: Site) -> None:
    page = desk(browse, busy_site, f"{LIST}add/", viewport=PHONE, is_mobile=True, has_touch=True)
    assert page.evaluate(TOO_WIDE, ["100%"]) == []
    page.get_by_label("Title:", exact=True).fill("From a phone")
    page.get_by_role("button", name="Save as draft").tap()
    expect(page.get_by_text("Saved as draft, not published.")).to_be_visible()
    assert page.evaluate(TOO_WIDE, ["100%"]) == []


def test_the_actions_of_the_list_ask_once_with_numbers(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])
    page = desk(browse, site, f"{LIST}add/")
    name = f"Tea {token_hex(3)}"
    page.get_by_label("Title:", exact=True).fill(name)
    page.get_by_role("button", name="Save as draft").click()
    page.goto(f"{LIST}?q={name}")
    choose(page, name, "Publish selected announcements")
    question = page.get_by_role("dialog", name="Publish 1 announcement?")
    expect(question.get_by_role("status")).to_have_text(re.compile(r"\d+ people: .*admin"))
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Go").click()
    question.get_by_role("button", name="Publish").dblclick()
    expect(page.get_by_text("1 announcement is live.")).to_be_visible()
    choose(page, name, "Publish selected announcements")  # which changes nothing, so there is no question
    expect(page.get_by_text("1 announcement stays as it is.")).to_be_visible()
    choose(page, name, "Withdraw selected announcements")
    question = page.get_by_role("dialog", name="Withdraw 1 announcement?")
    expect(question.get_by_role("status")).to_have_text("Read by 0 people so far. It disappears from every page.")
    page.route("**/selected/**", lambda route: route.abort())
    question.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go").click()  # now without numbers
    question = page.get_by_role("dialog", name="Withdraw the selected announcements?")
    question.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("1 announcement is withdrawn.")).to_be_visible()


def choose(page: Page, name: str, action: str) -> None:
    page.get_by_role("row", name=name).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(action)
    page.get_by_role("button", name="Go").click()
