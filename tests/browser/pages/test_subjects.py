"""A post of the demo: showing it reads what is about it, and following it needs no reload, nor scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.servers import Site

# A tab in the background, or a page that is being prerendered, until `reveal()`.
HIDDEN = """
let hidden = true;
Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
Object.defineProperty(document, "hidden", { get: () => hidden });
window.reveal = () => { hidden = false; document.dispatchEvent(new Event("visibilitychange")); };
"""
PRERENDERED = """
let prerendering = true;
Object.defineProperty(document, "prerendering", { get: () => prerendering });
window.reveal = () => { prerendering = false; document.dispatchEvent(new Event("prerenderingchange")); };
"""


def post_of(page: Page, text: str) -> str:
    """Write a post; returns its address."""
    page.goto("/")
    page.get_by_label("New post").fill(text)
    page.get_by_role("button", name="Post", exact=True).click()
    address = page.locator(".post", has_text=text).locator(".when").get_attribute("href")
    assert address is not None
    return address


def comment_on(page: Page, address: str, text: str) -> None:
    page.goto(address)
    page.get_by_label("Your comment").fill(text)
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comment", has_text=text)).to_be_visible()


def unread(site: Site, person: str) -> int:
    return int(site.call("snapshot", person)["unread"])


@pytest.mark.parametrize("script", [HIDDEN, PRERENDERED])
def test_a_page_reads_when_it_is_visible(browse: Browse, site: Site, person: str, script: str) -> None:
    theirs, mine = browse(site, person).new_page(), browse(site, "alice").new_page()
    address = post_of(theirs, f"Tea of {person}")
    comment_on(mine, address, "Nice tea")
    theirs.goto("/")
    bell = Bell(theirs).live().shows("1")
    tab = theirs.context.new_page()
    tab.add_init_script(script)
    tab.goto(address)
    expect(tab.locator("[data-inbox-visit]")).to_have_count(1)
    tab.wait_for_load_state("networkidle")
    assert unread(site, person) == 1
    tab.evaluate("reveal()")
    bell.shows("")


def test_without_scripts_nothing_is_read_and_following_works(browse: Browse, site: Site, person: str) -> None:
    theirs, mine = browse(site, person).new_page(), browse(site, "alice").new_page()
    address = post_of(theirs, f"Milk of {person}")
    comment_on(mine, address, "Nice milk")
    plain = browse(site, person, java_script_enabled=False).new_page()
    plain.goto(address)
    assert unread(site, person) == 1
    plain.get_by_role("button", name="Follow", exact=True).click()
    expect(plain.get_by_role("button", name="Unfollow")).to_be_visible()
    plain.get_by_role("button", name="For a week").click()
    expect(plain.get_by_role("button", name="End silence")).to_be_visible()


def test_a_follower_hears_of_comments(browse: Browse, site: Site, person: str) -> None:
    theirs, mine = browse(site, person).new_page(), browse(site, "alice").new_page()
    address = post_of(mine, f"Cake for {person}")
    theirs.goto(address)
    theirs.evaluate("document.body.dataset.same = '1'")
    theirs.get_by_role("button", name="Follow", exact=True).click()
    expect(theirs.get_by_role("button", name="Unfollow")).to_be_visible()
    assert theirs.evaluate("document.body.dataset.same") == "1"
    theirs.goto("/")
    bell = Bell(theirs).live().shows("")
    comment_on(mine, address, "Who wants some?")
    bell.shows("1")
