"""What each broker makes of MQTT 5, of two connections with one client id, and of connections that say nothing."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import pytest
from paho.mqtt.client import MQTTv5

from push.channels.mqtt import embedded as embedded_broker
from tests.clients import Refused
from tests.mqtt.conftest import Person
from tests.mqtt.test_access import ticket_of
from tests.mqtt.test_ended import ends
from tests.mqtt_client import device
from tests.servers import Site, eventually, free_port

SOON = 9.0  # seconds: at once, on a busy machine, and before a silent client is let go
SILENT = 10.0  # seconds that the embedded broker waits for a CONNECT
KEEP_ALIVE = 2  # seconds, and even: amqtt counts whole ones


@pytest.fixture
def embedded(broker: str) -> None:
    if broker != "embedded":
        pytest.skip("is about the embedded broker")


def packet(name: bytes, level: int, rest: bytes) -> bytes:
    body = struct.pack("!H", len(name)) + name + bytes([level]) + rest
    return b"\x10" + bytes([len(body)]) + body


V5 = packet(b"MQTT", 5, b"\x02\x00\x3c\x00\x00\x04five")  # clean start, 60 s, no properties, client id
OPENINGS = {
    "MQTT 5": (V5, b"\x20\x03\x00\x84\x00"),
    "MQTT 5, byte by byte": (V5, b"\x20\x03\x00\x84\x00"),
    "a later version": (packet(b"MQTT", 9, b"\x02\x00\x3c"), b"\x20\x03\x00\x84\x00"),
    "MQTT 3.1": (packet(b"MQIsdp", 3, b"\x02\x00\x3c\x00\x04five"), b"\x20\x02\x00\x01"),
    "no CONNECT": (b"\xc0\x00", b""),
    "a length without end": (b"\x10\xff\xff\xff\xff\xff\xff", b""),
    "a length of 256 MB": (b"\x10\xff\xff\xff\x7f", b""),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
}


async def opened(site: Site) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(site.env["MQTT_URL"])
    return await asyncio.open_connection(where.hostname, where.port)


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.usefixtures("embedded")
async def test_what_cannot_be_served_is_refused_at_once(site: Site, opening: str) -> None:
    sent, answer = OPENINGS[opening]
    reader, writer = await opened(site)
    async with asyncio.timeout(SOON):
        for piece in [sent[n : n + 1] for n in range(len(sent))] if "byte by byte" in opening else [sent]:
            writer.write(piece)
            await writer.drain()
        assert await reader.read() == answer
    writer.close()


@pytest.mark.usefixtures("embedded")
async def test_who_never_says_connect_is_let_go(site: Site, bob: Person) -> None:
    silent = [await opened(site) for _ in range(20)]
    half = await opened(site)
    half[1].write(b"\x10\x20\x00\x04MQ")
    async with device(site, bob.name) as client:  # others are served meanwhile
        await client.until_unread(0)
    async with asyncio.timeout(SILENT + SOON):
        for reader, writer in (*silent, half):
            assert await reader.read() == b""
            writer.close()


@pytest.fixture
async def in_process(settings: Any) -> AsyncIterator[embedded_broker.EmbeddedBroker]:
    """The embedded broker on this event loop, at MQTT_URL."""
    settings.MQTT_URL, settings.MQTT_WS_URL = f"mqtt://service:x@127.0.0.1:{free_port()}", ""
    broker = embedded_broker.EmbeddedBroker(embedded_broker._config())
    await broker.start()
    yield broker
    await broker.shutdown()


async def test_so_many_may_wait_for_their_turn_to_connect(
    in_process: embedded_broker.EmbeddedBroker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next is closed at once, and the others stay."""
    monkeypatch.setattr(embedded_broker, "MAX_CONNECTIONS", 2)
    where = urlsplit(settings.MQTT_URL)
    waiting = [await asyncio.open_connection(where.hostname, where.port) for _ in range(2)]
    await eventually(lambda: in_process._waiting == 2, SOON)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    async with asyncio.timeout(SOON):
        assert await reader.read() == b""
    assert in_process._waiting == 2
    for _, each in (*waiting, (reader, writer)):
        each.close()
    await eventually(lambda: in_process._waiting == 0, SOON)


async def test_no_session_outlives_its_connection(in_process: embedded_broker.EmbeddedBroker, settings: Any) -> None:
    """Whatever the client asks for: nobody could come back to it, and it would be kept for good."""
    where = urlsplit(settings.MQTT_URL)
    who = {"username": where.username, "password": where.password, "identifier": "one", "clean_session": False}
    for _ in range(2):
        async with aiomqtt.Client(where.hostname, where.port, **who) as client:
            await client.subscribe("inbox/#", 1)
            session = in_process._named[where.username, "one"]
            assert session.client_id in in_process._sessions
        await eventually(lambda session=session: session.client_id not in in_process._sessions, SOON)


async def test_a_client_that_stops_pinging_is_let_go(in_process: embedded_broker.EmbeddedBroker, settings: Any) -> None:
    """After one and a half times its keep-alive, and not before (MQTT 3.1.1, 3.1.2.10)."""
    where, begun = urlsplit(settings.MQTT_URL), time.monotonic()
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(packet(b"MQTT", 4, struct.pack("!BH", 0xC2, KEEP_ALIVE) + b"\x00\x03one\x00\x07service\x00\x01x"))
    async with asyncio.timeout(KEEP_ALIVE + SOON):
        assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
        assert await reader.read() == b""
    assert time.monotonic() - begun >= 1.5 * KEEP_ALIVE
    writer.close()


async def test_mqtt_5(site: Site, broker: str, bob: Person) -> None:
    if broker == "rabbitmq":
        pytest.skip("Debian's RabbitMQ (3.10) has no MQTT 5 yet")
    async with device(site, bob.name) as client:
        await client.next()  # so that something is retained
    where, ticket = urlsplit(site.env["MQTT_URL"]), await ticket_of(bob)
    who = {"username": str(bob.id), "password": ticket, "identifier": f"{bob.id}-five", "protocol": MQTTv5}
    async with asyncio.timeout(SOON):
        if broker == "embedded":
            with pytest.raises(aiomqtt.MqttError):
                await aiomqtt.Client(where.hostname, where.port, timeout=SOON, **who).__aenter__()
            return
        async with aiomqtt.Client(where.hostname, where.port, **who) as client:
            await client.subscribe(bob.topic, 1)
            assert (await anext(aiter(client.messages))).retain
            [refused] = await client.subscribe("inbox/#", 1)
            assert refused.value >= 0x80
        with pytest.raises(aiomqtt.MqttError, match="authori"):
            await aiomqtt.Client(where.hostname, where.port, **who | {"password": "x"}).__aenter__()


async def test_a_second_connection_with_the_client_id_takes_over(site: Site, bob: Person) -> None:
    ticket, name = await ticket_of(bob), f"{bob.id}-one"
    async with device(site, bob.name, ticket=ticket, identifier=name) as first, AsyncExitStack() as later:
        second = await later.enter_async_context(device(site, bob.name, ticket=ticket, identifier=name))
        await ends(first, SOON)
        await bob.receives()
        await second.until_unread(1)


async def test_nobody_takes_over_another_user_s_connection(site: Site, broker: str, bob: Person, alice: Person) -> None:
    if broker == "mosquitto":
        pytest.skip("it looks at no client id: there they are to be random, as the bell's are")
    name = f"{bob.id}-mine"
    async with device(site, bob.name, ticket=await ticket_of(bob), identifier=name) as client:
        with suppress(Refused):
            async with device(site, alice.name, ticket=await ticket_of(alice), identifier=name):
                pass
        await bob.receives()
        await client.until_unread(1)
