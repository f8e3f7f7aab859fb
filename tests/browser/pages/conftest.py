"""Fixtures for pages: who reads the inbox, what happens to them meanwhile, and a site with the demo's data."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.bell import until
from tests.browser.browsers import TIMEOUT
from tests.browser.conftest import Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site

OpenInbox = Callable[..., InboxPage]
Comment = Callable[[str], None]
Listening = tuple[BrowserContext, list[str]]
# What the browser blocked, from the first script on and in shadow roots too; it outlives navigations.
LISTEN = """document.addEventListener("securitypolicyviolation", (event) => window.violated(
  `${event.violatedDirective} ${event.blockedURI} ${event.sample} ${event.sourceFile} in ${location.pathname}`))"""


@pytest.fixture(scope="session")
def told_site(shared_site: StartSite) -> Site:
    """One of its own, with the demo's posts, messages and broadcast, and the demo accounts on offer.

    Where others have written a broadcast, the demo's is not made.
    """
    site = shared_site(DEBUG="1", DEMO="told")
    site.call("django.core.management.call_command", "seed_demo", verbosity=0)
    site.call("sql", "INSERT INTO auth_group (name) VALUES ('Moderators'), ('Translators')")
    return site


@pytest.fixture(scope="session")
def listening(chromium: Browser, told_site: Site) -> Listening:
    """A browser, and what its pages violated of their policy, threw, or logged as an error."""
    context = chromium.new_context(base_url=told_site.url(""))
    found: list[str] = []
    context.expose_function("violated", lambda text: found.append(text))
    context.add_init_script(LISTEN)
    context.on("weberror", lambda error: found.append(str(error.error)))
    context.on("console", lambda message: message.type == "error" and found.append(message.text))
    context.set_default_timeout(TIMEOUT)
    return context, found  # it ends with its browser: Playwright needs its event loop for that


@pytest.fixture
def comment(site: Site, person: str) -> Comment:
    def send(text: str) -> None:
        site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt=text, url="/people/")

    return send


@pytest.fixture
def inbox(browse: Browse, site: Site, person: str) -> OpenInbox:
    def start(path: str = "/inbox/", **options: Any) -> InboxPage:
        page = browse(site, person, **options).new_page()
        page.goto(path)
        until(page, "document.querySelector('notification-bell')?.state === 'live'")
        return InboxPage(page)

    return start
