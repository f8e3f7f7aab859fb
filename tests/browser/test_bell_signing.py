"""Who is signed in may change in another tab. A page asks the server with what the browser has now, and shows nobody
what is another's."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, newcomer, tab
from tests.servers import Site, wait_for

PASSWORD = "reddot-demo"
TRANSPORTS = ["websocket", "sse", "long-poll", "short-poll", "iframe"]


def sign_in(context: BrowserContext, site: Site, who: str) -> None:
    """A new session's cookie, by whatever page set it."""
    context.add_cookies([{"name": "sessionid", "value": site.cookies(who)["sessionid"], "url": site.url()}])


def signs_in_meanwhile(context: BrowserContext, addresses: str, site: Site, who: str) -> list[str]:
    """`who` signs in as soon as a request to these addresses is refused, before the page hears of that: it asks again
    after two seconds, and a slow test might sign in later. What was refused."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        response = route.fetch()
        if response.status == 401 and not refused:
            refused.append(route.request.url)
            sign_in(context, site, who)
        route.fulfill(response=response)

    context.route(re.compile(addresses), answer)
    return refused


def sign_out(page: Page) -> None:
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Red Dot")).to_be_visible()


def asks_rarely(context: BrowserContext) -> list[int]:
    """Short polls are ten minutes apart, so that only another tab can tell; the statuses of what was asked."""
    statuses: list[int] = []

    def answer(route: Route) -> None:
        response = route.fetch()
        statuses.append(response.status)
        route.fulfill(response=response, headers=response.headers | {"x-poll-interval": "600"})

    context.route("**/push/poll/*", answer)
    return statuses


def rare_tab(context: BrowserContext) -> Bell:
    """A tab that hears nothing from the server by itself."""
    return tab(context).live().use("short-poll")


# A verdict from an old credential


@pytest.mark.parametrize(
    "transport", [TRANSPORTS[0], *(pytest.param(transport, marks=pytest.mark.soak) for transport in TRANSPORTS[1:])]
)
def test_a_new_password_ends_the_session_not_the_bell(browse: Browse, site: Site, person: str, transport: str) -> None:
    """The server ends the connection before the answer with the new cookie has come."""
    context = browse(site, person)
    bell = tab(context).live().use(transport)
    refused = signs_in_meanwhile(context, "/push/poll/", site, person)
    site.call("change_password", person)
    wait_for(lambda: bell.page.evaluate("1") and refused, what="a question with the old cookie")
    site.call("send", "follow", [person], actor="alice")
    bell.live(transport).shows("1")


def test_changes_the_own_password_in_another_tab(browse: Browse, site: Site) -> None:
    """Django's own form, which rotates the session."""
    who = newcomer(site)
    site.call("user", who, is_staff=True)
    context = browse(site, who)
    bell, other = tab(context).live("websocket"), context.new_page()
    other.goto("/admin/password_change/")
    other.get_by_label("Old password").fill(PASSWORD)
    for label in ("New password", "New password confirmation"):
        other.get_by_label(label, exact=True).or_(other.get_by_label(f"{label}:", exact=True)).fill("another-reddot-1")
    other.get_by_role("button", name="Change my password").click()
    other.get_by_text("Your password was changed.").wait_for()
    site.call("send", "follow", [who], actor="alice")
    bell.shows("1").live("websocket")
    assert bell.get("state") == "live"


def test_a_refused_panel_asks_who_is_signed_in(browse: Browse, site: Site, person: str) -> None:
    """The list was asked for with an old cookie, or so it seems; by the time the bell asks, there is a new one."""
    context = browse(site, person)
    site.call("send", "follow", [person], actor="alice")
    bell = tab(context).live("websocket").shows("1")
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        if len(refused) == 1:
            route.fulfill(status=401, content_type="application/problem+json", body="{}")
        else:
            route.continue_()

    bell.page.route("**/api/v1/inbox/*", refuse)
    bell.open()
    expect(bell.row("alice followed you")).to_be_visible()
    bell.live("websocket")
    assert len(refused) >= 2  # once more if the snapshot of what the panel has seen is faster than its answer


def test_the_inbox_page_asks_once_more_before_it_leaves(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    page = context.new_page()
    page.goto("/inbox/")
    Bell(page).live()
    refused = signs_in_meanwhile(context, "/api/v1/|/push/poll/", site, person)
    site.call("change_password", person)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(lambda: page.evaluate("1") and refused)
    site.call("send", "follow", [person], actor="alice")
    expect(page.locator(".rd-row", has_text="alice followed you")).to_be_visible()
    assert page.url.endswith("/inbox/")


# Other tabs


def test_signing_out_silences_the_other_tabs_at_once(browse: Browse, site: Site, person: str) -> None:
    site.call("send", "follow", [person], actor="alice")
    context = browse(site, person)
    statuses = asks_rarely(context)
    leader, follower, other = rare_tab(context), rare_tab(context), tab(context).live()
    for bell in (leader, follower):
        bell.shows("1")
    asked = len(statuses)
    sign_out(other.page)
    for bell in (leader, follower):
        bell.until("bell.state === 'signed-out'").shows("")
        expect(bell.toasts).to_have_count(0)
    assert 401 in statuses[asked:]
    # Back again, in the tab that signed out.
    other.page.get_by_label("Username").fill(person)
    other.page.get_by_label("Password").fill(PASSWORD)
    other.page.get_by_role("button", name="Sign in", exact=True).click()
    for bell in (leader, follower):
        bell.live().shows("1")


def test_another_user_signs_in(browse: Browse, site: Site, person: str) -> None:
    """What is on screen of the first goes, toasts and list too; nothing that arrives for them is shown any more."""
    context = browse(site, person)
    asks_rarely(context)
    old = rare_tab(context)
    site.call("send", "system", [person], title="Secret of the first")
    old.wake("online").shows("1").news()
    expect(old.toasts.filter(has_text="Secret of the first")).to_be_visible()
    second = newcomer(site)
    sign_in(context, site, second)
    tab(context).live()
    second_id = site.call("ids", [second])[0]
    old.until(f"bell.snapshot?.user === {second_id}").shows("")
    expect(old.toasts).to_have_count(0)
    site.call("send", "system", [person], title="Another secret")
    expect(old.status).not_to_contain_text("secret")
    site.call("send", "system", [second], title="For the second")
    old.wake("online").shows("1").open()
    expect(old.rows).to_have_count(1)
    expect(old.row("For the second")).to_be_visible()


@pytest.mark.parametrize("said", ["", "999999"])
def test_a_stale_page_signs_nobody_out(browse: Browse, site: Site, person: str, said: str) -> None:
    """A page from a cache says that nobody, or somebody else, is signed in: the server says who is."""
    site.call("send", "follow", [person], actor="alice")
    context = browse(site, person)
    bell = tab(context).live("websocket").shows("1")
    states = bell.page.evaluate_handle(
        "() => { const states = []; const bell = document.querySelector('notification-bell');"
        "new MutationObserver(() => states.push(bell.state)).observe(bell, { attributes: true }); return states; }"
    )
    page = context.new_page()
    page.goto("/jsi18n/")
    page.evaluate(
        "(user) => { new BroadcastChannel(`reddot:${new URL('/push/', location.href)}`).postMessage({ user }); }", said
    )
    wait_for(lambda: states.json_value()[-1:] == ["live"])
    assert "signed-out" not in states.json_value()
    bell.shows("1")


def test_an_answer_for_the_user_before_changes_nothing(browse: Browse, site: Site, person: str) -> None:
    """An API call that was under way when somebody else signed in."""
    bell = tab(browse(site, person)).live("websocket").shows("")
    asked: list[str] = []
    bell.page.on("request", lambda request: "/push/poll/" in request.url and asked.append(request.url))
    bell.page.evaluate(
        "() => { window.shown = [];"
        "document.addEventListener('reddot:change', ({ detail }) => shown.push(detail.user)); }"
    )
    bell.page.evaluate(
        "() => { const bell = document.querySelector('notification-bell'); for (let times = 0; times < 20; times += 1)"
        "bell.offer({ user: 'x', version: 9, unread: 7, capped: false, by_type: {} }); }"
    )
    site.call("send", "follow", [person], actor="alice")
    bell.live("websocket").shows("1")
    assert set(bell.page.evaluate("shown")) == set(site.call("ids", [person]))
    assert len(asked) <= 1


def test_what_the_first_could_not_write_is_not_kept_for_the_second(browse: Browse, site: Site, person: str) -> None:
    """It was on its way when they signed in."""
    context = browse(site, person)
    site.call("send", "system", [person], title="Secret of the first")
    old = tab(context).live().shows("1").open()
    waiting: list[Route] = []
    old.page.route(re.compile("/api/v1/inbox/system-"), lambda route: waiting.append(route))
    old.act("Secret of the first", "Star")
    wait_for(lambda: old.page.title() and waiting)
    second = newcomer(site)
    sign_in(context, site, second)
    tab(context).live()
    old.until(f"bell.snapshot?.user === {site.call('ids', [second])[0]}").shows("")
    waiting[0].fulfill(status=503, body="")
    site.call("send", "system", [second], title="For the second")
    old.wake("online").shows("1")
    expect(old.row("For the second")).to_be_visible()
    expect(old.panel).not_to_contain_text("Secret")
    assert len(waiting) == 1
