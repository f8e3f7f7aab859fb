"""/inbox/ in Chromium: the script takes over the rows that the page came with, asks for nothing and moves nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inbox.core.snapshots import MAX_VERSION
from tests.browser.bell import until
from tests.browser.conftest import Browse, newcomer
from tests.browser.looks import PHONE
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site, wait_for

SCRIPT = re.compile(r"/inbox(-.{8})?\.js$")  # what takes the page over
# Layout shifts, from the first frame on; those within half a second of an act of the user do not count.
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries()))
  .observe({ type: "layout-shift", buffered: true });"""
ARABIC = "النسخة الاحتياطية جاهزة الآن"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
# The rows without what only forms need, and with the drawing in the place of a reference to it.
ROWS = """(root) => {
  const copy = root.cloneNode(true);
  for (const svg of copy.querySelectorAll("svg")) {
    const use = svg.querySelector("use");
    const path = use ? document.querySelector(`${use.getAttribute("href")} path`) : svg.querySelector("path");
    svg.replaceWith(`[${path.getAttribute("d")}]`);
  }
  const lines = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.data.trim() || !node.data.includes("\\n")) lines.push(JSON.stringify(node.data));
      return;
    }
    const ofForms = ({ name }) => node.localName === "button" && ["name", "value", "type"].includes(name);
    const isStop = ({ name }) => name === "tabindex" && node.ariaHidden === null; // stops.js sets it
    const kept = [...node.attributes].filter((each) => !ofForms(each) && !isStop(each));
    const value = ({ name, value }) => (["href", "src"].includes(name) ? new URL(value, document.baseURI).href : value);
    lines.push([node.localName, ...kept.map((each) => `${each.name}=${value(each)}`).sort()].join(" "));
    node.childNodes.forEach(walk);
    lines.push(`/${node.localName}`);
  };
  walk(copy);
  return lines;
}"""


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: a broadcast advances everybody's version, and other tests send small ones."""
    return shared_site(server=["uvicorn"], INBOX_ACTORS="tests.site.faces.faces")


@pytest.fixture
def announce(site: Site) -> Iterator[Callable[..., None]]:
    made: list[int] = []
    yield lambda title, **columns: made.append(site.call("broadcast", title, **columns))
    for pk in made:
        site.call("withdraw", pk)


@pytest.fixture
def reader(site: Site, announce: Callable[..., None]) -> str:
    """Whose inbox has one item of every kind."""
    who, actor = newcomer(site), newcomer(site)
    site.call("change_user", actor, first_name=f"{FAMILY} Élodie", last_name="\u202eevil")
    old = (datetime.now(UTC) - timedelta(days=90)).isoformat()
    site.call("send", "system", [who], title="Old", created_at=old)
    for text in ("short", "two\nlines", f"{ARABIC} {FAMILY}"):
        site.call("send", "comment", [who], actor=actor, target_title="Tea & <b>", excerpt=text, url="/people/?a=1&b=2")
    site.call("send", "system", [who], title="W" * 200, body="x" * 9_000, level="critical")
    site.call(
        "send", "system", [who], title=ARABIC, body=f"{FAMILY} " * 40, level="warning", url="https://example.org/"
    )
    site.call("send", "follow", [who], actor="alice")  # who has a picture
    site.call("send", "system", [who], title="Asks", buttons=BUTTONS, level="success")
    announce("Two languages", body=MARKUP, url="/")
    return who


MARKUP = f"**Bold** [link](/people/)\n\n{ARABIC}\n\n- one\n\n> two\n\n| a | b |\n|--|--:|\n| 1 | 2 |"
BUTTONS = [{"label": "Yes", "url": "/people/", "labels": {}}, {"label": "No & never", "url": "/", "labels": {}}]


def open_page(browse: Browse, site: Site, who: str, path: str = "/inbox/", **options: Any) -> tuple[Page, list[str]]:
    """The page when its bell is live, and the requests to the API until then."""
    page = browse(site, who, **options).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/inbox/" in request.url else None)
    page.add_init_script(SHIFTS)
    page.goto(path)
    until(page, "document.querySelector('notification-bell')?.state === 'live'")
    InboxPage(page)
    return page, asked


PATHS = ["/inbox/", "/inbox/?view=threads", "/inbox/?view=starred", "/inbox/?view=snoozed", "/inbox/?q=tea"]


@pytest.mark.parametrize("path", PATHS)
def test_rows_are_made_in_the_same_way(browse: Browse, site: Site, reader: str, path: str) -> None:
    [user] = site.call("ids", [reader])
    refs = site.call("refs", reader)
    site.call("inbox.services.mark_read", user, refs[1:2])
    site.call("inbox.services.star", user, refs[:3])
    if "snoozed" in path:
        site.call("snooze", reader, refs[:2], 86_400)
    page, _asked = open_page(browse, site, reader, path)
    rows = page.locator("[data-list]")
    assert rows.locator(".rd-row").count() > 0
    brought = rows.evaluate(ROWS)
    assert path != "/inbox/" or {"rd-picture", "rd-initials"} <= set(classes(brought))
    page.route("**/api/v1/inbox/seen/", lambda route: route.abort())
    page.evaluate(REBUILD)
    expect(rows).to_have_attribute("aria-busy", "false")
    made = rows.evaluate(ROWS)
    assert brought == made


def classes(lines: list[str]) -> list[str]:
    return re.findall(r"class=(rd-[a-z]+)", " ".join(lines))


# Another filter and back: the script makes all rows anew.
REBUILD = """async () => {
  const here = location.href;
  history.pushState(history.state, "", "?q=nothing+has+this");
  dispatchEvent(new PopStateEvent("popstate"));
  while (document.querySelector(".rd-row")) await new Promise(requestAnimationFrame);
  history.pushState(history.state, "", here);
  dispatchEvent(new PopStateEvent("popstate"));
  while (!document.querySelector(".rd-row")) await new Promise(requestAnimationFrame);
}"""


@pytest.mark.parametrize("size", [{}, {"viewport": PHONE, "has_touch": True, "is_mobile": True}], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/inbox/", "/inbox/?view=threads"])
def test_nothing_is_asked_for_and_nothing_moves(
    browse: Browse, site: Site, reader: str, path: str, size: dict[str, Any]
) -> None:
    [user] = site.call("ids", [reader])
    site.call("inbox.services.see", user, MAX_VERSION)  # the page has nothing to write
    page, asked = open_page(browse, site, reader, path, **size)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "/announcements/" not in url] == []
    shift = page.evaluate("shifts.reduce((sum, {value, hadRecentInput}) => sum + (hadRecentInput ? 0 : value), 0)")
    assert shift <= 0.001


def test_the_row_that_has_the_focus_stays_the_node_that_it_is(browse: Browse, site: Site, reader: str) -> None:
    """Its buttons are the script's from then on."""
    context = browse(site, reader)
    page = context.new_page()
    held: list[Any] = []
    page.route(SCRIPT, lambda route: held.append(route))
    page.goto("/inbox/", wait_until="commit")
    wait_for(lambda: page.title() and held)
    title = page.locator(".rd-title").nth(1)
    title.focus()
    page.evaluate("window.title = document.activeElement")
    held[0].continue_()
    expect(page.locator("[data-late]")).to_have_count(0)
    assert page.evaluate("document.activeElement === title && title.isConnected")
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.keyboard.press("s")
    assert page.url == site.url("/inbox/")


def test_a_thread_s_page(browse: Browse, site: Site, reader: str) -> None:
    """A plain click unfolds the thread in place; in a new tab its items have a page of their own, with all acts."""
    page, _asked = open_page(browse, site, reader, "/inbox/?view=threads")
    thread = page.locator(".rd-row", has_text="3 notifications").get_by_role("link").first
    thread.click()
    expect(page.locator(".rd-part")).to_have_count(3)
    assert page.url == site.url("/inbox/?view=threads")
    page.goto(thread.get_attribute("href") or "")
    inbox = InboxPage(page)
    expect(inbox.rows).to_have_count(3)
    inbox.act("short", "Archive")
    expect(inbox.rows).to_have_count(2)
    inbox.mark_all.click()
    expect(inbox.unread).to_have_count(0)
    assert site.call("snapshot", reader)["unread"] > 0
    inbox.view("Threads").click()
    expect(page.locator(".rd-row", has_text="2 notifications")).to_be_visible()


def test_further_down(browse: Browse, site: Site) -> None:
    """A page that was opened by its link stays where it is, and does not take in what is new at the top."""
    who = newcomer(site)
    for number in range(45):
        site.call("create", "system", who, title=f"number {number:02}")
    page, _asked = open_page(browse, site, who)
    path = page.get_by_role("link", name="Load older").get_attribute("href")
    page.goto(path or "")
    inbox = InboxPage(page)
    expect(inbox.rows.first).to_contain_text("number 24")
    site.call("create", "system", who, title="new")
    inbox.counts("All", "46")
    page.get_by_role("link", name="Load older").click()
    expect(inbox.rows).to_have_count(25)
    expect(inbox.rows.first).to_contain_text("number 24")
    page.get_by_role("link", name="Newest").click()
    expect(inbox.rows.first).to_contain_text("new")


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_next_page_has_the_days_of_the_browser(browse: Browse, site: Site, zone: str) -> None:
    """Once its script has told the zone: the same headings, above the same rows."""
    who = newcomer(site)
    for hours in (50, 30, 26, 20, 14, 8, 3):
        moment = datetime.now(UTC) - timedelta(hours=hours)
        site.call("create", "system", who, title=f"{hours} hours ago", created_at=moment.isoformat())
    page, _asked = open_page(browse, site, who, timezone_id=zone)
    shown = page.locator("[data-list]").evaluate(LINES)
    assert "Today" in shown or "Yesterday" in shown
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/inbox/")
    assert page.locator("[data-list]").evaluate(LINES) == shown


LINES = "(list) => [...list.querySelectorAll('.rd-day h2, .rd-row .rd-title')].map((line) => line.textContent.trim())"
