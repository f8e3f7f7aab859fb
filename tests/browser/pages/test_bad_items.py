"""One bad item never hides the others, whatever is wrong with it: on the inbox page, in the panel, as a toast."""

import json
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, Route, expect

from tests.browser.bell import ELEMENT, Bell, as_threads
from tests.browser.conftest import Browse, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.servers import Site

ABSENT = object()
NUMBER: Any = 7
HUGE = "x" * 1_000_000
# What no server of ours should say, and databases may hold nevertheless.
BAD: dict[str, list[Any]] = {
    "ref": [None, ABSENT, "", {}, "../../x"],
    "type": [None, ABSENT, "", "unheard-of", "__proto__", NUMBER],
    "title": [None, ABSENT, "", "   ", {}, HUGE, "\ud800", "\x00"],
    "body": [None, ABSENT, {}, NUMBER, HUGE],
    "body_html": [None, {}, NUMBER, f"<p>{HUGE}</p>", "<p", "<b><i>"],
    "url": ["http://[", "http://x:99999/", "javascript:alert(1)", "//", None, ABSENT, {}, NUMBER],
    "created_at": ["yesterday", "", None, ABSENT, {}, "9999-99-99T00:00:00Z", "-000001-01-01T00:00:00Z"],
    "level": [None, ABSENT, "loud", "constructor", {}],
    "read": [None, ABSENT, "yes"],
    "archived": [None, ABSENT, "yes"],
    "buttons": [
        None,
        NUMBER,
        {},
        [None, "x"],
        [{"label": HUGE, "url": "/"}],
        [{"label": "x", "url": "javascript:alert(1)"}] * 9,
    ],
    "pressed": [None, "0", NUMBER, {}],
}
NO_ITEMS: list[Any] = [None, 7, "text", [], True]


def item(number: int, **changes: Any) -> dict[str, Any]:
    whole = {"ref": f"system-{number}", "type": "system", "title": f"Item {number}", "body": "Text", "url": "/people/",
             "created_at": "2026-01-01T00:00:00.000Z", "level": "info", "read": False, "archived": False}  # fmt: skip
    return {name: value for name, value in (whole | changes).items() if value is not ABSENT}


CHANGES = [{field: value} for field, values in BAD.items() for value in values]
ITEMS = [item(number, **change) for number, change in enumerate(CHANGES)]


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    """A browser whose inbox holds every bad item between two good ones."""
    context = browse(site, person)
    items = [item(1000, title="The first"), *ITEMS, *NO_ITEMS, item(1001, title="The last")]
    [user] = site.call("ids", [person])
    answer = {"user": user, "version": 0, "items": items, "next": None}
    context.route("**/api/v1/inbox/?*", lambda route: route.fulfill(body=json.dumps(answer)))
    context.route("**/api/v1/inbox/threads/?*", lambda route: route.fulfill(body=json.dumps(as_threads(answer))))
    return context.new_page()


def warnings(page: Page) -> list[str]:
    """What the console warns of from now on."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "warning" and message.text.startswith("Red Dot:"):
            heard.append(message.text[:60])

    page.on("console", hear)
    return heard


def test_the_page_shows_them_all(page: Page) -> None:
    heard = warnings(page)
    page.goto("/inbox/")
    inbox = InboxPage(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # its first rows came with it
    expect(inbox.rows).to_have_count(len(ITEMS) + 2)
    expect(inbox.rows.first).to_contain_text("The first")
    expect(inbox.rows.last).to_contain_text("The last")
    titles = inbox.page.locator(".rd-title > span:not(.rd-stop)").all_inner_texts()
    assert all(title.strip() for title in titles), "each can be named and opened"
    assert max(map(len, titles)) <= 10_001
    before = list(heard)
    for _twice in range(2):  # reads it all again; the second time, once it has shown what it read before
        with page.expect_response("**/api/v1/inbox/?*"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert before
    assert heard == before, "each fault is said once"
    assert len(set(before)) == len(before)


def test_the_panel_shows_them_all(page: Page) -> None:
    page.goto("/people/")
    bell = Bell(page).live().open()
    expect(bell.rows).to_have_count(len(ITEMS) + 2)
    titles = bell.rows.locator(".rd-title > span:not(.rd-stop)").all_inner_texts()
    assert all(title.strip() for title in titles)
    assert max(map(len, titles)) <= 10_100


def test_toasts_show_each(browse: Browse, site: Site, person: str) -> None:
    bell = tab(browse(site, person)).live()
    shown = bell.page.evaluate(
        f"""(items) => items.map((item) => {{
          const bell = {ELEMENT};
          const toasts = bell.shadowRoot.querySelector(".stack");
          toasts.replaceChildren();
          bell.offer({{ ...bell.snapshot, item }});
          return toasts.childElementCount;
        }})""",
        [*ITEMS, *NO_ITEMS],
    )
    nameless = {index for index, change in enumerate(CHANGES) if "ref" in change}  # news once
    assert all(count == 1 for index, count in enumerate(shown[: len(ITEMS)]) if index not in nameless)
    assert shown[len(ITEMS) :] == [0] * len(NO_ITEMS)


@pytest.mark.parametrize(
    "language", ["en_US", "", *(pytest.param(each, marks=pytest.mark.soak) for each in ("x", "not a language"))]
)
def test_a_language_that_intl_refuses(browse: Browse, site: Site, person: str, language: str) -> None:
    site.call("send", "system", [person], title="Shown anyway")
    context = browse(site, person)

    def rename(route: Route) -> None:
        html = route.fetch().text().replace('lang="en"', f'lang="{language}"').replace('language="en"', "")
        route.fulfill(body=html, content_type="text/html")

    context.route("**/inbox/", rename)
    page = context.new_page()
    page.goto("/inbox/")
    InboxPage(page).shows("Shown anyway")
    expect(Bell(page).live().open().row("Shown anyway")).to_have_count(1)
