"""What is pushed is told in the language of the page, whatever a cookie or the browser would say."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.test_reddot_js import CONNECT, live, plain
from tests.servers import Site, wait_for

TOLD = {"en": "alice liked “Tea”", "zh-hans": "alice 赞了“Tea”"}
HELD = ["websocket", "sse", "long-poll", "iframe"]


def page_in(context: BrowserContext, site: Site, language: str, path: str = "/people/") -> Bell:
    """A page in `language`; by the time its bell connects anew, the site's language cookie says English."""
    context.add_cookies([{"name": "django_language", "value": language, "url": site.url()}])
    page = context.new_page()
    page.goto(path)
    context.add_cookies([{"name": "django_language", "value": "en", "url": site.url()}])
    page.evaluate(
        "window.told = [];"
        "document.addEventListener('reddot:change', ({ detail }) => detail.item && told.push(detail.item.title))"
    )
    return Bell(page).live()


def told(page: Page, site: Site, person: str) -> str:
    """The first title pushed from now on; under load the server may leave items out."""
    page.evaluate("told.length = 0")

    def sent() -> list[str]:
        site.call("send", "like", [person], actor="alice", target_title="Tea")
        titles: list[str] = page.evaluate(
            "new Promise((tell) => { const since = Date.now();"
            "const look = () => told.length || Date.now() - since > 2000 ? tell(told) : setTimeout(look, 20);"
            "look(); })"
        )
        return titles

    return wait_for(sent)[0]


@pytest.mark.parametrize(
    "transport", [*HELD[:2], *(pytest.param(transport, marks=pytest.mark.soak) for transport in HELD[2:])]
)
def test_every_transport_speaks_the_language_of_the_page(
    browse: Browse, site: Site, person: str, transport: str
) -> None:
    bell = page_in(browse(site, person), site, "zh-hans").use(transport)
    assert told(bell.page, site, person) == TOLD["zh-hans"]


def test_the_language_of_the_document_is_enough(browse: Browse, site: Site, person: str) -> None:
    """As HTML writes it: zh-Hans."""
    bell = page_in(browse(site, person), site, "en")
    bell.page.evaluate("document.documentElement.lang = 'zh-Hans'")
    bell.page.evaluate("document.querySelector('notification-bell').removeAttribute('language')")
    assert told(bell.live().page, site, person) == TOLD["zh-hans"]


def test_tabs_of_two_languages_are_each_told_in_their_own(browse: Browse, site: Site, person: str) -> None:
    """A tab leads for its language only; a third tab shares with the one whose language is its own."""
    context = browse(site, person)
    tabs = {language: page_in(context, site, language).use("websocket").page for language in ("en", "zh-hans")}
    third = page_in(context, site, "zh-hans").use("websocket").page
    for language, page in tabs.items():
        assert told(page, site, person) == TOLD[language]
    assert third.evaluate("navigator.locks.query().then(({ held }) => held.length)") == 2
    assert set(wait_for(lambda: third.evaluate("told"))) == {TOLD["zh-hans"]}


def test_lists_speak_it_too(browse: Browse, site: Site, person: str) -> None:
    """The panel, and the inbox page."""
    site.call("send", "like", [person], actor="alice", target_title="Tea")
    context = browse(site, person)
    bell = page_in(context, site, "zh-hans")
    bell.button.click()
    expect(bell.element.locator(".rd-row")).to_contain_text(TOLD["zh-hans"])
    inbox = page_in(context, site, "zh-hans", "/inbox/").page
    expect(inbox.locator(".rd-row")).to_contain_text(TOLD["zh-hans"])
    site.call("send", "like", [person], actor="alice", target_title="Tea")
    expect(inbox.locator(".rd-row")).to_have_count(2)
    expect(inbox.locator(".rd-row").first).to_contain_text(TOLD["zh-hans"])


@pytest.mark.parametrize(
    ("lang", "settings"), [("zh-Hans", {}), ("en", {"language": "zh-hans"})], ids=["page", "setting"]
)
def test_without_the_bell(browse: Browse, site: Site, person: str, lang: str, settings: dict[str, str]) -> None:
    """reddot.js: what is pushed, and what its API reads."""
    page = plain(browse, site, person)
    page.evaluate("lang => { document.documentElement.lang = lang; }", lang)
    page.evaluate(CONNECT, settings)
    live(page)
    page.evaluate(
        "window.told = [];"
        "reddot.addEventListener('change', ({ detail }) => detail.item && told.push(detail.item.title))"
    )
    assert told(page, site, person) == TOLD["zh-hans"]
    assert page.evaluate("reddot.api.inbox(1).then(({ items }) => items[0].title)") == TOLD["zh-hans"]
