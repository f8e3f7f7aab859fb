"""Who goes on before a page is there, at any point of its load or in the middle of an act: nobody hears of it, and
the act is done."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Request, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.pages.conftest import Comment
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.pages.quiet import Quiet
from tests.conftest import StartSite
from tests.servers import Site, wait_for

PATHS = ["/", "/people/", "/inbox/", "/inbox/?view=threads", "/lab/"]
# Not in this task: Playwright's call has its answer first.
GO = "(path) => { setTimeout(() => location.assign(path)); }"
AWAY = {
    "elsewhere": "location.assign('/people/')",
    "anew": "location.reload()",
    "back": "history.back()",
    "several times": "location.assign('/people/'); location.reload(); location.assign('/people/')",
}


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(server=["uvicorn"])


@pytest.fixture
def context(browse: Browse, site: Site, person: str, comment: Comment) -> BrowserContext:
    for number in range(len(AWAY)):
        comment(f"number {number}")
    return browse(site, person)


@pytest.fixture
def quiet(context: BrowserContext) -> Quiet:
    return Quiet(context)


@pytest.fixture
def page(context: BrowserContext, quiet: Quiet) -> Iterator[Page]:
    """At last it is at rest."""
    page = context.new_page()
    yield page
    leave(page, "/people/")
    Bell(page).live()
    quiet.check(page.url)


def leave(page: Page, path: str) -> None:
    """Whatever it is doing: Playwright complains if it was about to be somewhere else."""
    for _attempt in range(3):
        with suppress(Error):
            page.goto(path, wait_until="commit")
            return


@pytest.mark.parametrize("path", PATHS)
def test_at_any_point_of_its_load(page: Page, quiet: Quiet, path: str) -> None:
    """After each of its requests."""
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.goto(path)
    Bell(page).live()
    for point in range(1, len(requests)):
        requests.clear()
        with page.expect_event("request", lambda _request, point=point: len(requests) >= point):
            page.evaluate(GO, path)
        leave(page, "/people/")
        quiet.check(f"{path} left after {point} requests")


def test_back_and_forth(page: Page, quiet: Quiet) -> None:
    """Before any of them is there, and with pages from the back/forward cache."""
    for path in PATHS:
        page.goto(path, wait_until="commit")
    for _round in range(2):
        for way in ("back", "back", "forward", "back", "forward", "forward"):
            with suppress(Error):  # the page has gone meanwhile
                page.evaluate(f"() => {{ setTimeout(() => history.{way}()); }}")
        for _again in range(3):
            with suppress(Error):
                page.reload(wait_until="commit")
    leave(page, "/")
    quiet.check(page.url)


def test_an_act_of_who_leaves_at_once_is_done(page: Page, quiet: Quiet, site: Site, person: str) -> None:
    for number, away in enumerate(AWAY.values(), 1):
        page.goto("/people/")
        page.goto("/inbox/")
        InboxPage(page)
        with page.expect_event("framenavigated"), suppress(Error):
            page.evaluate(
                f"() => {{ document.querySelector('[data-act=archive]').click(); setTimeout(() => {{ {away} }}); }}"
            )
        page.wait_for_load_state()
        left = len(AWAY) - number
        wait_for(lambda left=left: site.call("snapshot", person)["unread"] == left, what=away)
        quiet.check(away)
    page.goto("/inbox/?view=archived")
    expect(page.locator(".rd-row")).to_have_count(len(AWAY))
