"""Fixtures for the inbox page: who reads it, and what happens to them meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.bell import until
from tests.browser.conftest import Browse
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

OpenInbox = Callable[..., InboxPage]
Comment = Callable[[str], None]


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
