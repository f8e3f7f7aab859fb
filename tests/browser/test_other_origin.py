"""The bell on a page of another origin: no session there, a ticket that is renewed, the same number."""

import re

import httpx
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.browser.elsewhere import Elsewhere
from tests.servers import Site, wait_for

TRANSPORTS = ["websocket", "sse", "long-poll", "short-poll", "mqtt"]


@pytest.fixture(scope="session")
def site(open_site: Site) -> Site:
    return open_site


@pytest.fixture
def shop(elsewhere: Elsewhere, person: str) -> Elsewhere:
    elsewhere.receive(person)
    return elsewhere


def put(page: Page, shop: Elsewhere, **attributes: str) -> Bell:
    """A bell on an empty page of the shop."""
    page.goto(f"{shop.origin}/blank")
    addresses = {name: shop.site.url(path) for name, path in PATHS.items()}
    given = {name.replace("_", "-"): value for name, value in attributes.items()}
    page.evaluate(PUT, [shop.site.url("/static/push/bell.js"), addresses | given])
    return Bell(page)


PATHS = {"push": "/push/", "api": "/api/v1/", "inbox": "/inbox/"}
PUT = """async ([module, attributes]) => {
  await import(module);
  const bell = document.createElement("notification-bell");
  for (const [name, value] of Object.entries(attributes)) bell.setAttribute(name, value);
  document.body.append(bell);
}"""


def test_the_example(browse: Browse, site: Site, person: str, shop: Elsewhere) -> None:
    page = browse(site).new_page()
    page.goto(shop.origin)
    bell = Bell(page).live("websocket").shows("")
    expect(page.locator("#unread")).to_have_text("0")
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes", url="/people/")
    bell.shows("1").open()
    expect(page.locator("#unread")).to_have_text("1")
    assert bell.title("Tea").get_attribute("href") == site.url("/people/")
    bell.mark_all.click()
    bell.shows("")
    expect(page.locator("#unread")).to_have_text("0")


def test_every_transport_takes_a_ticket(browse: Browse, site: Site, person: str, shop: Elsewhere) -> None:
    """The same host means the same cookies: carol's is there, and counts for nothing."""
    page = browse(site, "carol").new_page()
    bell = put(page, shop, ticket_url="/reddot-ticket", mqtt_url=site.env["MQTT_WS_URL"])
    for unread, transport in enumerate(TRANSPORTS, 1):
        bell.live().use(transport)
        site.call("send", "follow", [person], actor="alice")
        bell.shows(str(unread))
        assert bell.get("transport") == transport
    assert bell.get("snapshot")["user"] == site.call("ids", [person])[0]
    assert {"ttl": 60} in shop.wishes
    assert {"purpose": "mqtt"} in shop.wishes


@pytest.mark.soak
def test_a_frame_says_nothing_to_another_origin(browse: Browse, site: Site, person: str, shop: Elsewhere) -> None:
    """What can't connect asks nevertheless: the number is right."""
    site.call("send", "follow", [person], actor="alice")
    bell = put(browse(site).new_page(), shop, ticket_url="/reddot-ticket", transport="iframe").shows("1")
    assert bell.get("transport") == ""


def refused(shop: Elsewhere, ticket: str) -> bool:
    answer = httpx.get(shop.site.url("/push/poll/"), headers={"Authorization": f"Bearer {ticket}"})
    return answer.status_code == 401


@pytest.mark.parametrize("how", ["expired", "refused"])
def test_renews_before_it_connects(browse: Browse, site: Site, person: str, shop: Elsewhere, how: str) -> None:
    """Expired by our own clock, or by the server's word."""
    first = shop.mint(ttl=1 if how == "expired" else 300)["ticket"]
    if how == "refused":
        site.call("change_password", person)
    wait_for(lambda: refused(shop, first), what="the first ticket to open nothing")
    site.call("send", "follow", [person], actor="alice")
    bell = put(browse(site).new_page(), shop, ticket=first, ticket_url="/reddot-ticket")
    bell.live("websocket").shows("1")
    assert shop.wishes == [{}]


@pytest.mark.parametrize(
    "transport",
    ["websocket", *(pytest.param(each, marks=pytest.mark.soak) for each in ("short-poll", "sse", "long-poll"))],
)
def test_outlives_its_ticket(browse: Browse, site: Site, person: str, shop: Elsewhere, transport: str) -> None:
    context, opened = browse(site), list[WebSocketRoute]()
    context.route_web_socket(re.compile("/push/ws/"), lambda socket: opened.append(socket.connect_to_server()))
    page = context.new_page()
    page.clock.install()
    bell = put(page, shop, ticket_url="/reddot-ticket", transport=transport).live(transport)
    asked = len(shop.wishes)
    site.call("send", "follow", [person], actor="alice")
    page.clock.fast_forward(400_000)  # the ticket has expired; streams have been silent for too long
    for server in opened:
        server.close()
    wait_for(lambda: page.evaluate("1") and len(shop.wishes) > asked, what="another ticket")
    bell.live(transport).shows("1")


def test_without_a_ticket_it_is_signed_out(browse: Browse, site: Site, person: str, shop: Elsewhere) -> None:
    site.call("send", "follow", [person], actor="alice")
    shop.receive("")
    bell = put(browse(site).new_page(), shop, ticket_url="/reddot-ticket")
    bell.until("bell.state === 'signed-out'").shows("").open()
    expect(bell.panel.get_by_text("You’re signed out")).to_be_visible()
    shop.receive(person)
    bell.wake().live("websocket").shows("1")


@pytest.mark.soak
def test_a_ticket_alone_serves_until_it_expires(browse: Browse, site: Site, person: str, shop: Elsewhere) -> None:
    """In an address it may have a minute at most, so this one opens no event stream."""
    page = browse(site).new_page()
    bell = put(page, shop, ticket=shop.mint()["ticket"])
    bell.live("websocket")
    page.evaluate("document.querySelector('notification-bell').setAttribute('transport', 'sse')")
    bell.until("bell.transport === '' && bell.state === 'connecting'")
    bell.use("long-poll")
    assert shop.wishes == []


def test_the_property_set_before_the_element_is_known(browse: Browse, site: Site, shop: Elsewhere) -> None:
    page = browse(site).new_page()
    page.goto(f"{shop.origin}/blank")
    page.evaluate(
        """async ([module, push, ticket]) => {
          document.body.innerHTML = `<notification-bell push="${push}"></notification-bell>`;
          document.querySelector("notification-bell").renewTicket = async () => ticket;
          await import(module);
        }""",
        [site.url("/static/push/bell.js"), site.url("/push/"), shop.mint()["ticket"]],
    )
    Bell(page).live("websocket")


@pytest.mark.soak
def test_one_renewal_at_a_time(browse: Browse, site: Site) -> None:
    """Whoever waits takes what the other got, if it fits."""
    page = browse(site, "carol").new_page()
    page.goto("/jsi18n/")
    asked = page.evaluate(
        """async () => {
          const { TicketCredential } = await import("/static/push/client/credential.js");
          const wishes = [];
          const mint = (ttl) => `${btoa(JSON.stringify([7, "", "", Date.now() / 1000 + ttl]))}.signature`;
          const renew = (wish) => { wishes.push(wish); return Promise.resolve(mint(wish.ttl ?? 300)); };
          const holder = new TicketCredential(null, renew);
          const tickets = await Promise.all([{}, {}, { ttl: 60 }, { ttl: 60 }, {}].map((wish) => holder.ticket(wish)));
          return { wishes, users: tickets.map(({ user }) => user) };
        }"""
    )
    assert asked == {"wishes": [{}, {"ttl": 60}], "users": ["7"] * 5}


def test_scripts_may_be_loaded_from_anywhere(site: Site, shop: Elsewhere) -> None:
    """A module of another origin needs leave (WHATWG HTML, "fetch a module script")."""
    answer = httpx.get(site.url("/static/push/reddot.js"), headers={"Origin": shop.origin})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_renewal_refused_for_a_moment_signs_nobody_out(
    browse: Browse, site: Site, person: str, shop: Elsewhere
) -> None:
    """A new password ends the ticket, and for a moment the shop's own session: the bell asks again."""
    bell = put(browse(site).new_page(), shop, ticket_url="/reddot-ticket").live("websocket")
    shop.receive("", next_visitor=person)
    site.call("change_password", person)
    wait_for(lambda: bell.page.evaluate("1") and shop.wishes, what="a refused renewal")
    site.call("send", "follow", [person], actor="alice")
    bell.live("websocket").shows("1")
