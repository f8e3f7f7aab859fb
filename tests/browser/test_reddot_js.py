"""reddot.js: the state without the bell, and all that a user can do."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.bell import until
from tests.browser.conftest import Browse
from tests.servers import Site, wait_for
from tools.processes import ROOT

from .pages.test_subjects import HIDDEN

CONNECT = """async (settings) => {
  const { connect } = await import("/static/push/reddot.js");
  window.reddot = connect(settings);
  window.heard = [];
  window.states = [];
  reddot.addEventListener("change", ({ detail }) => heard.push(detail));
  reddot.addEventListener("state", ({ detail }) => states.push(detail));
}"""


def plain(browse: Browse, site: Site, who: str = "") -> Page:
    """A page of the site that has no bell."""
    page = browse(site, who).new_page()
    page.goto("/jsi18n/")
    return page


def live(page: Page, transport: str = "websocket") -> None:
    until(page, f"reddot.state === 'live' && reddot.transport === '{transport}' && reddot.snapshot")


@pytest.mark.parametrize("transport", ["auto", pytest.param("iframe", marks=pytest.mark.soak)])
def test_tells_what_changes(browse: Browse, site: Site, person: str, transport: str) -> None:
    """Who it is, it need not be told."""
    page = plain(browse, site, person)
    page.evaluate(CONNECT, {"transport": transport})
    live(page, {"auto": "websocket"}.get(transport, transport))
    assert page.evaluate("reddot.snapshot.user") == site.call("ids", [person])[0]
    site.call("send", "follow", [person], actor="alice")
    until(page, "heard.at(-1)?.unread === 1 && reddot.snapshot.unread === 1")
    assert {"state": "live", "transport": page.evaluate("reddot.transport")} in page.evaluate("states")


def test_reads_and_marks(browse: Browse, site: Site, person: str) -> None:
    site.call("send", "follow", [person], actor="alice")
    page = plain(browse, site, person)
    token = page.context.request.get("/").text().split('csrf-token="')[1].split('"')[0]
    page.evaluate(CONNECT, {"user": site.call("ids", [person])[0], "csrfToken": token})
    live(page)
    page.evaluate(
        "async () => { const { version, items } = await reddot.api.inbox(5); window.titles = items.map((i) => i.title);"
        "reddot.offer(await reddot.api.readUpTo(version)); }"
    )
    assert page.evaluate("titles") == ["alice followed you"]
    assert page.evaluate("[reddot.snapshot.unread, heard.at(-1).unread]") == [0, 0]


def test_signed_out(browse: Browse, site: Site) -> None:
    page = plain(browse, site)
    page.evaluate(CONNECT, {})
    until(page, "reddot.state === 'signed-out'")
    assert page.evaluate("[reddot.snapshot, heard]") == [None, []]


def test_closes_for_good(browse: Browse, site: Site, person: str) -> None:
    page = plain(browse, site, person)
    closed: list[str] = []
    page.on("websocket", lambda socket: socket.on("close", lambda socket: closed.append(socket.url)))
    page.evaluate(CONNECT, {"user": site.call("ids", [person])[0]})
    live(page)
    page.evaluate("reddot.close()")
    wait_for(lambda: page.evaluate("1") and closed)
    page.evaluate("window.dispatchEvent(new Event('pageshow'))")
    assert page.evaluate("[reddot.state, reddot.transport]") == ["offline", ""]
    assert page.evaluate("navigator.locks.query().then(({ held }) => held.length)") == 0


# Each method once, and what it says. `told` is whether the state has taken in the answer to a write.
ACTS = """async ({ alice, post, visit }) => {
  const { api } = reddot, found = {}, titles = ({ items }) => items.map(({ title }) => title);
  const later = new Date(Date.now() + 6e7), sooner = new Date(Date.now() - 6e7);
  const told = ({ version }) => reddot.snapshot.version === version;
  const refused = (promise) => promise.then(() => 0, ({ status }) => status);
  found.unread = (await api.unread()).unread;
  await reddot.seen();
  found.unseen = [reddot.snapshot.unread, reddot.snapshot.unseen];

  const { threads, version } = await api.threads(10, { unread: true });
  const { key, newest: { ref, subject }, items, title } = threads.find(({ newest }) => newest.type === "comment");
  found.thread = [items, title];
  const first = await api.thread(key, 2), next = await api.thread(key, 2, first.next);
  found.items = [first.items.length, next.items.length, next.next];
  const filter = { q: "GREEN", type: ["comment", "like"], not_type: "share", actor: alice, unread: true,
    since: sooner, until: later, subject, thread: key };
  found.filtered = titles(await api.inbox(10, filter));
  found.count = (await api.count(filter)).count;
  found.item = (await api.item(ref)).subject;

  const starred = await api.star(ref);
  found.star = [told(starred), (await api.inbox(10, { starred: true })).items[0].ref === ref];
  await api.star(ref, false);
  await api.snooze(ref, later);
  const second = (until) => new Date(until).toISOString().slice(0, 19);
  const same = (until) => second(until) === second(later);
  found.snooze = (await api.inbox(10, { snoozed: true })).items.map(({ snoozed_until: until }) => same(until));
  await api.snooze(ref, null);
  const archived = await api.archive(ref);
  found.archive = [titles(await api.inbox(10, { archived: true })).length, told(archived)];
  found.undo = (await api.undo(archived.undo)).restored;
  await api.remove(ref), await api.restore(ref);
  found.many = (await api.changeMany([ref], { read: true, starred: true })).changed;
  found.read = titles(await api.inbox(10, { read: true })).length;
  await api.change(ref, { read: false });
  found.one = (await api.read([ref])).changed;
  const { version: now } = await api.inbox(1);
  found.all = (await api.changeAll({ ...filter, unread: false }, { archived: true }, now)).changed;

  const [asked] = (await api.inbox(1, { type: "system" })).items;
  await api.press(asked.ref, 1);
  found.press = (await api.item(asked.ref)).pressed;

  await api.follow(subject);
  found.following = (await api.following(10)).items.map((each) => each.subject === subject);
  await api.unfollow(subject);
  await api.silence(subject, { until: later });
  found.silences = (await api.silences(10)).items.map(({ until }) => same(until));
  await api.unsilence(subject);
  found.gone = [(await api.following(10)).items, (await api.silences(10)).items];
  await api.setPreferences({ muted: ["like"] });
  found.preferences = await api.preferences();
  found.ticket = typeof (await api.ticket({ ttl: 60 })).ticket;
  found.announcements = (await api.announcements()).items;
  await api.report([{ ref: "broadcast-1", what: "shown" }]);
  found.refused = [await refused(api.closeBanner("broadcast-999999")), await refused(api.confirm("broadcast-999999"))];

  found.visited = (await api.visited(visit)).changed;
  found.rest = (await api.readUpTo((await api.inbox(1)).version)).changed;
  found.state = [reddot.snapshot.unread, "changed" in reddot.snapshot, "undo" in heard.at(-1)];
  return found;
}"""


def visit_of(page: Page, post: int) -> str:
    return page.context.request.get(f"/posts/{post}/").text().split('data-inbox-visit="')[1].split('"')[0]


def test_everything_that_a_user_can_do(browse: Browse, site: Site, person: str) -> None:
    """Each operation of the API has a method."""
    alice, post = site.call("ids", ["alice"])[0], site.call("post", "alice", "Tea")
    about = {"actor": "alice", "target": f"demo.post:{post}", "url": f"/posts/{post}/", "target_title": "Tea"}
    for excerpt in ("Green", "Green or black?", "Black"):
        site.call("send", "comment", [person], **about, excerpt=excerpt)
    buttons = [{"label": "Approve", "url": "/people/"}, {"label": "Decline", "url": "/people/?no"}]
    site.call("send", "system", [person], title="Holidays", buttons=buttons)
    page = plain(browse, site, person)
    page.evaluate(CONNECT, {})
    live(page)
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, urlsplit(request.url).path)))
    found = page.evaluate(ACTS, {"alice": alice, "post": post, "visit": visit_of(page, post)})
    assert found == {
        "unread": 4,
        "unseen": [4, 0],
        "thread": [3, "alice commented on “Tea”"],
        "items": [2, 1, None],
        "filtered": ["alice commented on “Tea”"] * 2,
        "count": 2,
        "item": about["target"],
        "star": [True, True],
        "snooze": [True],
        "archive": [1, True],
        "undo": 1,
        "many": 1,
        "read": 1,
        "one": 1,
        "all": 2,
        "press": 1,
        "following": [True],
        "silences": [True],
        "gone": [[], []],
        "preferences": {
            "muted": ["like"],
            "language": "",
            "time_zone": "",
            "character_keys": True,
            "density": "comfortable",
        },
        "ticket": "string",
        "announcements": [],
        "refused": [404, 404],
        "visited": 0,
        "rest": 0,
        "state": [0, False, False],
    }
    document = page.context.request.get("/api/v1/openapi.json").json()
    paths = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in document["paths"]}
    exact = {(method, path) for method, path in asked if path in paths}
    used = exact | {
        (method, template)
        for method, path in asked
        for template, pattern in paths.items()
        if path not in paths and pattern.fullmatch(path)
    }
    operations = {
        (method.upper(), path): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "For services" not in operation["tags"]
    }
    assert {operations[each] for each in used} ^ set(operations.values()) == {"setPreferences"}  # PATCH says the same


def members(declaration: str) -> set[str]:
    text = (ROOT / "push/static/push/reddot.d.ts").read_text()
    body = re.search(rf"{declaration}[^\n]*\{{\n(.*?)\n\}}", text, re.DOTALL)
    assert body is not None
    return set(re.findall(r"^  (?:readonly )?(\w+)[(:]", body[1], re.MULTILINE))


INNER = {"constructor", "pageQuery", "request", "write"}  # of the class only
NAMES = """async () => {
  const { RedDot } = await import("/static/push/reddot.js");
  const own = (object) => Object.getOwnPropertyNames(object);
  const classes = (object) => (object === Object.prototype ? [] : [object, ...classes(Object.getPrototypeOf(object))]);
  return [own(RedDot.prototype), classes(Object.getPrototypeOf(reddot.api)).flatMap(own)];
}"""


def test_what_there_is_is_declared(browse: Browse, site: Site, person: str) -> None:
    page = plain(browse, site, person)
    page.evaluate(CONNECT, {})
    reddot, api = page.evaluate(NAMES)
    assert members("export interface Api ") == set(api) - INNER
    listeners = {"addEventListener", "removeEventListener"}
    assert members("export class RedDot ") - listeners - {"api"} == set(reddot)


def test_a_visit_counts_once_the_page_is_visible(browse: Browse, site: Site, person: str) -> None:
    post = site.call("post", "alice", f"Milk of {person}")
    site.call("send", "comment", [person], actor="alice", target=f"demo.post:{post}", target_title="Milk")
    page = browse(site, person).new_page()
    page.add_init_script(HIDDEN)
    page.goto("/jsi18n/")
    page.evaluate(CONNECT, {})
    until(page, "reddot.snapshot?.unread === 1")
    posted: list[str] = []
    page.on("request", lambda request: request.method == "POST" and posted.append(request.url))
    page.evaluate("(visit) => reddot.visited(visit)", visit_of(page, post))
    assert page.evaluate("reddot.api.unread().then(({ unread }) => unread)") == 1
    assert posted == []
    page.evaluate("reveal()")
    until(page, "reddot.snapshot.unread === 0")
    assert [urlsplit(url).path for url in posted] == ["/api/v1/inbox/visited/"]
