"""Every page, as it is loaded: nothing is logged, thrown, blocked, missing or refused, and nothing moves. In the
administration Django itself moves the page, by the sidebar that it opens; on phones nothing is measured yet."""

import pytest
from playwright.sync_api import expect

from inbox.page.times import COOKIE
from tests.browser.conftest import Browse
from tests.browser.pages.exhibition import EXHIBITS, Exhibit
from tests.browser.pages.quiet import SIZES, Quiet, arrived, still
from tests.browser.pages.readers_exhibition import READERS_EXHIBITS
from tests.browser.pages.walk import sign_in
from tests.conftest import StartSite
from tests.servers import Site

ZONE = "Europe/Berlin"
SWAGGER = "/api/v1/docs"  # which others have made: its page is built in front of the reader
ERRORS = (400, 403, 404, 500, 503)  # of the pages that say so


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """Furnished: each page has something to show."""
    site = shared_site(server=["uvicorn"], INBOX_ACTORS="notify_site.demo.faces.faces")
    site.call("django.core.management.call_command", "seed_demo", verbosity=0)
    return site


@pytest.fixture(scope="module")
def made(site: Site) -> dict[str, int]:
    found: dict[str, int] = site.call("tests.browser.pages.exhibits.furnish")
    site.call("tests.browser.pages.readers_exhibits.furnish", found)
    return found


VISITS = [
    pytest.param("desktop", "en", READERS_EXHIBITS, id="readers-desktop-en"),
    pytest.param("phone", "zh-CN", READERS_EXHIBITS, id="readers-phone-zh"),
    pytest.param("phone", "de", READERS_EXHIBITS, id="readers-phone-de", marks=pytest.mark.soak),
    pytest.param("desktop", "en", EXHIBITS, id="admin-desktop-en"),
    pytest.param("phone", "de", EXHIBITS, id="admin-phone-de", marks=pytest.mark.soak),
    pytest.param("desktop", "zh-CN", EXHIBITS, id="admin-desktop-zh", marks=pytest.mark.soak),
]


@pytest.mark.parametrize(("size", "language", "exhibits"), VISITS)
def test_nothing_is_said_and_nothing_moves(
    browse: Browse, site: Site, made: dict[str, int], size: str, language: str, exhibits: tuple[Exhibit, ...]
) -> None:
    """With scripts and styles in the browser's cache, and without them. On the first visit of all, before the server
    knows the time zone, the words behind a moment in a text may move."""
    context = browse(site, locale=language, timezone_id=ZONE, **SIZES[size])
    quiet, page, who = Quiet(context, expected=ERRORS), context.new_page(), ""
    places = {(exhibit.who, exhibit.path.format(**made)): exhibit for exhibit in exhibits}
    moved = []
    for (reader, path), exhibit in places.items():
        if reader != who:
            page.goto("about:blank")  # else the page before asks for something that is no longer its user's
            sign_in(context, site, reader)
            context.add_cookies([{"name": COOKIE, "value": ZONE, "url": site.url("/inbox/")}])
            who = reader
        page.goto(path)
        if not exhibit.act:
            expect(page.locator(exhibit.ready).first).to_be_visible()
        arrived(page, who)
        if path != SWAGGER and exhibits is READERS_EXHIBITS and size == "desktop":
            moved += [f"{exhibit} ({who}) at {path} {each}" for each in still(page)]
        quiet.check(f"{who} at {path}")
    assert not moved, "\n".join(moved)
