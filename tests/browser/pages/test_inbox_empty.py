"""Lists of /inbox/ without anything in them: what they say, and where they lead."""

import re
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.conftest import Comment, OpenInbox
from tests.demo.test_inbox_forms import NOTHING
from tests.servers import Site

# Another filter, as by back and forward: the script reads it and says what there is.
GO = """(query) => {
  history.pushState(history.state, "", `/inbox/${query}`);
  dispatchEvent(new PopStateEvent("popstate"));
}"""
SAID = """(empty) => [...empty.querySelectorAll("h2, p, a:not([hidden])")].map((each) => each.textContent.trim())
  .concat([...empty.querySelectorAll("a:not([hidden])")].map((each) => each.pathname + each.search))"""


def sent(site: Site, person: str, query: str, language: str) -> list[str]:
    """What the page of the server says."""
    with site.client(person) as client:
        html = client.get(f"/inbox/{query}", headers={"Accept-Language": language}).text
    found = re.search(
        r"data-empty>.*?<h2>(.*?)</h2><p>(.*?)</p><a[^>]* href=\"(.*?)\" data-lead( hidden)?>(.*?)</a>", html
    )
    assert found
    title, text, link, hidden, label = map(unescape, found.groups(""))
    return [title, text] if hidden else [title, text, label, link]


def cursor_beyond(site: Site, person: str, comment: Comment) -> str:
    """Of a page with nothing on it."""
    for number in range(21):
        comment(f"number {number}")
    with site.client(person) as client:
        cursor: str = client.get("/api/v1/inbox/").json()["next"]
        while refs := site.call("refs", person):
            for ref in refs:
                client.delete(f"/api/v1/inbox/{ref}/")
    return cursor


@pytest.mark.parametrize("language", ["en", "de", "zh-Hans"])
def test_server_and_script_say_the_same(
    browse: Browse, site: Site, person: str, comment: Comment, language: str
) -> None:
    queries = [*NOTHING, f"?before={cursor_beyond(site, person, comment)}"]
    page = browse(site, person, locale=language).new_page()
    page.goto("/inbox/")
    Bell(page).live()
    empty = page.locator("[data-empty]")
    for query in queries:
        page.evaluate(GO, query)
        expect(empty).to_be_visible()
        said = sent(site, person, query, language)
        expect(empty.locator("h2")).to_have_text(said[0])
        expect(page.locator("[data-list]")).to_have_attribute("aria-busy", "false")
        assert empty.evaluate(SAID) == [each for each in said if each or len(said) > 2], query


def test_the_link_leads_on(inbox: OpenInbox, comment: Comment) -> None:
    comment("green tea")
    page = inbox("/inbox/?view=unread&type=comment&q=coffee")
    lead = page.page.get_by_role("link", name="Clear the search")
    lead.press("Enter")
    page.shows("green tea")
    expect(page.empty).to_be_hidden()
    expect(page.page).to_have_url(re.compile(r"/inbox/\?type=comment&view=unread$"))
    expect(page.page.locator("[data-list]")).to_be_focused()
    page.page.go_back()
    expect(lead).to_be_visible()
    expect(page.page.get_by_role("searchbox")).to_have_value("coffee")


def test_without_scripts_too(browse: Browse, site: Site, person: str, comment: Comment) -> None:
    comment("green tea")
    page = browse(site, person, java_script_enabled=False).new_page()
    page.goto("/inbox/?view=starred")
    page.get_by_role("link", name="Show the whole inbox").click()
    expect(page.locator(".rd-row")).to_contain_text("green tea")


def test_a_press_that_leads_to_another_site(browse: Browse, site: Site, person: str) -> None:
    """Without scripts, under the policy of the site."""
    other = "https://elsewhere.example/a?b=1&c=2"
    site.call("send", "system", [person], title="Asks", buttons=[{"label": "Go there", "url": other, "labels": {}}])
    context = browse(site, person, java_script_enabled=False)
    context.route("https://elsewhere.example/**", lambda route: route.fulfill(body="There", content_type="text/html"))
    page = context.new_page()
    page.goto("/inbox/")
    page.get_by_role("button", name="Go there").click()
    page.wait_for_url(other)
    page.go_back()
    expect(page).to_have_url(re.compile("/inbox/$"))
    expect(page.locator(".rd-row")).to_contain_text("Go there (chosen)")


@pytest.mark.parametrize("options", [{}, {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}])
def test_looks(browse: Browse, site: Site, person: str, options: dict[str, Any]) -> None:
    page: Page = browse(site, person, **options).new_page()
    page.goto("/inbox/?view=starred&q=tea")
    Bell(page).live()
    expect(page.get_by_role("link", name="Clear the search")).to_be_visible()
    assert violations(page, "[data-empty]") == []
