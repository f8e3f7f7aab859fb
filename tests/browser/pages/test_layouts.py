"""Pages as few people see them: mirrored, in high contrast, on the narrowest phone, without scripts."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.bell import ELEMENT, Bell
from tests.browser.conftest import Browse, newcomer, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import Site

NARROW = {"viewport": {"width": 320, "height": 720}}
ARABIC, ENGLISH = "النسخة الاحتياطية جاهزة الآن", "The backup is ready"


@pytest.fixture
def reader(site: Site, person: str) -> str:
    """Somebody with long words, Arabic and levels in the inbox, and a post of their own."""
    word = "Donaudampfschifffahrtsgesellschaft" * 4
    site.call("send", "comment", [person], actor="alice", target_title=word, excerpt=f"https://example.com/{word}")
    site.call("send", "system", [person], title=ARABIC, body=ARABIC, level="critical")
    site.call("send", "system", [person], title="Plain", body="Plain text", level="warning", url="/people/")
    return person


def test_nothing_sticks_out_of_the_panel_in_the_narrowest_window(browse: Browse, site: Site, reader: str) -> None:
    bell = tab(browse(site, reader, **NARROW), "/inbox/preferences/").live().open()
    width = bell.page.evaluate("document.body.offsetWidth")
    close = bell.panel.get_by_role("button", name="Close")
    for part in (bell.mark_all, close, bell.rows.first, bell.rows.first.locator(".rd-time")):
        assert 0 <= box(part)["x"] <= width - box(part)["width"], part


def box(locator: Locator) -> Any:
    found = locator.bounding_box()
    assert found is not None
    return found


def center(locator: Locator) -> float:
    found = box(locator)
    return float(found["x"] + found["width"] / 2)


@pytest.mark.parametrize("direction", [pytest.param("ltr", marks=pytest.mark.soak), "rtl"])
def test_pages_are_mirrored(browse: Browse, site: Site, reader: str, direction: str) -> None:
    """In a page that runs from right to left everything before a text stands at its right."""
    bell = tab(browse(site, reader), "/inbox/").live()
    inbox = InboxPage(bell.page)
    bell.page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
    in_order = (lambda *places: places == tuple(sorted(places))) if direction == "ltr" else descending
    row = inbox.row("Plain text")
    assert in_order(*(center(row.locator(part)) for part in (".rd-dot", ".rd-kind", ".rd-text", ".rd-time")))
    assert in_order(center(inbox.view("Inbox")), center(inbox.view("Unread")), center(inbox.view("Archived")))
    assert in_order(center(bell.page.locator(".brand")), center(bell.button))
    bell.page.goto("/people/")  # no toast comes where its row is
    bell.live().page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
    bell.news()
    toast = bell.toasts.first
    half = bell.page.evaluate("innerWidth") / 2
    assert (center(toast) > half) == (direction == "ltr"), "toasts stand at the end of the line"
    assert in_order(*(center(toast.locator(part)) for part in (".rd-kind", ".words", ".close")))
    bell.open()
    row = bell.row("Plain text")
    assert in_order(*(center(row.locator(part)) for part in (".rd-dot", ".rd-kind", ".rd-text", ".rd-time")))
    sheet = box(bell.panel)
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= 2 * half


def descending(*places: float) -> bool:
    return places == tuple(sorted(places, reverse=True))


def test_a_text_is_laid_out_in_its_own_direction(browse: Browse, site: Site, reader: str) -> None:
    bell = tab(browse(site, reader), "/inbox/").live().open()
    for text in (InboxPage(bell.page).row(ARABIC).locator(".rd-text"), bell.row(ARABIC).locator(".rd-text")):
        assert text.evaluate("node => getComputedStyle(node).direction") == "rtl", "its level is no part of it"
    for text in (InboxPage(bell.page).row("Plain").locator(".rd-text"), bell.row("Plain").locator(".rd-text")):
        assert text.evaluate("node => getComputedStyle(node).direction") == "ltr"


@pytest.mark.parametrize(("title", "body"), [(ARABIC, ENGLISH), (ENGLISH, ARABIC)], ids=["rtl", "ltr"])
def test_title_and_body_have_a_direction_each(browse: Browse, site: Site, person: str, title: str, body: str) -> None:
    """In a toast, in the panel and in the list."""
    bell = tab(browse(site, person), "/people/").live()
    site.call("send", "system", [person], title=title, body=body)
    bell.shows("1").news()
    expected = ["rtl", "ltr"] if title == ARABIC else ["ltr", "rtl"]
    assert directions(bell.toasts.first.locator(".words > *")) == expected
    bell.open()
    assert directions(bell.row(title).locator(".rd-title, .rd-body")) == expected
    bell.page.goto("/inbox/")
    assert directions(InboxPage(bell.page).row(title).locator(".rd-title, .rd-body")) == expected


def test_each_paragraph_has_a_direction(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])  # a broadcast advances everybody's version, and other tests send small ones
    person = newcomer(site)
    broadcast = site.call("broadcast", "Two languages", body=f"{ENGLISH}\n\n{ARABIC}\n\n- {ENGLISH}\n- {ARABIC}")
    try:
        row = InboxPage(tab(browse(site, person), "/inbox/").page).row("Two languages")
        assert directions(row.locator(".rd-rich :is(p, li)")) == ["ltr", "rtl"] * 2
    finally:
        site.call("withdraw", broadcast)


def directions(texts: Locator) -> list[str]:
    expect(texts.last).to_be_visible()
    found: list[str] = texts.evaluate_all("nodes => nodes.map((node) => getComputedStyle(node).direction)")
    return found


# The texts without controls of their own that are laid out backwards, in the page and in the bell.
BACKWARDS = f"""() => {{
  const left = (node, at) => {{
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect();
  }};
  const found = [];
  for (const root of [document.body, {ELEMENT}.shadowRoot]) {{
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {{
      for (const [word] of walker.currentNode.data.matchAll(/[a-z@]{{3,}}/g)) {{
        if (word === "evil") continue;
        const at = walker.currentNode.data.indexOf(word);
        const [first, last] = [left(walker.currentNode, at), left(walker.currentNode, at + word.length - 1)];
        if (first.width && first.top === last.top && first.left > last.left) found.push(word);
      }}
    }}
  }}
  return found;
}}"""


def test_a_name_turns_nothing_but_itself(browse: Browse, site: Site, reader: str) -> None:
    """U+202E, right-to-left override, in a display name."""
    name = f"e{reader}"
    site.call("user", name, first_name="\u202eevil")
    post = site.call("post", name, "plain words")
    site.call("comment", name, post, "more words")
    site.call("send", "comment", [reader], actor=name, target_title="plain title", excerpt="plain text")
    context = browse(site, reader)
    for path in ("/", f"/posts/{post}/", f"/people/{name}/", "/people/", "/inbox/"):
        bell = tab(context, path).live()
        if path == "/inbox/":
            expect(InboxPage(bell.page).row("plain title")).to_be_visible()
        if path == "/people/":  # no toast comes where its row is
            bell.news()
            expect(bell.toasts).to_have_count(1)
        expect(bell.page.get_by_text("evil").first).to_be_attached()
        assert bell.page.evaluate(BACKWARDS) == [], path
        if "\u202e" in bell.page.title():  # where no markup can isolate it
            assert re.search("\u2068\u202e[^\u2068]*\u2069 · Red Dot$", bell.page.title()), path
        bell.open()
        expect(bell.row("plain title")).to_be_visible()
        assert bell.page.evaluate(BACKWARDS) == [], path
        bell.page.close()


def test_unread_is_seen_in_forced_colours(browse: Browse, site: Site, reader: str) -> None:
    bell = tab(browse(site, reader, forced_colors="active"), "/inbox/").live()
    inbox = InboxPage(bell.page)
    inbox.act("Plain text", "Mark as read")
    expect(inbox.unread).to_have_count(2)
    inbox.leave_list()
    marks = [inbox.row(text).locator(".rd-dot").screenshot() for text in ("Plain text", ARABIC)]
    assert marks[0] != marks[1]
    bell.open()
    expect(bell.unread).to_have_count(2)
    bell.page.mouse.move(0, 0)
    assert colour(bell.row(ARABIC)) != colour(bell.row("Plain text"))
    current = "nodes => nodes.map((node) => getComputedStyle(node).borderBlockEndStyle)"
    marked, *others = bell.page.locator(".rd-views a").evaluate_all(current)
    assert (marked, set(others)) == ("solid", {"none"})


def colour(row: Locator) -> str:
    """Of the row's dot."""
    return str(row.locator(".rd-dot").evaluate("node => getComputedStyle(node).backgroundColor"))


@pytest.mark.parametrize(
    ("path", "words"), [("/inbox/", "does not update by itself"), ("/lab/", "needs JavaScript")], ids=["inbox", "lab"]
)
@pytest.mark.parametrize("blocked", [True, False], ids=["blocked", "allowed"])
def test_a_page_whose_scripts_are_blocked_says_so(
    browse: Browse, site: Site, person: str, path: str, words: str, blocked: bool
) -> None:
    page = browse(site, person).new_page()
    if blocked:
        page.route("**/*.js", lambda route: route.abort())
    page.goto(path)
    hint = page.get_by_text(words)
    if not blocked:
        Bell(page).live()
        expect(hint).to_have_count(0)
        return
    late = page.locator("[data-late]")
    late.evaluate("node => { const [wait] = node.getAnimations(); wait.pause(); wait.currentTime = 0; }")
    expect(hint).to_be_hidden()  # nothing flashes where scripts only take a moment
    late.evaluate("node => node.getAnimations()[0].play()")
    expect(hint).to_be_visible()
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()  # what stands in for the bell


def test_a_page_without_scripts_says_so_at_once(browse: Browse, site: Site, person: str) -> None:
    page = browse(site, person, java_script_enabled=False).new_page()
    page.goto("/inbox/")
    expect(page.locator("[data-late]")).to_have_css("animation-delay", "0s")
    expect(page.get_by_text("does not update by itself")).to_be_visible()
    page.get_by_role("link", name="Preferences").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
