"""Announcements on top of every page, and in a dialog: live in every tab, in the reader's language, moving nothing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.axe import violations
from tests.browser.banners import WATCH_SHIFTS, Banners, announced, visit
from tests.browser.bell import Bell, until
from tests.browser.conftest import MOVING, Browse, newcomer, stop_clock
from tests.browser.elsewhere import Elsewhere
from tests.browser.looks import DESKTOP, LOOKS, PHONE
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site, wait_for

LONG = "At **two**, see [the plan](/people/). " * 20
BUTTONS = [
    {"url": "/people/", "label": "Read the plan", "labels": {"zh-hans": "查看计划"}},
    {"url": "/inbox/", "label": "Open the inbox", "labels": {}},
]


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: a broadcast advances everybody's version, and other tests send small ones."""
    return shared_site(server=["uvicorn"])


@pytest.fixture
def open_page(browse: Browse, site: Site, person: str) -> Any:
    context = browse(site, person)

    def start(path: str = "/people/") -> Banners:
        banners = visit(context, path)
        Bell(banners.page).live()
        return banners

    return start


def test_comes_is_closed_and_stays_in_the_inbox(open_page: Any, site: Site) -> None:
    """Without a reload; closing it in one tab closes it in the other."""
    one, other = open_page(), open_page("/inbox/")
    with announced(site, level="warning", body="**Now**", buttons=BUTTONS) as notice:
        for banners in (one, other):
            banners.shows(notice)
            expect(banners.of(notice)).to_contain_text(f"Warning {notice.title}")
            expect(banners.of(notice).locator("strong")).to_have_text("Now")
            expect(banners.of(notice).get_by_role("link", name="Read the plan")).to_have_attribute(
                "href", re.compile("/people/$")
            )
        row = InboxPage(other.page).row(notice.title)
        expect(row.get_by_role("link", name="Read the plan")).to_have_attribute("href", re.compile("/people/$"))
        one.close(notice)
        for banners in (one, other):
            banners.lacks(notice)
        expect(InboxPage(other.page).row(notice.title)).to_be_visible()
        Bell(one.page).shows("1")  # closed is not read
        one.page.reload()
        expect(Bell(one.page).badge).to_have_text("1")
        one.lacks(notice)


def test_is_edited_shown_again_and_withdrawn(open_page: Any, site: Site) -> None:
    banners, inbox = open_page(), open_page("/inbox/")
    with announced(site) as notice:
        banners.shows(notice)
        notice.change(title="Another title")
        expect(banners.of(notice)).to_contain_text("Another title")
        expect(InboxPage(inbox.page).row("Another title")).to_be_visible()
        banners.close(notice)
        banners.lacks(notice)
        notice.change(title="A corrected title")
        expect(InboxPage(inbox.page).row("A corrected title")).to_be_visible()
        banners.lacks(notice)
        notice.change(title="Something new", show_again=True)
        expect(banners.of(notice)).to_contain_text("Something new")
        notice.withdraw()
        banners.lacks(notice)


def test_the_administration_has_them_too(browse: Browse, site: Site) -> None:
    """Its policy of Trusted Types is another one; the markup is shown nevertheless."""
    page, blocked = browse(site, "admin").new_page(), list[str]()
    page.on("console", lambda message: message.type == "error" and blocked.append(message.text))
    page.goto("/admin/")
    Bell(page).live()
    with announced(site, body="**Now**") as notice:
        expect(Banners(page).of(notice).locator("strong")).to_have_text("Now")
        page.reload()
        expect(Banners(page).of(notice).locator("strong")).to_have_text("Now")
    assert blocked == []


def test_is_in_the_page_that_the_server_sends(browse: Browse, site: Site, person: str) -> None:
    """Without scripts, too: only that it can't be closed."""
    with announced(site, level="critical", body="Text", buttons=BUTTONS) as notice:
        banners = visit(browse(site, person, java_script_enabled=False))
        expect(banners.of(notice)).to_contain_text(f"Critical {notice.title}")
        expect(banners.of(notice).get_by_role("link", name="Open the inbox")).to_be_visible()
        expect(banners.element.locator("button")).to_be_hidden()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_moves_nothing(browse: Browse, site: Site, person: str, viewport: Any) -> None:
    """Not when the page opens, nor when another one comes, nor when one is withdrawn."""
    context = browse(site, person, viewport=viewport, timezone_id="America/Los_Angeles", **MOVING)
    context.add_init_script(WATCH_SHIFTS)
    with announced(site, body=f"{LONG}\n\n{{{{time 2026-12-01T02:00 Europe/Berlin}}}}") as first:
        banners = visit(context)
        Bell(banners.page).live()
        banners.shows(first)
        expect(banners.of(first).locator("time")).to_contain_text("Nov 30, 2026")
        with announced(site, "A second one") as second:
            banners.shows(second)
        banners.lacks(second)
        first.withdraw()
        banners.lacks(first)
        assert banners.shifts() == []
        banners.page.keyboard.press("Shift")  # then its place goes, too
        expect(banners.element.locator(".rd-notices").first).to_be_hidden()


def test_more_than_two_unfold(open_page: Any, site: Site) -> None:
    with (
        announced(site, "One"),
        announced(site, "Two", level="warning"),
        announced(site, "Three", level="critical") as three,
    ):
        banners = open_page()
        expect(banners.all.filter(visible=True)).to_have_text([re.compile("Critical Three"), re.compile("Warning Two")])
        expect(banners.more).to_have_text("1 more announcement")
        banners.more.click()
        expect(banners.all.filter(visible=True)).to_have_count(3)
        banners.close(three)
        expect(banners.all.filter(visible=True)).to_have_text([re.compile("Two"), re.compile("One")])
        expect(banners.more).to_be_hidden()
        expect(banners.all.first.get_by_role("button", name="Close")).to_be_focused()


def test_what_cannot_be_closed_comes_back_with_a_message(open_page: Any, site: Site) -> None:
    with announced(site) as notice:
        banners = open_page()
        banners.page.route("**/close/", lambda route: route.abort())
        banners.close(notice)
        expect(banners.of(notice).get_by_text("That didn’t work")).to_be_visible()
        banners.page.unroute("**/close/")
        banners.close(notice)
        banners.lacks(notice)


def test_a_dialog_stays_until_it_is_confirmed(open_page: Any, site: Site) -> None:
    one, other = open_page(), open_page()
    with announced(
        site, "New terms", as_dialog=True, as_banner=False, level="critical", body="Read **them**"
    ) as notice:
        dialog = one.page.get_by_role("alertdialog", name=re.compile("Critical New"))
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("heading")).to_be_focused()  # not the button: Enter confirms nothing
        for key in ("Enter", "Escape", "Escape"):
            one.page.keyboard.press(key)
        expect(dialog).to_be_visible()
        one.page.reload()
        expect(dialog).to_be_visible()
        one.page.route("**/confirm/", lambda route: route.abort())
        dialog.get_by_role("button", name="Confirm").click()
        expect(dialog.get_by_role("alert")).to_contain_text("That didn’t work")
        one.page.unroute("**/confirm/")
        dialog.get_by_role("button", name="Confirm").click()
        for banners in (one, other):
            expect(banners.dialog).to_be_hidden()
        one.page.reload()
        Bell(one.page).live().shows("1")
        expect(one.dialog).to_be_hidden()
        notice.change(title="Newer terms", show_again=True)
        expect(dialog).to_contain_text("Newer terms")


def test_one_dialog_at_a_time_the_most_urgent_first(open_page: Any, site: Site) -> None:
    calm: dict[str, Any] = {"as_dialog": True, "as_banner": False}
    with announced(site, "Calm", **calm), announced(site, "Urgent", level="critical", **calm):
        banners = open_page()
        for title in ("Urgent", "Calm"):
            expect(banners.dialog).to_contain_text(title)
            banners.dialog.get_by_role("button", name="Confirm").click()
        expect(banners.dialog).to_be_hidden()


def test_what_is_critical_is_said_at_once(open_page: Any, site: Site) -> None:
    banners = open_page()
    with announced(site, "Fire", level="critical") as fire:
        banners.shows(fire)
        expect(banners.page.locator("[data-reddot-voice] [role=alert]")).to_have_text("Critical: Fire")
    with announced(site, "Tea") as tea:
        banners.shows(tea)
        expect(banners.page.locator("[data-reddot-voice] [role=status]")).to_have_text("Tea")


COMBINATIONS = [
    (places, level)
    for places in (["inbox"], ["banner"], ["dialog"], ["inbox", "banner"], ["inbox", "dialog"], ["banner", "dialog"])
    for level in ("info", "critical")
] + [(["inbox", "banner", "dialog"], "critical")]
SAID = """(title) => {
  const voice = document.querySelector("[data-reddot-voice]").shadowRoot.querySelectorAll("p");
  const said = [...voice, document.querySelector("broadcast-banners dialog[open]")];
  return said.filter((each) => each?.textContent.includes(title)).length;
}"""
ARRIVES = """([item, inInbox]) => {
  const bell = document.querySelector("notification-bell");
  const { version, unread } = bell.snapshot;
  bell.offer({ ...bell.snapshot, version: version + 1, unread: unread + inInbox, ...(inInbox && { item }) });
}"""


def test_each_announcement_is_said_once(open_page: Any, site: Site) -> None:
    """To a screen reader: by its dialog, else by its banner, else by the bell."""
    banners = open_page()
    page, bell, shown = banners.page, Bell(banners.page), list[dict[str, Any]]()
    version = bell.get("snapshot")["version"]
    told = {"user": bell.get("snapshot")["user"], "items": shown}
    page.route("**/inbox/announcements/*", lambda route: route.fulfill(json=told | {"version": version}))
    page.clock.install()
    for number, (places, level) in enumerate(COMBINATIONS):
        kinds = [place for place in places if place != "inbox"]
        item = {"ref": f"broadcast-{number + 900}", "type": "broadcast", "title": f"Number {number}.", "level": level}
        item |= {"body": "", "url": "", "created_at": "2026-06-01T12:00:00Z", "kinds": kinds}
        shown[:] = [item] if kinds else []
        version += 1
        page.evaluate(ARRIVES, [item, int("inbox" in places)])
        if kinds:
            expect(banners.element.get_by_text(f"Number {number}.").first).to_be_attached()
        page.clock.run_for(6_000)  # longer than the bell waits for more
        assert (places, level, page.evaluate(SAID, f"Number {number}.")) == (places, level, 1)
    for title in ("Not closed yet.", "Shown again."):
        shown[:] = [item | {"ref": "broadcast-999", "title": title, "kinds": ["banner"]}]
        version += 1
        page.evaluate(ARRIVES, [shown[0], int(title == "Shown again.")])  # the first is older than the page
        expect(banners.element.get_by_text(title).first).to_be_attached()
        page.clock.run_for(6_000)
        assert (title, page.evaluate(SAID, title)) == (title, 1)


def test_pages_do_not_all_ask_at_once(browse: Browse, site: Site, person: str) -> None:
    """After a change for everybody each page waits a random time of up to two seconds."""
    page = browse(site, person).new_page()
    page.add_init_script("Math.random = () => 0.75;")
    page.clock.install()
    page.goto("/people/")
    bell, banners = Bell(page).live(), Banners(page)
    stop_clock(page)
    bell.live()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with announced(site) as notice:
        bell.shows("1")
        page.clock.run_for(1_400)
        assert [url for url in asked if "/announcements/" in url] == []
        page.clock.run_for(200)
        page.clock.resume()
        banners.shows(notice)


def test_each_reader_gets_their_language(browse: Browse, site: Site, person: str) -> None:
    words = {"zh-hans": {"title": "维护", "body": "**两点**"}, "de": {"title": "Wartung", "body": "Um **zwei**"}}
    readers = {lang: visit(browse(site, person, locale=lang)) for lang in ("zh-CN", "de", "fr")}
    for banners in readers.values():
        Bell(banners.page).live()
    with announced(site, "Maintenance", language="en", level="warning", translations=words, buttons=BUTTONS) as notice:
        for lang, title, button in (
            ("zh-CN", "警告 维护", "查看计划"),
            ("de", "Wartung", "Read the plan"),
            ("fr", "Warning Maintenance", "Read the plan"),
        ):
            expect(readers[lang].of(notice)).to_contain_text(title)
            expect(readers[lang].of(notice).get_by_role("link", name=button)).to_be_visible()
        expect(readers["fr"].of(notice).get_by_text("Maintenance")).to_have_attribute("lang", "en")
        readers["de"].page.reload()
        expect(readers["de"].of(notice)).to_contain_text("Wartung")


def test_a_visitor_sees_it_without_a_connection(browse: Browse, site: Site) -> None:
    context = browse(site)
    with announced(site, "Down tonight", for_visitors=True, level="critical") as notice, announced(site) as hidden:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        banners = visit(context, "/accounts/login/")
        banners.page.on("websocket", lambda socket: asked.append(socket.url))
        expect(banners.of(notice)).to_contain_text("Critical Down tonight")
        banners.lacks(hidden)
        banners.close(notice)
        banners.lacks(notice)
        banners.page.reload()
        until(banners.page, "customElements.get('broadcast-banners') !== undefined")
        banners.lacks(notice)
        notice.change(title="Down tomorrow", show_again=True)
        banners.page.reload()
        expect(banners.of(notice)).to_contain_text("Down tomorrow")
        assert [url for url in asked if ("/push/" in url and "/static/" not in url) or "/api/" in url] == []


def test_a_visitor_s_page_asks_again_when_the_answer_is_old(browse: Browse, site: Site) -> None:
    context = browse(site)
    page = context.new_page()
    page.clock.install()
    page.goto("/accounts/login/")
    banners = Banners(page)
    page.route("**/push/banners/**", lambda route: route.continue_())  # the browser's own cache has another clock
    with announced(site, "Down tonight", for_visitors=True) as notice:
        page.clock.fast_forward(61_000)
        banners.shows(notice)
        notice.withdraw()
        page.clock.fast_forward(61_000)
        banners.lacks(notice)


def test_nothing_is_done_to_what_the_user_has_yet_to_see(open_page: Any, site: Site) -> None:
    """It was shown again since the list was read: nothing is written, and the list says so and shows it."""
    with announced(site, as_banner=False) as notice:
        banners, title, lists = open_page(), notice.title, re.compile(r"/api/v1/inbox/(threads/)?\?")
        bell = Bell(banners.page).open()
        expect(bell.row(title)).to_be_visible()
        written = list[Request]()
        banners.page.on("request", lambda request: written.append(request) if request.method == "PATCH" else None)
        # Until then the list stays as it is.
        banners.page.route(lists, lambda route: route.continue_() if written else route.abort())
        before = bell.get("snapshot")["version"]
        notice.change(title="Something else", show_again=True)
        bell.until(f"bell.snapshot.version > {before}")
        bell.row(title).click()
        expect(bell.panel.get_by_text("This has changed since it was shown here.")).to_be_visible()
        expect(bell.row("Something else")).to_be_visible()
        bell.shows("1")


def test_nothing_is_archived_that_the_user_has_yet_to_see(open_page: Any, site: Site) -> None:
    with announced(site, as_banner=False) as notice:
        banners, title, held = open_page("/inbox/"), notice.title, list[Route]()
        inbox, bell = InboxPage(banners.page), Bell(banners.page)
        expect(inbox.row(title)).to_be_visible()
        banners.page.route(re.compile(r"/api/v1/inbox/\?"), lambda route: held.append(route))  # the list is late
        before = bell.get("snapshot")["version"]
        notice.change(title="Something else", show_again=True)
        bell.until(f"bell.snapshot.version > {before}")
        inbox.act(title, "Archive")
        expect(inbox.toast).to_contain_text("This has changed since it was shown here.")
        banners.page.unroute(re.compile(r"/api/v1/inbox/\?"))  # what it holds goes on
        expect(inbox.row("Something else")).to_be_visible()


def test_what_is_seen_and_clicked_is_counted(open_page: Any, site: Site, person: str) -> None:
    """In the banner, in the inbox and in the bell: once for each reader."""
    buttons = [{"url": "/people/#there", "label": "There", "labels": {}}]
    with announced(site, url="/people/#link", buttons=buttons) as notice:
        banners = open_page("/inbox/")
        banners.shows(notice)
        expect(InboxPage(banners.page).row(notice.title)).to_be_visible()
        Bell(banners.page).open()
        banners.page.keyboard.press("Escape")
        banners.of(notice).get_by_role("link", name="There").click()  # leaves the page, which sends what it has
        banners.page.wait_for_url("**/people/#there")
        banners.of(notice).get_by_role("link", name=notice.title).click()
        banners.page.goto("/people/")
        # What was shown is seen at once here, but another part of the page may have reported before.
        query = f"SELECT what FROM inbox_engagement WHERE broadcast_id = {notice.pk} AND what <> 'shown' ORDER BY what"
        wait_for(lambda: banners.page.evaluate("1") and len(site.call("sql", query)) == 3, what="three events")
        assert site.call("sql", query) == [["button0"], ["link"], ["seen"]]


REPORTS = """async () => {
  const { Reports } = await import("/static/inbox/shared/reports.js");
  const broadcast = { ref: "broadcast-1", type: "broadcast" };
  const [place, hidden] = [1, 2].map(() => document.body.appendChild(document.createElement("div")));
  place.style = "position: fixed; inset: -99px auto auto 0; inline-size: 9px; block-size: 9px";
  hidden.hidden = true;
  let calls = 0;
  Math.random = () => calls++ % 2; // one of two waits longer than the other
  Object.assign(window, { place, sent: [], heard: 0 });
  for (let part = 0; part < 2; part += 1) {
    const api = { base: "/", report: async (events) => sent.push(...events.map(({ ref, what }) => `${ref} ${what}`)) };
    const reports = new Reports(api, () => ({ user: 7, version: 5e9 }));
    reports.watch(place, broadcast, "banner");
    reports.watch(hidden, { ...broadcast, ref: "broadcast-2" }, "banner");
    reports.watch(place, { ref: "comment-1", type: "comment" }, "banner");
  }
  new BroadcastChannel("reddot-reports").onmessage = () => { heard += 1; };
}"""


def test_one_part_of_a_browser_reports_for_all(browse: Browse, site: Site) -> None:
    """What is on the page, then what was seen; at random times, so that not all pages do it at once."""
    page = browse(site).new_page()
    page.clock.install()
    page.goto("/accounts/login/")
    stop_clock(page)
    page.evaluate(REPORTS)
    page.clock.run_for(1_900)
    assert page.evaluate("sent") == []
    page.clock.run_for(200)
    assert page.evaluate("sent") == ["broadcast-1 shown"]
    until(page, "heard === 1")
    page.clock.run_for(30_000)
    assert page.evaluate("sent") == ["broadcast-1 shown"]
    page.evaluate("place.style.insetBlockStart = 0; new Promise((d) => new IntersectionObserver(d).observe(place))")
    page.clock.run_for(2_100)
    until(page, "heard === 2")
    page.clock.run_for(30_000)
    assert page.evaluate("sent") == ["broadcast-1 shown", "broadcast-1 seen"]


def test_a_page_without_a_bell_of_another_origin(browse: Browse, open_site: Site, elsewhere: Elsewhere) -> None:
    person = newcomer(open_site)
    elsewhere.receive(person)
    page = browse(open_site).new_page()
    page.goto(f"{elsewhere.origin}/blank")
    page.evaluate(
        """async (site) => {
          await import(`${site}static/push/banners.js`);
          const element = document.createElement("broadcast-banners");
          const given = { push: "push/", api: "api/v1/", inbox: "inbox/" };
          for (const [name, path] of Object.entries(given)) element.setAttribute(name, site + path);
          element.setAttribute("ticket-url", "/reddot-ticket");
          document.body.append(element);
        }""",
        open_site.url("/"),
    )
    banners = Banners(page)
    with announced(open_site, url="/people/") as notice:
        banners.shows(notice)
        expect(banners.of(notice).get_by_role("link")).to_have_attribute("href", open_site.url("/people/"))
        banners.close(notice)
        banners.lacks(notice)


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_nothing_is_wrong_with_it(browse: Browse, site: Site, person: str, scheme: str, viewport: Any) -> None:
    """axe, the policy, and the width; with a banner in the page, one above it, and a dialog."""
    context = browse(site, person, color_scheme=scheme, viewport=viewport)
    page, blocked = context.new_page(), list[str]()
    page.on("console", lambda message: message.type == "error" and blocked.append(message.text))
    with announced(site, level="warning", body=LONG, buttons=BUTTONS), announced(site, "Donaudampfschiff" * 9):
        page.goto("/people/")
        Bell(page).live()
        with announced(site, level="critical", body="Text", buttons=BUTTONS) as above:
            Banners(page).shows(above)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with announced(site, "Terms", as_dialog=True, as_banner=False, body=LONG, buttons=BUTTONS):
            expect(Banners(page).dialog).to_be_visible()
            assert violations(page, "broadcast-banners") == []
    assert blocked == []
