"""Event streams beside the badge: what site code sends through django-eventstream reaches both views."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx_sse
import pytest

from tests.clients import connect, plain_http
from tests.conftest import StartSite
from tests.servers import Site, eventually

VIEWS = ["/push/sse/", "/push/events/"]


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


async def call(site: Site, do: str, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(site.call, do, *args, **kwargs)


@asynccontextmanager
async def stream(site: Site, path: str, name: str) -> AsyncIterator[tuple[httpx.Response, Any]]:
    cookies = await asyncio.to_thread(site.cookies, name)
    async with (
        plain_http(site, cookies=cookies, timeout=10) as http,
        httpx_sse.aconnect_sse(http, "GET", path) as source,
    ):
        yield source.response, source.aiter_sse()


async def until(events: Any, kind: str) -> Any:
    async for event in events:
        if event.event == kind:
            return event
    raise AssertionError(f"the stream ended before {kind}")


@pytest.mark.parametrize("path", VIEWS)
async def test_an_event_of_the_site(site: Site, path: str) -> None:
    bob = await call(site, "user", "streaming")
    async with stream(site, path, "streaming") as (_, events):
        first = await until(events, "unread")
        assert first.id == f"user-{bob}:{first.json()['version']}"
        await call(site, "django_eventstream.send_event", f"user-{bob}", "message", {"text": "a\r\nb"})
        message = await until(events, "message")
        assert message.json() == {"text": "a\r\nb"}
        await call(site, "send", "comment", ["streaming"], target_title="Tea")
        assert (await until(events, "unread")).json()["unread"] == first.json()["unread"] + 1


@pytest.mark.parametrize("path", VIEWS)
async def test_anothers_event_stays_theirs(site: Site, path: str) -> None:
    bob, alice = await call(site, "user", "streaming"), await call(site, "user", "other")
    async with stream(site, path, "streaming") as (_, events):
        await until(events, "unread")
        await call(site, "django_eventstream.send_event", f"user-{alice}", "message", "hers")
        await call(site, "django_eventstream.send_event", f"user-{bob}", "message", "his")
        assert (await until(events, "message")).json() == "his"


async def test_the_headers_keep_proxies_from_holding_it_up(site: Site) -> None:
    async with stream(site, "/push/sse/", "bob") as (response, events):
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-cache, no-transform"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert {"Cookie", "Authorization"} <= set(response.headers["Vary"].split(", "))
        opened = await anext(events)
        assert opened.event == "stream-open"
        assert 1000 <= opened.retry <= 5000


@pytest.mark.soak
async def test_a_quiet_stream_is_kept_alive(site: Site) -> None:
    async with stream(site, "/push/sse/", "bob") as (response, events):
        await until(events, "unread")
        response.stream.timeout = 30  # type: ignore[attr-defined]
        async with asyncio.timeout(25):
            await until(events, "keep-alive")


@pytest.mark.soak
@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
@pytest.mark.parametrize("path", ["/push/sse/", "/push/iframe/", "/push/ws/"])
async def test_a_client_that_stops_reading_is_dropped_and_delays_nobody(
    start_site: StartSite, server: str, path: str
) -> None:
    site = start_site(server=server, UVICORN_WS_PING_INTERVAL=3600)  # it is we who drop it, not the ping
    with await asyncio.to_thread(stall, site, path, "bob"):
        await others_go_on(site, "bob")
    assert "stopped reading" in site.web[0].logs()


async def others_go_on(site: Site, name: str) -> None:
    async with connect("websocket", site, name) as client:
        await client.next()
        await eventually(lambda: count(site, 2))
        reading = asyncio.create_task(client.until(lambda shown: False, deadline=100))
        writing = asyncio.create_task(write_for_ever(site))
        await eventually(lambda: count(site, 1), deadline=60)
        writing.cancel()
        await eventually(lambda: up_to_date(site, name, client.last))
        reading.cancel()


async def up_to_date(site: Site, name: str, shown: dict[str, Any]) -> bool:
    return bool(shown["version"] == (await call(site, "snapshot", name))["version"])


def stall(site: Site, path: str, name: str) -> socket.socket:
    """A client with a small window that asks and never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.connect(("127.0.0.1", site.ports[0]))
    head = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{site.ports[0]}", f"Origin: {site.url('')}"]
    head += [f"Cookie: sessionid={site.cookies(name)['sessionid']}"]
    if "ws" in path:
        head += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        head += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    client.sendall("\r\n".join([*head, "", ""]).encode())
    return client


async def count(site: Site, connections: int) -> bool:
    return bool(await call(site, "push.hub.connection_count") == connections)


async def write_for_ever(site: Site) -> None:
    while True:
        published = await call(site, "broadcast", "Long", body="x" * 7000)
        await call(site, "withdraw", published)
