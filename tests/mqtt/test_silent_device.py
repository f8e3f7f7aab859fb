"""A device that stops pinging is let go of within a minute, at every broker (MQTT 3.1.1, 3.1.2.10)."""

import asyncio

import pytest

from tests.mqtt_client import mint
from tests.servers import Site

from .conftest import Person

pytestmark = pytest.mark.soak
KEEP_ALIVE, MINUTE = 15, 60  # seconds
CONNACK_ACCEPTED = b"\x20\x02\x00\x00"


def text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


def connect_packet(name: str, password: str) -> bytes:
    """CONNECT with a clean session; the remaining length takes two bytes for these sizes."""
    flags = 0xC2  # user name, password, clean session
    body = text("MQTT") + bytes((4, flags)) + KEEP_ALIVE.to_bytes(2, "big")
    body += text(f"{name}-silent") + text(name) + text(password)
    assert 128 <= len(body) < 16_384
    return bytes((0x10, len(body) % 128 | 0x80, len(body) // 128)) + body


async def test_a_device_that_stops_pinging(site: Site, bob: Person) -> None:
    cookies = await asyncio.to_thread(site.cookies, bob.name)
    ticket = await asyncio.to_thread(mint, site, cookies)
    port = int(site.env["MQTT_URL"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(connect_packet(str(bob.id), ticket))
        assert await asyncio.wait_for(reader.readexactly(4), 10) == CONNACK_ACCEPTED
        async with asyncio.timeout(MINUTE):
            assert await reader.read() == b""
    finally:
        writer.close()
