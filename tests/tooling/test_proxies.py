"""The proxies of deploy/, really loaded: every stream flows through them, and what is half or huge ends there."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import raw
from tests.clients import connect
from tests.conftest import StartSite
from tests.proxies import SHIPPED, Through, run_proxy, shipped
from tests.raw import Raw
from tests.servers import Site, eventually, free_port, needs

STREAMS = ["websocket", "sse", "iframe", "long-poll"]
# Seconds and numbers that a test can wait for.
SOONER = {
    "client_header_timeout 15s": "client_header_timeout 1s",
    "client_body_timeout 30s": "client_body_timeout 1s",
    "read_header 15s": "read_header 1s",
    "read_body 60s": "read_body 1s",
    "timeout http-request 15s": "timeout http-request 1s",
    "connections 300;": "connections 30;",
    "sc0_conn_cur gt 300": "sc0_conn_cur gt 30",
    "rate=100r/s": "rate=10r/s",
    "burst=500": "burst=100",
    "sc0_http_req_rate gt 1000": "sc0_http_req_rate gt 100",
}


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    """Without limits of its own, so that what is refused is refused by the proxy."""
    unlimited = {"PUSH_MAX_CONNECTIONS_PER_USER": 1000, "PUSH_MAX_BODY_BYTES": 0, "PUSH_REQUEST_SECONDS": 0}
    return shared_site(server="uvicorn", bus="memory", DEBUG=0, **unlimited)


@pytest.fixture(scope="module", params=SHIPPED)
def proxy(site: Site, request: pytest.FixtureRequest) -> Iterator[Any]:
    port, name = free_port(), request.param
    configuration = shipped(name, site, port)
    for ours, sooner in SOONER.items():
        configuration = configuration.replace(ours, sooner)
    with needs(), run_proxy(name, configuration, port):
        through = Through(site, port)
        through.ports = [port]  # type: ignore[attr-defined]
        through.name = name  # type: ignore[attr-defined]
        yield through


@pytest.mark.parametrize("transport", STREAMS)
async def test_streams_flow(proxy: Any, transport: str) -> None:
    """The first state at once, and each change: compressed or buffered, they would wait for kilobytes."""
    name = f"{transport} through {proxy.name}"
    await asyncio.to_thread(proxy.call, "user", name)
    async with connect(transport, proxy, name) as client:
        unread = (await client.next())["unread"]
        for more in (1, 2):
            await asyncio.to_thread(proxy.call, "send", "comment", [name], target_title="Tea")
            await client.until_unread(unread + more)


@pytest.mark.soak
@pytest.mark.parametrize("transport", ["websocket", "sse", "iframe"])
async def test_streams_survive_silence(proxy: Any, transport: str) -> None:
    """Keep-alives come every 20 s."""
    name = f"silent {transport} through {proxy.name}"
    await asyncio.to_thread(proxy.call, "user", name)
    async with connect(transport, proxy, name) as client:
        unread = (await client.next())["unread"]
        await asyncio.sleep(80)
        await asyncio.to_thread(proxy.call, "send", "comment", [name], target_title="Tea")
        await client.until_unread(unread + 1)


async def test_a_page_is_compressed_and_a_stream_is_not(proxy: Any) -> None:
    cookies = await asyncio.to_thread(proxy.cookies, "bob")
    gzip = {"Accept-Encoding": "gzip"}
    async with (
        httpx.AsyncClient(base_url=proxy.url(""), cookies=cookies, headers=gzip) as http,
        http.stream("GET", "/push/iframe/") as stream,
    ):
        assert "Content-Encoding" not in stream.headers
    async with httpx.AsyncClient(base_url=proxy.url(""), headers=gzip) as http:
        page = await http.get("/accounts/login/")
        assert page.headers.get("Content-Encoding") == ("gzip" if proxy.name != "haproxy" else None)


async def test_a_huge_request_is_refused(proxy: Any) -> None:
    head = raw.request(proxy, "/accounts/login/", f"Content-Length: {200 << 20}", method="POST")
    async with asyncio.timeout(10), raw.connect(proxy, head) as connection:
        connection.writer.write(b"x" * 2_000_000)  # Caddy counts what comes
        assert b" 413 " in (await connection.reader.readline())


async def test_a_huge_chunked_request_is_cut(proxy: Any) -> None:
    if proxy.name == "haproxy":
        return  # it looks at Content-Length only: PUSH_MAX_BODY_BYTES limits the rest
    head = raw.request(proxy, "/accounts/login/", "Transfer-Encoding: chunked", method="POST")
    async with asyncio.timeout(10), raw.connect(proxy, head) as connection:
        connection.writer.write((b"10000\r\n" + b"x" * 65_536 + b"\r\n") * 32)
        assert b" 413 " in (await connection.reader.readline())


@pytest.mark.parametrize("said", [b"G", b"GET / HTTP/1.1\r\nHost: 127"], ids=["a byte", "half a head"])
async def test_half_a_head_is_given_up(proxy: Any, said: bytes) -> None:
    async with asyncio.timeout(10), raw.connect(proxy, said) as connection:
        await connection.rest()


async def test_a_slow_body_is_given_up(proxy: Any) -> None:
    if proxy.name == "haproxy":
        return  # it hands on what comes: PUSH_REQUEST_SECONDS limits that
    head = raw.request(proxy, "/accounts/login/", "Content-Length: 1000", method="POST")
    async with asyncio.timeout(10), raw.connect(proxy, head + b"slow") as connection:
        await connection.rest()


async def test_an_address_may_have_so_many_connections(proxy: Any) -> None:
    if proxy.name == "caddy":
        return  # it has no such limit of its own, as its file says
    cookies = await asyncio.to_thread(proxy.cookies, "bob")
    stream = raw.request(proxy, "/push/sse/", cookies=cookies)
    opened = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(45)]
    try:
        for _, writer in opened:
            writer.write(stream)
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(reader.readline() for reader, _ in opened))
        assert sum(b" 429 " in answer for answer in answers) >= 15
    finally:
        for each in opened:
            Raw(*each).reset()  # HAProxy counts a client that has only said FIN until the stream's next keep-alive
    async with httpx.AsyncClient(base_url=proxy.url("")) as http:

        async def served() -> bool:
            return (await http.get("/healthz")).status_code == 200

        await eventually(served, what="an answer once those have gone")


async def test_what_is_for_operators_stays_within(proxy: Any) -> None:
    async with httpx.AsyncClient(base_url=proxy.url("")) as http:
        for path in ("/metrics", "/readyz", "/push/mqtt/user/"):
            assert (await http.get(path)).status_code == 404
        assert (await http.get("/healthz")).text == "ok"


async def test_an_address_may_send_so_many_requests(proxy: Any) -> None:
    """The last test: what the address may send has been used up then."""
    if proxy.name == "caddy":
        return  # it has no such limit of its own, as its file says
    async with httpx.AsyncClient(base_url=proxy.url("")) as http:
        answers = [(await http.get("/healthz")).status_code for _ in range(200)]
    assert set(answers) == {200, 429}
