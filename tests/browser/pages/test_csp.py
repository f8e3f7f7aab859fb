"""What pages do under the policy that the site sends by default: nothing that they need is blocked.

That each page opens under it: test_every_page.py.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.conftest import Listening
from tests.browser.pages.walk import names, sign_in, twice, weaknesses
from tests.servers import Site

FETCHED = ("websocket", "sse", "long-poll", "short-poll")  # all of them are connect-src


@pytest.fixture
def watched(listening: Listening) -> Iterator[BrowserContext]:
    """Somebody's browser; no page in it may violate its policy, throw, or log an error."""
    context, found = listening
    found.clear()
    yield context
    for page in context.pages:
        page.close()
    context.clear_cookies()
    assert found == []


def enter(context: BrowserContext, site: Site, name: str, path: str) -> Page:
    """The page at that address, as `name` gets it."""
    sign_in(context, site, name)
    page = context.new_page()
    visit(page, path)
    return page


def visit(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert weaknesses(answer) == [], path


@pytest.mark.parametrize("transport", ["iframe", *(pytest.param(each, marks=pytest.mark.soak) for each in FETCHED)])
def test_every_transport(watched: BrowserContext, told_site: Site, transport: str) -> None:
    page = enter(watched, told_site, "bob", "/people/")
    Bell(page).live().use(transport)


def test_forms_in_the_background(watched: BrowserContext, told_site: Site) -> None:
    page = enter(watched, told_site, "admin", "/posts/1/")  # whose post it is: nobody is told
    page.get_by_role("button", name="Like").click()
    expect(page.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Your comment").fill("under a policy")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment").last).to_contain_text("under a policy")


def test_signing_in(watched: BrowserContext) -> None:
    page = watched.new_page()
    visit(page, "/accounts/login/")
    page.get_by_role("button", name="carol").click()
    expect(page).to_have_url(re.compile("/$"))


def test_the_administration_s_widgets(watched: BrowserContext, told_site: Site) -> None:
    """Calendar, clock, two-list chooser, list actions and the related-object popup."""
    page = enter(watched, told_site, "admin", "/admin/inbox/broadcast/add/")
    page.get_by_role("link", name="Choose a Date").first.click()
    page.locator(".calendarbox:visible td a").first.click()
    page.get_by_role("link", name="Choose a Time").first.click()
    page.locator(".clockbox:visible").get_by_role("link", name="Noon").click()
    expect(page.locator("[name=publish_at_1]")).to_have_value(re.compile("^12:00"))
    visit(page, "/admin/auth/group/add/")
    Bell(page).live()
    page.locator("#id_permissions_from option").first.dblclick()
    expect(page.locator("#id_permissions_to option")).to_have_count(1)
    visit(page, "/admin/inbox_internals/commentmessage/")
    page.locator("#action-toggle").check()
    expect(page.locator(".action-counter")).to_contain_text("selected")


def test_the_api_s_page(watched: BrowserContext, told_site: Site) -> None:
    page = enter(watched, told_site, "bob", "/api/v1/docs")
    operation = page.locator(".opblock").filter(has_text="/api/v1/unread/").first
    expect(operation).to_be_visible()
    assert twice(names(page)) == []
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")


def test_a_script_that_got_in_does_not_run(browse: Browse, site: Site, person: str) -> None:
    """As an injected tag, as a handler, and as a string given to the page's own code."""
    page = browse(site, person).new_page()
    page.goto("/people/")
    refused: dict[str, bool] = page.evaluate(
        """() => {
          const refused = (call) => {
            try { call(); return false; } catch (error) { return error instanceof TypeError; }
          };
          const script = document.createElement('script');
          return {
            html: refused(() => { document.body.innerHTML = '<b>'; }),
            handler: refused(() => { document.body.setAttribute('onclick', 'window.ran = 1'); }),
            text: refused(() => { script.text = 'window.ran = 1'; }),
            address: refused(() => { script.src = '/static/site/site.js'; }),
            parser: refused(() => new DOMParser().parseFromString('<b>', 'text/html')),
            policy: refused(() => trustedTypes.createPolicy('mine', { createHTML: (html) => html })),
          };
        }"""
    )
    assert refused == dict.fromkeys(refused, True)


@pytest.mark.parametrize("path", ["/people/", "/admin/login/", "/api/v1/docs"])
def test_a_tag_that_got_in_does_not_run(browse: Browse, site: Site, person: str, path: str) -> None:
    """Written into the document on its way, with no nonce: inline, as a handler, and from elsewhere."""
    context = browse(site, person)
    evil = (
        "<script>window.ran = 1</script><img src=/x onerror='window.ran = 1'><base href='http://127.0.0.1:9/'></head>"
    )

    def inject(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</head>", evil))

    context.route(f"**{path}", inject)
    page = context.new_page()
    page.goto(path)
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.baseURI").startswith(site.url(""))
