"""A browser that is used again holds nothing of the test before but the files in its cache."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.browsers import KEPT, Browsers
from tests.servers import Site

OPTIONS = {"locale": "de-DE", "color_scheme": "dark"}  # as no other test has them
SPOIL: dict[str, Callable[[BrowserContext, Page], object]] = {
    "a route": lambda context, _page: context.route("**/api/**", lambda route: route.abort()),
    "sockets": lambda context, _page: context.route_web_socket("**", lambda socket: socket.close()),
    "a script": lambda context, _page: context.add_init_script("window.left = 1"),
    "a function": lambda context, _page: context.expose_function("left", lambda: 1),
    "a listener": lambda context, _page: context.on("console", lambda _message: None),
    "no network": lambda context, _page: context.set_offline(True),
    "headers": lambda context, _page: context.set_extra_http_headers({"X-Left": "1"}),
    "a clock": lambda context, _page: context.clock.install(),
    "a page's clock": lambda _context, page: page.clock.install(),
    "its end": lambda context, _page: context.close(),
}


@pytest.fixture
def browsers(chromium: Browser) -> Iterator[Browsers]:
    own = Browsers(chromium)
    yield own
    own.close()


def test_it_is_empty_when_it_is_used_again(browsers: Browsers, site: Site) -> None:
    profile = browsers.take(site.url(""), OPTIONS)
    context = profile.context
    context.add_cookies([{"name": "left", "value": "1", "url": site.url()}])
    page = context.new_page()
    page.goto("/jsi18n/")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { sessionStorage.setItem('left', 1); throw new Error('left'); })")
    assert browsers.give_back(profile) == ["left"]
    assert browsers.take(site.url(""), OPTIONS) is profile
    assert (context.pages, context.cookies(), profile.errors) == ([], [], [])
    page = context.new_page()
    page.goto("/jsi18n/")
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("how", SPOIL)
def test_it_is_not_used_again_once_more_was_done_to_it(browsers: Browsers, site: Site, how: str) -> None:
    profile = browsers.take(site.url(""), OPTIONS)
    SPOIL[how](profile.context, profile.context.new_page())
    browsers.give_back(profile)
    assert profile.context.is_closed()
    assert browsers.take(site.url(""), OPTIONS) is not profile


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
