"""The forever-frame as the only transport."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, OpenBell, newcomer, tab
from tests.servers import Site


def test_the_page_does_not_wait_for_it(browse: Browse, site: Site, person: str) -> None:
    """A frame that is there before a page has loaded would keep it loading."""
    context = browse(site, person)

    def chosen(route: Route) -> None:
        response = route.fetch()
        page = response.text().replace("<notification-bell ", '<notification-bell transport="iframe" ')
        route.fulfill(response=response, body=page)

    context.route("**/people/", chosen)
    bell = tab(context, "/people/").live("iframe")
    site.call("send", "follow", [person], actor="alice")
    bell.shows("1")
    assert bell.page.evaluate("document.readyState") == "complete"


def test_goes_without_a_trace(open_bell: OpenBell) -> None:
    bell = open_bell().live().use("iframe")
    expect(bell.page.locator("iframe")).to_have_count(1)
    expect(bell.page.locator("iframe")).to_be_hidden()
    bell.use("sse")
    expect(bell.page.locator("iframe")).to_have_count(0)


def test_hears_nobody_but_its_frame(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live().use("iframe").record()
    bell.page.evaluate(
        """([user]) => {
          const lie = { user, version: 8000000000000000, unread: 8, capped: false, by_type: {} };
          window.postMessage(lie, "*");
          const frame = document.body.appendChild(document.createElement("iframe"));
          const from = { source: frame.contentWindow, origin: location.origin };
          window.dispatchEvent(new MessageEvent("message", { data: lie, ...from }));
        }""",
        site.call("ids", [person]),
    )
    site.call("send", "follow", [person], actor="alice")
    bell.shows("1")
    assert all(version < 8_000_000_000_000_000 for version in bell.recorded())


REFUSED = """([text]) => [
  () => { document.documentElement.innerHTML = text; },
  () => { trustedTypes.createPolicy("any", {}); },
].map((attempt) => { try { attempt(); return "done"; } catch (error) { return error.name; } })"""


def test_its_document_makes_no_markup_of_text(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live().use("iframe")
    [frame] = bell.page.main_frame.child_frames
    assert frame.evaluate(REFUSED, ["<p>"]) == ["TypeError", "TypeError"]
    site.call("send", "follow", [person], actor="alice")
    bell.shows("1")


@pytest.mark.soak
def test_frame_and_broker_come_back_with_the_server(start_site: Callable[..., Site], browse: Browse) -> None:
    """Of a killed one a frame hears nothing: 25 s of silence tell."""
    site = start_site(mqtt="embedded")
    person = newcomer(site)
    bells: dict[str, Bell] = {}
    for name in ("iframe", "mqtt"):
        page = browse(site, person).new_page()
        page.clock.install()
        page.goto("/")
        bells[name] = Bell(page).live().use(name)
    site.web[0].kill()
    bells["iframe"].page.clock.fast_forward(26_000)
    for bell in bells.values():
        bell.until("bell.state === 'offline'")
    site.agent.call("send", "follow", [person], actor="alice")
    site.start_web(0)
    for name, bell in bells.items():
        bell.page.clock.fast_forward(20_000)  # the back-off's longest
        bell.live(name).shows("1")
    site.call("send", "follow", [person], actor="alice")
    for bell in bells.values():
        bell.shows("2")
