"""reddot.js: the state without the bell."""

import pytest
from playwright.sync_api import Page

from tests.browser.bell import until
from tests.browser.conftest import Browse
from tests.servers import Site, wait_for

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
