"""What a finger meets on a phone: targets, text that fits, counts that stay beside their labels."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.banners import announced
from tests.browser.bell import Bell, until
from tests.browser.conftest import Browse, newcomer
from tests.browser.pages.inbox_page import InboxPage
from tests.browser.pages.walk import AT_REST
from tests.conftest import StartSite
from tests.servers import Site

NARROWEST = {"width": 320, "height": 720}
TOUCH: dict[str, Any] = {"viewport": NARROWEST, "has_touch": True, "is_mobile": True}
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ARABIC = "النسخة الاحتياطية جاهزة الآن"
LANGUAGES = ("en", "de", "zh-hans", "ar")  # the last as a page from right to left with the words of English
RIGHT_TO_LEFT = """document.addEventListener("readystatechange",
  () => Object.assign(document.documentElement, { lang: "ar", dir: "rtl" }), { once: true })"""
INSETS = """() => {
  for (const side of ["top", "bottom", "sides"]) {
    document.documentElement.style.setProperty(`--rd-safe-${side}`, "40px");
  }
}"""
LOOK = Path(__file__).with_name("phone.js").read_text()


def look(page: Page, what: str, argument: Any = None) -> list[str]:
    """What is wrong on the screen (phone.js)."""
    found: list[str] = page.evaluate(f"(argument) => {LOOK.strip()}.{what}(argument)", argument)
    return found


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """One of its own: a broadcast is everybody's."""
    return shared_site(server=["uvicorn"], INBOX_ACTORS="tests.site.faces.faces")


@pytest.fixture(scope="module")
def reader(site: Site) -> str:
    """Whose inbox has long words, pictures of several signs, and texts of both directions."""
    who, actor = newcomer(site), newcomer(site)
    site.call("change_user", actor, first_name=LONG[:60], last_name=f"{FAMILY}\u202e{ARABIC}")
    buttons = [{"label": LONG[:60], "url": "/people/", "labels": {}}, {"label": ARABIC, "url": "/", "labels": {}}]
    site.call("send", "system", [who], title="W" * 120, body=f"{FAMILY} " * 40, level="critical", url="/people/")
    site.call("send", "system", [who], title=f"{LONG} {ARABIC} tea", body=LONG * 4, buttons=buttons, level="warning")
    for text in (f"{ARABIC} {LONG}", "short"):
        site.call(
            "send", "comment", [who], actor=actor, target_title=f"{FAMILY}{LONG}", excerpt=text, url="/people/?a=1"
        )
    return who


@pytest.fixture
def open_page(browse: Browse, site: Site, reader: str) -> Callable[[str, str], Page]:
    def open_in(language: str, path: str) -> Page:
        context = browse(site, reader, **TOUCH)
        code = "en" if language == "ar" else language
        context.add_cookies([{"name": "django_language", "value": code, "url": site.url()}])
        page = context.new_page()
        if language == "ar":
            page.add_init_script(RIGHT_TO_LEFT)
        page.goto(path)
        Bell(page).live()
        return page

    return open_in


def states(page: Page, reader: str, site: Site) -> Iterator[str]:
    """Bring the page from one state to the next."""
    page.goto("/inbox/")
    inbox = InboxPage(page)
    yield "inbox"
    inbox.rows.first.locator('[data-act="more"]').dispatch_event("click")
    inbox.rows.first.locator('[data-act="star"]').dispatch_event("click")
    expect(inbox.toast).to_be_visible()
    yield "acts and toast"
    inbox.rows.first.locator('[data-act="snooze"]').dispatch_event("click")
    expect(page.locator("dialog[open]")).to_be_visible()
    yield "until when"
    page.keyboard.press("Escape")
    bell = Bell(page).live()
    bell.button.dispatch_event("click")
    expect(bell.element.locator("#panel .rd-row").first).to_be_visible()
    until(page, AT_REST)
    yield "panel"
    page.keyboard.press("Escape")
    bell.news()
    expect(bell.toasts.first).to_be_visible()
    yield "toast"
    page.goto("/inbox/?view=threads")
    page.locator(".rd-size").locator("..").locator("[data-act=open]").first.dispatch_event("click")
    expect(page.locator(".rd-part").first).to_be_visible()
    yield "thread"
    page.goto("/inbox/?q=nothing+has+this")
    yield "empty"
    for path in ("/inbox/preferences/", "/inbox/snooze/"):
        page.goto(path)
        yield path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finger_hits_and_nothing_goes_beyond_the_sides(
    open_page: Callable[[str, str], Page], reader: str, site: Site, language: str
) -> None:
    page = open_page(language, "/inbox/")
    with announced(site, f"{LONG} {ARABIC}", body=f"{LONG}\n\n{FAMILY}", buttons=[]):
        found = []
        for state in states(page, reader, site):
            found += [f"{state}: {each}" for each in look(page, "tooWide", [NARROWEST["width"], ["100%", "200%"]])]
            found += [f"{state}: {each}" for each in look(page, "targets")]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_lie_over_nothing(open_page: Callable[[str, str], Page], language: str) -> None:
    """Also if there are more than can be told."""
    page = open_page(language, "/inbox/")
    bell = Bell(page)
    news = bell.get("snapshot")
    types = dict.fromkeys(("comment", "system", "like", "mention"), 100)
    news |= {"version": news["version"] + 1, "unread": 400, "by_type": types, "capped": True}
    bell.element.evaluate("(bell, news) => bell.offer(news)", news)
    bell.shows("99+")
    found = []
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width} {size} {each}" for size in ("100%", "200%") for each in look(page, "overlaps", size)]
    assert not found, "\n".join(found)


def test_nothing_lies_under_the_corners_or_the_bar_of_the_system(
    open_page: Callable[[str, str], Page], site: Site, reader: str
) -> None:
    page = open_page("en", "/inbox/")
    assert "viewport-fit=cover" in (page.locator("meta[name=viewport]").get_attribute("content") or "")
    page.evaluate(INSETS)
    inbox, bell = InboxPage(page), Bell(page)
    inbox.rows.first.locator('[data-act="more"]').click()
    inbox.rows.first.locator('[data-act="star"]').click()
    expect(inbox.toast).to_be_visible()
    assert look(page, "outside") == []
    inbox.rows.first.get_by_role("checkbox").check()
    expect(page.locator(".rd-bar-acts")).to_be_visible()
    assert look(page, "outside") == []
    bell.open()
    until(page, AT_REST)
    assert look(page, "outside") == []
    page.goto("/people/")
    page.evaluate(INSETS)
    bell.live()
    site.call("send", "system", [reader], title="News")
    expect(bell.toasts.first).to_be_visible()
    until(page, AT_REST)
    assert look(page, "outside") == []
