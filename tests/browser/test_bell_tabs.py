"""The tabs of one browser share one connection, and any of them can hold it."""

from playwright.sync_api import BrowserContext

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, sockets, tab
from tests.servers import Site, wait_for


def watched_tab(context: BrowserContext) -> tuple[Bell, list[str]]:
    """A tab and the WebSockets it opens."""
    page = context.new_page()
    opened = sockets(page)
    page.goto("/")
    return Bell(page).live("websocket"), opened


def test_two_tabs_share_one_connection(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    leader, of_leader = watched_tab(context)
    follower, of_follower = watched_tab(context)
    site.call("send", "follow", [person], actor="alice")
    for bell in (leader, follower):
        bell.shows("1").news()
        bell.toasts.filter(has_text="alice followed you").wait_for()
    assert (len(of_leader), len(of_follower)) == (1, 0)

    leader.page.close()
    wait_for(lambda: follower.get("state") and len(of_follower) == 1)
    follower.live("websocket")
    site.call("send", "follow", [person], actor="carol")
    follower.shows("2")


def test_what_one_tab_writes_the_other_shows_without_the_server(browse: Browse, site: Site, person: str) -> None:
    site.call("send", "follow", [person], actor="alice")
    context = browse(site, person)
    one, _ = watched_tab(context)
    other, _ = watched_tab(context)
    other.page.route("**/push/**", lambda route: route.abort())
    one.shows("1").open().mark_all.click()
    one.shows("")
    other.shows("")


def test_a_frozen_leader_is_replaced(browse: Browse, site: Site, person: str) -> None:
    """Its tab holds the lock but answers nothing."""
    context = browse(site, person)
    leader, _ = watched_tab(context)
    names = leader.page.evaluate("navigator.locks.query().then(({held}) => held.map(({name}) => name))")
    assert len(names) == 1
    assert names[0].endswith(f":{site.call('ids', [person])[0]}")
    frozen = context.new_page()
    frozen.goto("/jsi18n/")  # any page without a bell
    leader.page.close()
    frozen.evaluate(
        "(name) => new Promise((held) => navigator.locks.request(name, {steal: true}, () => "
        "{ held(); return new Promise(() => {}); }).catch(() => {}))",
        names[0],
    )
    bell, _ = watched_tab(context)
    site.call("send", "follow", [person], actor="alice")
    bell.shows("1")


def test_a_robbed_leader_becomes_a_follower(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    bell, opened = watched_tab(context)
    thief = context.new_page()
    thief.goto("/jsi18n/")  # any page without a bell
    name = bell.page.evaluate("navigator.locks.query().then(({held}) => held[0].name)")
    thief.evaluate(
        "(name) => new Promise((held) => navigator.locks.request(name, {steal: true}, () => "
        "{ held(); return new Promise((release) => { window.release = release; }); }))",
        name,
    )
    thief.evaluate("window.release()")
    wait_for(lambda: bell.get("state") and len(opened) == 2)
    bell.live("websocket")


def test_without_web_locks_every_tab_connects(browse: Browse, site: Site, person: str) -> None:
    """As on http:// addresses other than localhost."""
    context = browse(site, person)
    context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    tabs = [watched_tab(context) for _ in range(2)]
    assert [len(opened) for _, opened in tabs] == [1, 1]
    site.call("send", "follow", [person], actor="alice")
    for bell, _ in tabs:
        bell.shows("1")


def test_the_tab_of_the_user_before_hears_nothing(browse: Browse, site: Site, person: str) -> None:
    """Two users one after the other in one browser: neither lock nor channel is shared, and the old tab follows."""
    site.call("send", "follow", [person], actor="alice")
    context = browse(site, person)
    before = tab(context).live().shows("1")
    value = site.cookies("carol")["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": value, "url": site.url()}])
    carol = tab(context).live("websocket").record()
    carol_id = site.call("ids", ["carol"])[0]
    before.until(f"bell.snapshot?.user === {carol_id}").live("websocket").shows("").record()
    site.call("send", "follow", [person], actor="bob")
    site.call("send", "follow", ["carol"], actor="bob")
    for bell in (before, carol):
        bell.until("bell.snapshot.by_type.follow >= 1")
        assert bell.get("snapshot")["user"] == carol_id
        assert len(bell.recorded()) == 1


def test_the_connection_follows_the_session(browse: Browse, site: Site, person: str) -> None:
    """Somebody else signed in: this page's old tab starts over as that user when it connects again."""
    site.call("send", "follow", [person], actor="alice")
    context = browse(site, person)
    bell = tab(context).live().shows("1")
    context.clear_cookies()
    site.call("user", f"{person}-2")
    value = site.cookies(f"{person}-2")["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": value, "url": site.url()}])
    bell.use("sse").shows("")
    assert bell.get("snapshot")["user"] == site.call("ids", [f"{person}-2"])[0]
