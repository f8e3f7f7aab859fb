"""Attacks in everything that people write, in every page that shows it: nothing runs, loads, leads away or hides.

Under the strict policy of the site, which nothing violates, and without any policy: what the server and the scripts
make of a text is harmless in itself.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inbox.rendering.markup import sanitised
from tests.browser.attacks.watch import FIND, Watch
from tests.browser.banners import Banners
from tests.browser.bell import Bell, until
from tests.browser.browsers import TIMEOUT
from tests.browser.elsewhere import Elsewhere
from tests.browser.pages.walk import sign_in
from tests.conftest import StartSite
from tests.payloads import CLOBBERING, LIVE, TEXTS
from tests.servers import Site

ATTACK = "\"'></script></title><img src=xss onerror=alert(1)>"
# Until all of them have loaded, or have led away.
INTO_FRAMES = """(texts) => Promise.all(texts.map((text, number) => new Promise((loaded) => {
  const frame = document.createElement("iframe");
  frame.name = `attack ${number}`;
  frame.srcdoc = `<!doctype html><body>${text}`;
  frame.onload = loaded;
  document.body.append(frame);
})))"""


@pytest.fixture(scope="module")
def site(shared_site: StartSite, elsewhere: Elsewhere) -> Site:
    """One of its own."""
    return shared_site(PUSH_ALLOWED_ORIGINS=elsewhere.origin)


@pytest.fixture(scope="module")
def filled(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.call("tests.site.attacks.fill")
    return found


POLICIES = ["with a policy", "without a policy"]
# What happens without a policy tells all of a page but what the policy would block. Visitors' pages are few.
WITHOUT = pytest.mark.parametrize(
    "context", [pytest.param(POLICIES[0], marks=pytest.mark.soak), POLICIES[1]], indirect=True
)


@pytest.fixture(params=POLICIES)
def context(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    without = request.param == "without a policy"
    context = chromium.new_context(base_url=site.url(""), bypass_csp=without, locale="en")
    context.set_default_timeout(TIMEOUT)
    yield context
    context.close()


@pytest.fixture
def watch(context: BrowserContext, site: Site, elsewhere: Elsewhere) -> Watch:
    return Watch(context, site.url(""), elsewhere.origin)


Visit = Callable[..., Page]


@pytest.fixture
def visit(context: BrowserContext, watch: Watch) -> Visit:
    page = context.new_page()

    def go(path: str, ready: str = "main, #content", act: Callable[[Page], None] | None = None) -> Page:
        page.goto(path)
        expect(page.locator(ready).first).to_be_attached()
        if act:
            act(page)
        watch.check(page)
        return page

    return go


@WITHOUT
def test_readers(context: BrowserContext, site: Site, filled: dict[str, Any], visit: Visit) -> None:
    sign_in(context, site, "bob")
    visit("/inbox/", ".rd-row", load_all)
    visit("/people/", "broadcast-banners dialog[open] .rd-rich")
    visit("/people/", act=lambda page: meet_news(page, site))
    for path in ("/", "/?view=following", f"/posts/{filled['post']}/", "/inbox/preferences/", "/inbox/snooze/"):
        visit(path)
    for name in filled["names"][:3]:
        visit(f"/people/{quote(name, safe='')}/")


def load_all(page: Page) -> None:
    """All of the inbox: the list goes on when one comes to its end."""
    until(page, "scrollTo(0, 1e6) ?? (document.querySelector('[data-more]').hidden && innerHeight < scrollY)")


def meet_news(page: Page, site: Site) -> None:
    """Bell and toasts; through the transport that is a page of its own."""
    page.evaluate("document.querySelector('broadcast-banners').remove()")  # its dialog is in the way
    bell = Bell(page).live().use("iframe")
    site.call("send", "system", ["bob"], title=ATTACK, body=ATTACK, level="critical")
    expect(bell.news().toasts.first).to_contain_text("onerror")
    bell.open()
    expect(bell.rows.first).to_be_visible()


def test_visitors(
    context: BrowserContext, site: Site, elsewhere: Elsewhere, filled: dict[str, Any], visit: Visit
) -> None:
    sign_in(context, site, "")
    visit(f"/accounts/login/?next={quote(ATTACK)}", "broadcast-banners li")
    visit(f"/no-such-page/{quote(ATTACK)}", "body")
    visit(f"{elsewhere.origin}/blank", "body", lambda page: put_banners(page, site))


def put_banners(page: Page, site: Site) -> None:
    """Those of visitors, in another language, on a page of another origin."""
    page.evaluate(
        """async ([site, visitors]) => {
          await import(`${site}static/push/banners.js`);
          const element = document.createElement("broadcast-banners");
          for (const [name, value] of Object.entries({ visitors, language: "de" })) element.setAttribute(name, value);
          document.body.append(element);
        }""",
        [site.url("/"), site.url("/push/banners/de/")],
    )
    expect(Banners(page).all.first).to_contain_text("onerror")


ADMIN = (
    "/admin/",
    f"/admin/inbox/broadcast/?q={quote(ATTACK)}",
    "/admin/inbox/broadcast/",
    "/admin/inbox/broadcast/{live}/change/",
    "/admin/inbox/broadcast/{draft}/history/",
    f"/admin/inbox/broadcast/{{live}}/effect/?q={quote(ATTACK)}&who={quote(ATTACK)}",
    "/admin/inbox/broadcast/{live}/effect/?who=button1",
    "/admin/inbox/broadcast/{draft}/delete/",
    "/admin/inbox/broadcastseries/",
    "/admin/inbox/broadcastseries/{series}/change/",
    "/admin/inbox/audiencefilter/",
    "/admin/inbox/audiencefilter/1/change/",
    "/admin/auth/group/",
    "/admin/auth/user/?all=",
    "/admin/inbox/servicetoken/",
    "/admin/inbox_internals/commentmessage/",
    "/admin/inbox_internals/systemmessage/1/change/",
    "/admin/inbox_internals/broadcastreceipt/",
    "/admin/inbox/send/",
    "/admin/demo/post/",
)


@WITHOUT
def test_authors(context: BrowserContext, site: Site, filled: dict[str, Any], visit: Visit) -> None:
    sign_in(context, site, filled["author"])
    for path in ADMIN:
        visit(path.format(**filled))
    visit("/admin/inbox/broadcast/{draft}/lists/".format(**filled), act=upload)
    visit("/admin/inbox/broadcast/{draft}/change/".format(**filled), act=lambda page: write(page, site))
    sign_in(context, site, filled["approver"])
    visit("/admin/inbox/broadcast/{draft}/change/".format(**filled), ".inbox-rich")


def upload(page: Page) -> None:
    """A list of one person, and of names that nobody has."""
    content = "\n".join(["alice", *(text.replace("\n", " ") for text in TEXTS[:30])]).encode()
    page.get_by_label("File:").set_input_files({"name": f"{ATTACK}.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".messagelist")).to_contain_text("xss.example")


def write(page: Page, site: Site) -> None:
    """The preview, in each place and language; what is left out; people who are found; the size of the audience."""
    frame = page.frame_locator("[title=Preview]")
    expect(frame.locator("[data-place=inbox] .rd-title")).to_contain_text("xss.example")
    page.get_by_label("Language of the reader").select_option(label="Deutsch")
    expect(frame.locator("[data-place=inbox] .rd-title")).to_contain_text("Kritisch")
    left_out = site.call("inbox.rendering.markup.rendered", page.locator("#id_body_de").input_value())["left_out"]
    assert len(left_out) > 20
    expect(page.locator("[data-field=body_de]").get_by_role("listitem")).to_have_text(left_out)
    page.get_by_role("radio", name="Several").check()
    page.get_by_role("combobox", name="People").first.fill("xss.example")
    page.locator(".inbox-found [role=option]").first.click()
    expect(page.locator(".field-audience .inbox-reach")).to_contain_text("2 people: alice")  # who was uploaded
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_is_downloaded_is_no_page(site: Site, filled: dict[str, Any]) -> None:
    with site.client("admin") as client:
        table = client.get(f"/admin/inbox/broadcast/{filled['live']}/effect.csv")
        items = client.get("/api/v1/inbox/", headers={"Accept": "text/html"})
        banners = client.get("/push/banners/en/", headers={"Accept": "text/html"})
    assert "onerror" in table.text
    assert table.headers["content-disposition"].startswith("attachment;")
    for answer in (table, items, banners):
        assert "html" not in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_attacks_are_noticed(chromium: Browser, elsewhere: Elsewhere) -> None:
    """Each of them, if it gets into a page as it is; none of them, if the sanitiser has had it."""
    assert unnoticed(chromium, elsewhere, [*LIVE, *CLOBBERING]) == []
    clean = [sanitised(text) for text in TEXTS]
    assert unnoticed(chromium, elsewhere, clean) == clean


def unnoticed(chromium: Browser, elsewhere: Elsewhere, texts: list[str]) -> list[str]:
    """Those that `Watch` does not notice, each in a frame of its own."""
    with closing(chromium.new_context(bypass_csp=True)) as context:
        watch, page = Watch(context, elsewhere.origin), context.new_page()
        page.goto(f"{elsewhere.origin}/blank")
        page.evaluate(INTO_FRAMES, texts)
        noticed = {frame.name for frame in page.frames if frame.evaluate(FIND)}
    noticed |= {" ".join(each.split(" ")[:2]) for each in watch.found}
    return [text for number, text in enumerate(texts) if f"attack {number}" not in noticed]
