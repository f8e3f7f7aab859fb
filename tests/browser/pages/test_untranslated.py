"""Nothing that scripts show is left in English: in Chinese, with Russian data, as tests/demo/test_untranslated.py."""

import re
from collections.abc import Iterator
from secrets import randbelow

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.browser.bell import Bell, until
from tests.browser.conftest import Browse
from tests.browser.test_lab import Lab
from tests.conftest import StartSite
from tests.demo.visible import Page as Html
from tests.demo.visible import english
from tests.servers import Site
from tools.processes import ROOT

# All of a page, with what is in shadow roots.
MARKUP = """() => {
  const parts = [document.documentElement.outerHTML];
  const look = (root) => root.querySelectorAll("*").forEach(({ shadowRoot }) => {
    if (shadowRoot) { parts.push(shadowRoot.innerHTML); look(shadowRoot); }
  });
  look(document);
  return parts.join("<hr>");
}"""


def in_english(page: Page | Frame) -> list[str]:
    return list(english(Html(page.evaluate(MARKUP)).texts))


def russian(site: Site) -> str:
    name = f"ж{randbelow(10**9)}"
    site.call("user", name)
    return name


def visit(context: BrowserContext, site: Site, path: str) -> Page:
    context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": site.url()}])
    page = context.new_page()
    page.goto(path)
    return page


def send(site: Site, person: str) -> None:
    """One of each type, and of each level."""
    site.call("send", "follow", [person])
    site.call("send", "share", [person], resource_title="Чай", note="Да")
    for event_type in ("comment", "mention", "like"):
        site.call("send", event_type, [person], target_title="Чай")
    for level in ("info", "success", "warning", "critical"):
        site.call("send", "system", [person], title="Чай", body="Готов", level=level)


def test_the_bell(browse: Browse, site: Site) -> None:
    person = russian(site)
    page = visit(browse(site, person), site, "/inbox/preferences/")
    bell = Bell(page).live()
    panel = bell.element.get_by_role("dialog")
    bell.button.click()
    expect(panel).to_contain_text("全部看完了")
    found = in_english(page)
    page.keyboard.press("Escape")
    send(site, person)
    bell.live().news()
    expect(bell.toasts.first).to_be_visible()
    found += in_english(page)
    bell.button.click()
    expect(panel.locator(".rd-row").first).to_be_visible()
    found += in_english(page)
    page.route("**/api/v1/inbox/**", lambda route: route.abort())
    panel.get_by_role("button", name="全部标为已读").click()
    expect(panel).to_contain_text("未能全部标为已读")
    found += in_english(page)
    assert found == []


def test_the_bell_cannot_load(browse: Browse, site: Site) -> None:
    page = visit(browse(site, russian(site)), site, "/inbox/preferences/")
    bell = Bell(page).live()
    page.route("**/api/v1/inbox/**", lambda route: route.fulfill(status=500, json={}))
    bell.button.click()
    expect(bell.element.get_by_role("dialog")).to_contain_text("无法加载通知")
    assert in_english(page) == []


def test_the_inbox(browse: Browse, site: Site) -> None:
    person = russian(site)
    send(site, person)
    page = visit(browse(site, person), site, "/inbox/")
    row = page.locator(".rd-row")
    expect(row).to_have_count(9)
    Bell(page).live()
    found = in_english(page)
    row.first.locator(".rd-title").focus()  # no pointer, from below which a banner of others may push the row
    row.first.get_by_role("button", name="归档").press("Enter")
    expect(page.locator("[data-toast]")).to_be_visible()
    found += in_english(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
    found += in_english(page)
    page.keyboard.press("Escape")
    page.locator(".rd-title").first.focus()
    site.call("send", "follow", [person])
    expect(page.locator("[data-pill]")).to_be_visible()
    found += in_english(page)
    page.context.set_offline(True)
    expect(page.locator("[data-banner]")).to_be_visible()
    assert [*found, *in_english(page)] == []


@pytest.mark.parametrize("query", ["", "?view=unread", "?view=archived", "?type=like"])
def test_an_empty_inbox(browse: Browse, site: Site, query: str) -> None:
    page = visit(browse(site, russian(site)), site, f"/inbox/{query}")
    expect(page.locator("[data-empty]")).to_be_visible()
    assert in_english(page) == []


def test_the_inbox_cannot_load(browse: Browse, site: Site) -> None:
    context = browse(site, russian(site))
    context.route("**/api/v1/inbox/**", lambda route: route.fulfill(status=500, json={}))
    page = visit(context, site, "/inbox/")
    expect(page.locator("[data-empty]")).to_be_visible()
    assert in_english(page) == []


def test_the_lab(browse: Browse, open_site: Site) -> None:
    open_site.call("bursts_of", 10)
    lab = Lab(visit(browse(open_site, russian(open_site)), open_site, "/lab/")).are("live")
    found = in_english(lab.page)
    for act in ("event", "burst", "disconnect", "offline"):
        lab.are("live").press(act)
        until(lab.page, "document.querySelector('[data-status]').textContent.trim() !== ''")
        found += in_english(lab.page)
    assert not found, "\n".join(sorted(set(found)))


def test_the_editor(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])
    page = visit(browse(site, "admin"), site, "/admin/inbox/broadcast/add/")
    page.locator("#id_body").fill("![кот](https://evil.example/x.png) [x](javascript:1)")
    expect(page.locator("[data-field=body] li")).to_have_count(2)
    expect(page.locator(".field-audience .inbox-reach")).to_contain_text("人")
    named = "SELECT name FROM auth_group UNION SELECT name FROM inbox_audiencefilter"  # by other tests
    names = {name for [name] in site.call("sql", named)}
    assert {text for frame in page.frames for text in in_english(frame)} - names == set()


# A text of two words, or a sentence of one; what developers read is taken out before. "Red Dot" is a name.
STRINGS = re.compile(r"//[^\n]*|/\*.*?\*/|(?P<quote>[\"'`])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)", re.DOTALL)
QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`"
CALLS = re.compile(rf"\b(?:n?gettext|console\.\w+|\w*Error)\((?:{QUOTED}|\([^()]*\)|[^()\"'`])*\)")
SENTENCE = re.compile(r"(?!Red Dot$)[A-Z][a-z’']+[ ,]+[\w’']+|[A-Z][a-z]{2,}[.…!?]$")


def scripts() -> Iterator[str]:
    for folder in ("inbox", "push", "notify_site"):
        yield from (str(path.relative_to(ROOT)) for path in sorted((ROOT / folder).rglob("static/**/*.js")))


def test_no_script_has_a_sentence_without_gettext() -> None:
    found = []
    for script in scripts():
        rest = CALLS.sub("", (ROOT / script).read_text())
        found += [f"{script}: {each['text']}" for each in STRINGS.finditer(rest) if SENTENCE.match(each["text"] or "")]
    assert found == []
