"""A user's id is a name: beyond 2^53 and below zero it is still this user's, and never the neighbour's."""

import re
from secrets import randbelow, token_hex

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.bell import as_threads
from tests.browser.conftest import Browse, snapshot, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.test_lab import visit
from tests.conftest import StartSite
from tests.servers import Site, wait_for

FIRST_UNSAFE = 2**53  # from here on JavaScript takes odd numbers for their neighbours


def person_with(site: Site, pk: int) -> str:
    name = f"p{token_hex(4)}"
    site.call("user", name, pk=pk)
    return name


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: later users get larger ids than these, and other tests have numbers in mind."""
    return shared_site(mqtt="embedded", LARGE_IDS=1)


@pytest.fixture
def neighbours(site: Site) -> tuple[str, str]:
    """Two users whose ids are one number to JavaScript."""
    pk = FIRST_UNSAFE + 4 * randbelow(10**9)
    assert float(pk) == float(pk + 1)
    return person_with(site, pk), person_with(site, pk + 1)


def sign_in(context: BrowserContext, site: Site, who: str) -> None:
    context.add_cookies([{"name": "sessionid", "value": site.cookies(who)["sessionid"], "url": site.url()}])


def documents(page: Page) -> list[str]:
    """The addresses that the page loads as documents from now on."""
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if request.is_navigation_request() else None)
    return loaded


@pytest.mark.parametrize("sign", [1, -1])
def test_the_inbox_of_an_id_beyond_javascript(browse: Browse, site: Site, sign: int) -> None:
    who = person_with(site, sign * (FIRST_UNSAFE + 1 + 2 * randbelow(10**9)))
    site.call("send", "system", [who], title="For you")
    page = browse(site, who).new_page()
    loaded = documents(page)
    page.goto("/inbox/")
    InboxPage(page).shows("For you")
    bell = tab(page.context).live("websocket").shows("1")
    site.call("send", "system", [who], title="And this")
    bell.shows("2")
    InboxPage(page).shows("And this", "For you")
    assert len(loaded) == 1
    assert str(bell.get("snapshot")["user"]) == str(site.call("ids", [who])[0])


def test_neighbours_in_two_tabs(browse: Browse, site: Site, neighbours: tuple[str, str]) -> None:
    """The second signs in: neither tab shows what is the first one's, though the first one's version is higher."""
    first, second = neighbours
    for title in ("Of the first", "More of the first"):
        site.call("send", "system", [first], title=title)
    context = browse(site, first)
    old = tab(context, "/inbox/").live().shows("2")
    sign_in(context, site, second)
    new = tab(context, "/inbox/").live()
    for bell in (new, old):
        bell.shows("")
        InboxPage(bell.page).shows()
    site.call("send", "system", [second], title="Of the second")
    new.shows("1")
    site.call("send", "system", [first], title="Again of the first")
    site.call("send", "system", [second], title="Again of the second")
    for bell in (new, old):
        InboxPage(bell.shows("2").page).shows("Again of the second", "Of the second")
        assert bell.get("snapshot")["user"] == str(site.call("ids", [second])[0])


def test_a_page_takes_the_name_of_the_neighbour(browse: Browse, site: Site, neighbours: tuple[str, str]) -> None:
    """Tabs share a connection under their user's name; under another one each snapshot would make them start again."""
    first, second = neighbours
    context = browse(site, first)
    old = tab(context).live()
    sign_in(context, site, second)
    new = tab(context).live()
    user = str(site.call("ids", [second])[0])
    for bell in (new, old):
        bell.until(f"bell.snapshot?.user === '{user}'")

    def names() -> list[str]:
        held: list[str] = old.page.evaluate("navigator.locks.query().then(({held}) => held.map(({name}) => name))")
        return [name.rpartition(":")[2] for name in held]

    wait_for(lambda: names() == [user], what="one leader, of the second")


def test_a_neighbour_s_count_is_not_shown_meanwhile(browse: Browse, site: Site, neighbours: tuple[str, str]) -> None:
    """A tab remembers the count of its last page, for the same user."""
    first, second = neighbours
    site.call("send", "system", [first], title="Of the first")
    context = browse(site, first)
    bell = tab(context).live().shows("1")
    sign_in(context, site, second)
    bell.page.route(re.compile("/push/(poll|sse)/"), lambda route: route.abort())
    bell.page.route_web_socket(re.compile("/push/ws/"), lambda socket: None)
    bell.page.reload()
    bell.until("bell.state === 'connecting'")
    assert bell.badge.inner_text() == ""


def test_an_answer_about_the_neighbour_is_not_shown(browse: Browse, site: Site, neighbours: tuple[str, str]) -> None:
    first, second = neighbours
    bell = tab(browse(site, second)).live().record()
    with bell.page.expect_response("**/push/poll/**"):  # asks who is signed in
        bell.page.evaluate(
            "(snapshot) => document.querySelector('notification-bell').offer(snapshot)",
            {"user": site.call("ids", [first])[0], "version": 9e9, "unread": 7, "by_type": {"like": 7}},
        )
    bell.live()
    assert bell.recorded() == []


def test_the_lab_of_the_neighbour(browse: Browse, site: Site, neighbours: tuple[str, str]) -> None:
    """The second signs in: their state is on each card, MQTT's too, though the first one's version is higher."""
    first, second = neighbours
    site.call("send", "system", [first], title="Of the first")
    lab = visit(browse(site, first)).are("live").show(site.call("snapshot", first))
    lab.shown_to(hidden=True)
    lab.are("asleep")
    sign_in(lab.page.context, site, second)
    lab.shown_to(hidden=False)
    lab.are("live").show(site.call("snapshot", second))


LISTS = re.compile(r"/api/v1/inbox/(threads/)?\?")


def of_another(route: Route) -> None:
    """A page of somebody else's items: another user has signed in, in another tab."""
    item = {"ref": "system-1", "type": "system", "title": "Of another", "body": "", "url": "", "level": "info",
            "created_at": "2026-01-01T00:00:00Z", "read": False, "archived": False}  # fmt: skip
    page = {"user": "another", "version": 1, "items": [item], "next": None}
    route.fulfill(json=as_threads(page) if "/threads/" in route.request.url else page)


def test_items_of_another_user_are_not_shown(browse: Browse, site: Site, person: str) -> None:
    """Neither when the page reads what is new, nor at its start; where it has loaded again, it says so."""
    site.call("send", "system", [person], title="Mine")
    page = browse(site, person).new_page()
    page.goto("/inbox/")
    inbox = InboxPage(page)
    inbox.shows("Mine")
    page.route("**/api/v1/inbox/?*", of_another)
    with page.expect_navigation():
        site.call("send", "system", [person], title="New")
    expect(inbox.banner).to_contain_text("Someone else is signed in now.")
    expect(inbox.row("Of another")).to_have_count(0)
    page.unroute("**/api/v1/inbox/?*")
    inbox.banner.get_by_role("button").click()
    inbox.shows("New", "Mine")


def test_nor_in_the_panel(browse: Browse, site: Site, person: str) -> None:
    site.call("send", "system", [person], title="Mine")
    context = browse(site, person)
    bell = tab(context).live().shows("1")
    context.route(LISTS, of_another)
    with bell.page.expect_response(LISTS), bell.page.expect_request("**/push/poll/**"):
        bell.open()  # and asks who is signed in
    bell.live()
    expect(bell.row("Of another")).to_have_count(0)
    context.unroute(LISTS)
    site.call("send", "system", [person], title="New")
    expect(bell.row("New")).to_be_visible()
    expect(bell.row("Mine")).to_be_visible()


def test_a_page_of_somebody_else_is_loaded_again_once(browse: Browse, site: Site, person: str) -> None:
    """However often it hears of another user; then it says so, and leaves reloading to the reader."""

    def another(route: Route) -> None:
        route.fulfill(body=snapshot("someone-else", 1, 3), content_type="application/json")

    def bell_says(user: str) -> None:
        page.evaluate(
            "(snapshot) => document.dispatchEvent(new CustomEvent('reddot:change', { detail: snapshot }))",
            {"user": user, "version": 9e9, "unread": 7, "by_type": {"like": 7}},
        )

    def stops(after: int) -> None:
        expect(banner).to_contain_text("Someone else is signed in now.")
        expect(page.locator("[data-list]")).to_have_attribute("aria-busy", "false")
        expect(page.locator("[data-read-all]")).to_be_disabled()
        assert len(loaded) == after

    site.call("send", "like", [person], actor="alice", target_title="Whoever is signed in")
    page = browse(site, person).new_page()
    banner = page.locator("[data-banner]")
    page.goto("/inbox/")
    inbox = InboxPage(page)
    page.route("**/api/v1/unread/", another)
    loaded = documents(page)
    with page.expect_event("load"):
        inbox.tab("Likes").click()
    inbox.shows("Whoever is signed in")  # the page brings what is this user's
    for user in ("someone-else", "a-third"):
        bell_says(user)
        stops(after=1)
        inbox.counts("Likes", "1")
    expect(page.locator("[data-empty]")).to_be_hidden()
    inbox.tab("All").click()
    expect(page).to_have_url("/inbox/")
    stops(after=1)
    page.unroute("**/api/v1/unread/")
    with page.expect_navigation():
        banner.get_by_role("button").click()
    inbox.shows("Whoever is signed in")
    expect(banner).to_be_hidden()
    expect(page.locator("[data-read-all]")).to_be_enabled()
    bell_says("someone-else")
    stops(after=2)
