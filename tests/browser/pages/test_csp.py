"""Every page under the policy that the site sends by default: nothing that it needs is blocked."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site

PAGES = ("/", "/posts/1/", "/people/", "/people/alice/", "/inbox/", "/inbox/preferences/", "/lab/")
ADMIN = (
    "/admin/",
    "/admin/auth/user/add/",
    "/admin/auth/group/add/",  # two lists with filters
    "/admin/inbox/broadcast/",
    "/admin/inbox/broadcast/add/",  # calendar and clock
    "/admin/inbox/commentmessage/",
    "/admin/inbox/mailbox/",
    "/admin/inbox/servicetoken/add/",
    "/admin/demo/post/",
    "/admin/password_change/",
)
FETCHED = ("websocket", "sse", "long-poll", "short-poll")  # all of them are connect-src
# What the browser blocked, from the first script on and in shadow roots too; it outlives navigations.
LISTEN = """document.addEventListener("securitypolicyviolation", (event) => window.violated(
  `${event.violatedDirective} ${event.blockedURI} ${event.sample} ${event.sourceFile} in ${location.pathname}`))"""


@pytest.fixture(scope="module")
def told_site(shared_site: StartSite) -> Site:
    site = shared_site(DEBUG="1")
    site.call("django.core.management.call_command", "seed_demo", verbosity=0)
    return site


@pytest.fixture(scope="module")
def listening(chromium: Browser, told_site: Site) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A browser, and what its pages violated of their policy, threw, or logged as an error."""
    context = chromium.new_context(base_url=told_site.url(""))
    found: list[str] = []
    context.expose_function("violated", lambda text: found.append(text))
    context.add_init_script(LISTEN)
    context.on("weberror", lambda error: found.append(str(error.error)))
    context.on("console", lambda message: message.type == "error" and found.append(message.text))
    context.set_default_timeout(15_000)
    yield context, found
    context.close()


@pytest.fixture
def watched(listening: tuple[BrowserContext, list[str]]) -> Iterator[BrowserContext]:
    """Somebody's browser; no page in it may violate its policy, throw, or log an error."""
    context, found = listening
    found.clear()
    yield context
    for page in context.pages:
        page.close()
    context.clear_cookies()
    assert found == []


def sign_in(context: BrowserContext, site: Site, name: str) -> Page:
    context.add_cookies([{"name": key, "value": value, "url": site.url()} for key, value in site.cookies(name).items()])
    return context.new_page()


def visit(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in policy, path
    assert "unsafe" not in policy, path


def test_pages(watched: BrowserContext, told_site: Site) -> None:
    page = sign_in(watched, told_site, "bob")
    for path in PAGES:
        visit(page, path)
        bell = Bell(page)
        expect(bell.button).to_be_visible()
        bell.live().open()
        expect(bell.rows.first).to_be_visible()
        page.keyboard.press("Escape")


def test_announcements_keep_their_markup(watched: BrowserContext, told_site: Site) -> None:
    page = sign_in(watched, told_site, "bob")
    visit(page, "/inbox/")
    expect(InboxPage(page).rows.locator(".rd-rich strong").first).to_have_text("by itself")


@pytest.mark.parametrize("transport", ["iframe", *(pytest.param(each, marks=pytest.mark.soak) for each in FETCHED)])
def test_every_transport(watched: BrowserContext, told_site: Site, transport: str) -> None:
    page = sign_in(watched, told_site, "bob")
    visit(page, "/people/")
    Bell(page).live().use(transport)


def test_forms_in_the_background(watched: BrowserContext, told_site: Site) -> None:
    page = sign_in(watched, told_site, "admin")  # whose post it is: nobody is told
    visit(page, "/posts/1/")
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


def test_administration(watched: BrowserContext, told_site: Site) -> None:
    page = sign_in(watched, told_site, "admin")
    for path in ADMIN:
        visit(page, path)
        expect(page.locator("notification-bell .bell")).to_be_visible()


def test_the_administration_s_widgets(watched: BrowserContext, told_site: Site) -> None:
    """Calendar, clock, two-list chooser, list actions and the related-object popup."""
    page = sign_in(watched, told_site, "admin")
    visit(page, "/admin/inbox/broadcast/add/")
    page.get_by_role("link", name="Choose a Date").first.click()
    page.locator(".calendarbox:visible td a").first.click()
    page.get_by_role("link", name="Choose a Time").first.click()
    page.locator(".clockbox:visible").get_by_role("link", name="Noon").click()
    expect(page.locator("[name=publish_at_1]")).to_have_value(re.compile("^12:00"))
    visit(page, "/admin/auth/group/add/")
    page.locator("#id_permissions_from option").first.dblclick()
    expect(page.locator("#id_permissions_to option")).to_have_count(1)
    visit(page, "/admin/inbox/commentmessage/")
    page.locator("#action-toggle").check()
    expect(page.locator(".action-counter")).to_contain_text("selected")


def test_the_api_s_page(watched: BrowserContext, told_site: Site) -> None:
    page = sign_in(watched, told_site, "bob")
    visit(page, "/api/v1/docs")
    operation = page.locator(".opblock").filter(has_text="/api/v1/unread/").first
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
