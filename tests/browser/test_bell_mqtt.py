"""MQTT over WebSocket as the only transport: at each broker we know, and at one that sends what a test wants."""

import re
import struct
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute

from tests.browser.bell import Bell, until
from tests.browser.conftest import Browse, newcomer, snapshot, tab
from tests.servers import Site, wait_for

soak = pytest.mark.soak
BROKERS = ["embedded", pytest.param("mosquitto", marks=soak), pytest.param("rabbitmq", marks=soak)]
NOWHERE = "ws://broker.invalid/mqtt"


def choose(bell: Bell, **attributes: str) -> Bell:
    for name, value in {**attributes, "transport": "mqtt"}.items():
        bell.element.evaluate(
            "(bell, [name, value]) => bell.setAttribute(name, value)", [name.replace("_", "-"), value]
        )
    return bell


@pytest.fixture(params=BROKERS)
def place(shared_site: Callable[..., Site], request: pytest.FixtureRequest) -> Site:
    if request.param == "embedded":
        return request.getfixturevalue("open_site")  # type: ignore[no-any-return]
    return shared_site(mqtt=request.param)


def test_shows_what_arrives(browse: Browse, place: Site) -> None:
    person = newcomer(place)
    place.call("send", "follow", [person], actor="alice")
    bell = choose(tab(browse(place, person)).live()).live("mqtt").shows("1").record()
    place.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes")
    bell.shows("2")
    assert bell.get("transport") == "mqtt"
    versions = bell.recorded()
    assert versions == sorted(versions)


OPEN = """async (mqttUrl) => {
  const { openers } = await import("/static/push/client/transports.js");
  const csrfToken = document.querySelector("notification-bell").getAttribute("csrf-token");
  window.log = [];
  window.seen = [];
  const [see, trace] = [(each) => seen.push(each), (each) => log.push(each)];
  const observer = { snapshot: see, closed: see, trace };
  window.connection = openers.mqtt(new URL("/push/", location.href), observer, { mqttUrl, csrfToken });
}"""


def test_says_what_passes_on_the_wire(browse: Browse, open_site: Site) -> None:
    person = newcomer(open_site)
    page = tab(browse(open_site, person)).live().page
    page.evaluate(OPEN, open_site.env["MQTT_WS_URL"])
    until(page, "seen.length")
    open_site.call("send", "follow", [person], actor="alice")
    until(page, "seen.at(-1).unread === 1")
    page.evaluate("connection.sync()")
    until(page, "log.some(({ text }) => text === 'PINGRESP')")
    page.evaluate("connection.close()")
    lines = [event["text"] for event in page.evaluate("log")]
    topic = f"inbox/{open_site.call('ids', [person])[0]}/unread"
    begin = ["CONNECT clean session, keep alive 15 s, user name, password", "CONNACK 0 accepted"]
    assert lines[:4] == [*begin, f"SUBSCRIBE 1 {topic} QoS 1", "SUBACK 1 QoS 1"]
    assert any(re.match(rf"PUBLISH \d+ {topic} QoS 1.*\n.*\"unread\": ?1", line) for line in lines)
    assert any(re.fullmatch(r"PUBACK \d+", line) for line in lines)
    assert "PINGREQ" in lines
    assert lines[-1] == "DISCONNECT"


@soak
def test_signed_out(browse: Browse, place: Site) -> None:
    context = browse(place, newcomer(place))
    bell = tab(context).live()
    context.clear_cookies()
    choose(bell).until("bell.state === 'signed-out'")


@soak
def test_comes_back_after_the_broker_was_away(browse: Browse, place: Site) -> None:
    """Meanwhile it asks the site."""
    if place.broker is None:
        pytest.skip("the web process is the broker")
    person = newcomer(place)
    bell = choose(tab(browse(place, person)).live()).live("mqtt")
    place.broker.kill()
    place.call("send", "follow", [person], actor="alice")
    bell.until("bell.transport === ''").shows("1")
    place.broker.start()
    bell.live("mqtt", deadline=40)  # back-off: 20 s at most
    place.call("send", "follow", [person], actor="alice")
    bell.shows("2")


CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
CONNECT, SUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x82, 0xC0, 0xE0


def packet(first: int, body: bytes = b"") -> bytes:
    """With a length of one or two bytes."""
    length = [len(body)] if len(body) < 128 else [len(body) % 128 | 128, len(body) // 128]
    return bytes([first, *length]) + body


def publish(topic: str, payload: bytes, id: int = 0) -> bytes:
    """QoS 1 with an id, QoS 0 without."""
    name = struct.pack("!H", len(topic)) + topic.encode()
    return packet(PUBLISH | (2 if id else 0), name + (struct.pack("!H", id) if id else b"") + payload)


class Broker:
    """Answers CONNECT with `code`, SUBSCRIBE with `granted`, PINGREQ if it is `awake`; `sent` is all it was sent."""

    def __init__(self, context: BrowserContext, code: int = 0, granted: int = 1) -> None:
        self.code, self.granted, self.awake = code, granted, True
        self.sockets, self.sent = list[WebSocketRoute](), list[bytes]()
        context.route_web_socket(re.compile("broker.invalid"), self.accept)

    def accept(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda message: self.hear(socket, message))

    def hear(self, socket: WebSocketRoute, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        self.sent.append(message)
        if message[0] == CONNECT:
            socket.send(packet(CONNACK, bytes([0, self.code])))
        elif message[0] == SUBSCRIBE:
            socket.send(packet(SUBACK, message[2:4] + bytes([self.granted])))
        elif message[0] == PINGREQ and self.awake:
            socket.send(packet(PINGRESP))

    def kinds(self) -> list[int]:
        return [message[0] for message in self.sent]


@pytest.fixture
def user(site: Site, person: str) -> Any:
    return site.call("ids", [person])[0]


def test_reads_a_stream_of_packets(browse: Browse, site: Site, person: str, user: Any) -> None:
    """Frames end where they like; what is empty, foreign or no JSON is passed by."""
    context = browse(site, person)
    broker = Broker(context)
    bell = choose(tab(context).live(), mqtt_url=NOWHERE).live("mqtt").record()
    topic, send = f"inbox/{user}/unread", broker.sockets[0].send
    news = [publish(topic, snapshot(user, version, version).encode(), id=version) for version in range(1, 5)]
    send(news[0][:1])
    send(news[0][1:40])
    send(news[0][40:] + publish(topic, b"") + news[1])
    send(publish(topic, b"\xff{", id=9) + publish("inbox/0/unread", snapshot(user, 8, 8).encode()) + news[2][:-1])
    send(news[2][-1:])
    send(publish(topic, snapshot(user, 4, 4).encode()))
    bell.shows("4")
    assert bell.recorded() == [1, 2, 3, 4]
    acknowledged = [message[2:] for message in broker.sent if message[0] == PUBACK]
    assert acknowledged == [struct.pack("!H", number) for number in (1, 2, 9, 3)]


def test_says_who_it_is_and_goodbye(browse: Browse, site: Site, person: str, user: Any) -> None:
    """MQTT 3.1.1, 3.1: level 4, user name, password, clean session; the client id begins with the user's."""
    context = browse(site, person)
    broker = Broker(context)
    bell = choose(tab(context).live(), mqtt_url=NOWHERE).live("mqtt")
    assert re.match(rb"\x10..?\x00\x04MQTT\x04\xc2\x00\x0f\x00.%d-[0-9a-f]{16}\x00.%d" % (user, user), broker.sent[0])
    assert broker.sent[1] == packet(SUBSCRIBE, struct.pack("!HH", 1, len(f"inbox/{user}/unread"))
                                    + f"inbox/{user}/unread".encode() + b"\x01")  # fmt: skip
    bell.use("websocket")
    wait_for(lambda: bell.get("state") and broker.sent[-1] == packet(DISCONNECT))


# A length of more than four bytes, a topic longer than its packet, QoS 3.
BAD = [b"\xf0\xff\xff\xff\xff", packet(PUBLISH, b"\x00\xffx"), packet(PUBLISH | 6, b"\x00\x01xyz")]


@pytest.mark.soak
def test_ends_what_makes_no_sense(browse: Browse, site: Site, person: str) -> None:
    context = browse(site, person)
    broker = Broker(context)
    bell = choose(tab(context).live(), mqtt_url=NOWHERE)
    for bad in BAD:
        bell.live("mqtt")
        opened = broker.sockets.copy()
        opened[-1].send(bad)
        wait_for(lambda known=opened: bell.get("state") and len(broker.sockets) > len(known))


@pytest.mark.parametrize(
    ("code", "granted"), [(5, 1), pytest.param(1, 1, marks=soak), pytest.param(0, 0x80, marks=soak)]
)
def test_a_broker_that_refuses_signs_nobody_out(
    browse: Browse, site: Site, person: str, code: int, granted: int
) -> None:
    """The site knows better, and says the number."""
    context = browse(site, person)
    broker = Broker(context, code, granted)
    bell = choose(tab(context).live(), mqtt_url=NOWHERE)
    wait_for(lambda: bell.get("state") and broker.sockets)
    site.call("send", "follow", [person], actor="alice")
    bell.shows("1")
    assert (bell.get("state"), bell.get("transport")) == ("connecting", "")


@soak
def test_a_broker_that_fell_silent_is_left(browse: Browse, site: Site, person: str) -> None:
    """A PINGREQ after 10 s, and 8 s for the answer."""
    context = browse(site, person)
    broker = Broker(context)
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    bell = choose(Bell(page).live(), mqtt_url=NOWHERE).live("mqtt")
    page.clock.run_for(11_000)
    wait_for(lambda: page.evaluate("1") and broker.kinds() == [CONNECT, SUBSCRIBE, PINGREQ])
    broker.awake = False
    page.clock.run_for(11_000)
    page.clock.run_for(12_000)
    wait_for(lambda: page.evaluate("1") and len(broker.sockets) == 2)
    bell.live("mqtt")


def test_without_a_broker_the_number_is_right(browse: Browse, site: Site, person: str) -> None:
    bell = choose(tab(browse(site, person)).live())
    bell.until("bell.transport === ''")
    site.call("send", "follow", [person], actor="alice")
    bell.shows("1")
