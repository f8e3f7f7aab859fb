"""A browser that is used again holds nothing of the test before but the files in its cache."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.browser.browsers import KEPT, Browsers
from tests.servers import Site

OPTIONS = {"locale": "de-DE", "color_scheme": "dark"}  # as no other test has them
SPOIL: dict[str, Callable[[BrowserContext, Page], object]] = {
    "a function": lambda context, _page: context.expose_function("left", lambda: 1),
    "headers": lambda context, _page: context.set_extra_http_headers({"X-Left": "1"}),
    "a clock": lambda context, _page: context.clock.install(),
    "a page's clock": lambda _context, page: page.clock.install(),
    "a protocol session": lambda context, page: context.new_cdp_session(page),
    "its end": lambda context, _page: context.close(),
}
UNDONE: dict[str, Callable[[BrowserContext, list[str]], object]] = {
    "a route": lambda context, _heard: context.route("**/jsi18n/", lambda route: route.fulfill(body="left")),
    "sockets": lambda context, heard: context.route_web_socket("**", lambda socket: heard.append(socket.url)),
    "a script": lambda context, _heard: context.add_init_script("window.left = 1"),
    "a listener": lambda context, heard: context.on("console", lambda message: heard.append(message.text)),
    "no network": lambda context, _heard: context.set_offline(True),
}
IS_LEFT = """async () => {
  console.log("left");
  const socket = new WebSocket(`ws://${location.host}/push/ws/`);
  await new Promise((resolve) => { socket.onopen = socket.onclose = resolve; });
  return document.body.innerText === "left" || window.left === 1;
}"""
SPOIL_A_PAGE: dict[str, Callable[[Page], object]] = {
    "a route": lambda page: page.route("**/api/**", lambda route: route.abort()),
    "a script": lambda page: page.add_init_script("window.left = 1"),
    "a listener": lambda page: page.on("request", lambda _request: None),
    "a size": lambda page: page.set_viewport_size({"width": 300, "height": 300}),
    "another site": lambda page: page.goto("data:text/html,left"),
    "its end": lambda page: page.close(),
}
STATE = """() => {
  const hovered = document.querySelector(":hover")?.localName ?? "";
  return [sessionStorage.length, window.left ?? null, document.cookie, hovered.replace("html", "")];
}"""


@pytest.fixture
def browsers(chromium: Browser) -> Iterator[Browsers]:
    before = set(chromium.contexts)
    yield Browsers(chromium)
    for context in set(chromium.contexts) - before:
        context.close()


def test_it_is_empty_when_it_is_used_again(browsers: Browsers, site: Site) -> None:
    profile = browsers.take(site.url(""), OPTIONS)
    context = profile.context
    context.add_cookies([{"name": "left", "value": "1", "url": site.url()}])
    page = context.new_page()
    page.goto("/jsi18n/")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { sessionStorage.setItem('left', 1); throw new Error('left'); })")
    page.evaluate("window.left = 1; addEventListener('pagehide', () => sessionStorage.setItem('left', 2))")
    page.mouse.move(100, 100)
    other = context.new_page()
    other.goto("/jsi18n/")
    other.evaluate("sessionStorage.setItem('left', 1)")
    context.new_page()  # more than are kept
    assert browsers.give_back(profile) == ["left"]
    assert browsers.take(site.url(""), OPTIONS) is profile
    assert (context.pages, context.cookies(), profile.errors) == ([page, other], [], [])
    for kept in (page, other):
        assert context.new_page() is kept
        assert kept.url == "about:blank"
        kept.goto("/jsi18n/")
        assert kept.evaluate(STATE) == [0, None, "", ""]
    assert context.new_page() not in (page, other)


@pytest.mark.parametrize("how", SPOIL_A_PAGE)
def test_a_page_is_not_used_again_once_more_was_done_to_it(browsers: Browsers, site: Site, how: str) -> None:
    profile = browsers.take(site.url(""), OPTIONS)
    page = profile.context.new_page()
    page.goto("/jsi18n/")
    SPOIL_A_PAGE[how](page)
    browsers.give_back(profile)
    assert page.is_closed()
    assert browsers.take(site.url(""), OPTIONS) is profile
    assert profile.context.new_page() is not page


@pytest.mark.parametrize("how", SPOIL)
def test_it_is_not_used_again_once_more_was_done_to_it(browsers: Browsers, site: Site, how: str) -> None:
    profile = browsers.take(site.url(""), OPTIONS)
    SPOIL[how](profile.context, profile.context.new_page())
    browsers.give_back(profile)
    assert profile.context.is_closed()
    assert browsers.take(site.url(""), OPTIONS) is not profile


@pytest.mark.parametrize("how", UNDONE)
def test_what_can_be_undone_is(browsers: Browsers, site: Site, how: str) -> None:
    profile, heard = browsers.take(site.url(""), OPTIONS), list[str]()
    UNDONE[how](profile.context, heard)
    assert is_left(profile.context, heard)
    browsers.give_back(profile)
    assert browsers.take(site.url(""), OPTIONS) is profile
    assert [is_left(profile.context, heard) for _page in range(2)] == [False, False]


def is_left(context: BrowserContext, heard: list[str]) -> bool:
    """Whether a new page notices any of `UNDONE`."""
    heard.clear()
    page = context.new_page()
    try:
        page.goto("/jsi18n/")
    except Error:
        return True
    return bool(page.evaluate(IS_LEFT) or heard)


def test_it_is_of_one_site_and_its_options(browsers: Browsers, site: Site) -> None:
    profile = browsers.take(site.url(""), OPTIONS)
    browsers.give_back(profile)
    for url, options in ((site.url("/inbox/"), OPTIONS), (site.url(""), OPTIONS | {"color_scheme": "light"})):
        other = browsers.take(url, options)
        assert other is not profile
        browsers.give_back(other)
    assert browsers.take(site.url(""), dict(reversed(OPTIONS.items()))) is profile


def test_few_are_kept(browsers: Browsers, site: Site) -> None:
    profiles = [browsers.take(site.url(""), OPTIONS) for _number in range(KEPT + 1)]
    for profile in profiles:
        browsers.give_back(profile)
    assert [profile.context.is_closed() for profile in profiles] == [True, *[False] * KEPT]
