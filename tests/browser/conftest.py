"""Real Chromium at a real site. Contexts are people, pages are tabs."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import bundles
from tests.browser.bell import Bell
from tests.browser.browsers import Browsers, Profile
from tests.browser.elsewhere import Elsewhere
from tests.conftest import StartSite
from tests.servers import Site
from tools.stores import MissingServerError

Browse = Callable[..., BrowserContext]
OpenBell = Callable[..., Bell]
# Without a graphics card each frame of an animation costs CPU time: a fifth of what a page with an open panel does.
STILL: dict[str, Any] = {"reduced_motion": "reduce"}
MOVING: dict[str, Any] = {"reduced_motion": "no-preference"}
# Two settings that have nothing to do with each other, for one site.
FACES_AND_UNSEEN = {"INBOX_ACTORS": "notify_site.demo.faces.faces", "INBOX_BADGE": "unseen"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")


@pytest.fixture(scope="session")
def scripts() -> str:
    """STATIC_DIST of the sites: bundles, as in production. A page of 38 modules takes a third more CPU time.

    Sites with DEBUG serve the modules, and all do where there is no bundler. test_loading.py tries both.
    """
    try:
        return str(bundles.made())
    except MissingServerError:
        return os.devnull


@pytest.fixture(scope="session")
def shared_site(shared_site: StartSite, scripts: str) -> StartSite:
    return lambda **shape: shared_site(**{"STATIC_DIST": scripts} | shape)


@pytest.fixture
def start_site(start_site: StartSite, scripts: str) -> StartSite:
    return lambda **shape: start_site(**{"STATIC_DIST": scripts} | shape)


@pytest.fixture(scope="session")
def site(shared_site: Callable[..., Site]) -> Site:
    return shared_site()


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    """Pages of another origin; `open_site` lets them in."""
    with Elsewhere() as other:
        yield other


@pytest.fixture(scope="session")
def open_site(shared_site: Callable[..., Site], elsewhere: Elsewhere) -> Site:
    """A site with a broker that browsers reach, for pages of `elsewhere` too."""
    elsewhere.site = shared_site(mqtt="embedded", PUSH_ALLOWED_ORIGINS=elsewhere.origin)
    return elsewhere.site


@pytest.fixture
def person(site: Site) -> str:
    return newcomer(site)


def newcomer(site: Site) -> str:
    """A user whom no other test knows, with an empty mailbox; nobody's broadcasts are live."""
    name = f"p{token_hex(4)}"
    site.call("user", name)
    return name


@pytest.fixture(scope="session")
def browsers(chromium: Browser) -> Browsers:
    return Browsers(chromium)


@pytest.fixture
def browse(browsers: Browsers) -> Iterator[Browse]:
    """`browse(site, "bob", viewport=…)`: a browser signed in as bob. Its pages may not throw.

    It and its first tabs may have been at that site before: scripts are in the cache, and nothing else of another test.
    Nothing is animated, unless the options are `MOVING`.
    A test that follows a link waits for the page: Chromium may hang when it is closed in the middle of that.
    """
    profiles: list[Profile] = []

    def start(site: Site, who: str = "", **options: Any) -> BrowserContext:
        cookies = site.cookies(who) if who else {}
        profiles.append(browsers.take(site.url(""), STILL | options))
        context = profiles[-1].context
        context.add_cookies([{"name": name, "value": value, "url": site.url()} for name, value in cookies.items()])
        return context

    yield start
    assert [error for profile in profiles for error in browsers.give_back(profile)] == []


@pytest.fixture
def open_bell(browse: Browse, site: Site, person: str) -> OpenBell:
    """`open_bell(viewport=…)`: a tab of `person` in a browser of its own."""

    def start(path: str = "/", **options: Any) -> Bell:
        return tab(browse(site, person, **options), path)

    return start


def tab(context: BrowserContext, path: str = "/") -> Bell:
    page = context.new_page()
    page.goto(path)
    return Bell(page)


def stop_clock(page: Page) -> None:
    """The installed clock stands still, a year later. Only `run_for` moves it now, however long a test takes."""
    page.clock.pause_at(datetime.now(UTC) + timedelta(days=365))


def sockets(page: Page) -> list[str]:
    """The addresses of the WebSockets that `page` opens from now on."""
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    return opened


def snapshot(user: Any, version: int, unread: int, more: dict[str, Any] | None = None) -> str:
    by_type = {"comment": unread} if unread else {}
    state = {"user": user, "version": version, "unread": unread, "capped": False, "by_type": by_type, "unseen": unread}
    state["threads"] = unread
    return json.dumps(state | (more or {}))


def frame(user: Any, version: int, unread: int, more: dict[str, Any] | None = None) -> str:
    """What the server would send on a WebSocket."""
    return json.dumps({"type": "unread"} | json.loads(snapshot(user, version, unread, more)))
