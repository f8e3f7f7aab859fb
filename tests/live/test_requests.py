"""Silent, half, slow and huge requests: each is ended by the server, and nobody else notices."""

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests import raw
from tests.clients import connect
from tests.conftest import StartSite
from tests.raw import Raw
from tests.servers import Site, eventually
from tools.processes import ROOT

MIB = 1024 * 1024
PATHS = ["/", "/api/v1/messages/", "/push/poll/", "/push/sse/", "/accounts/login/", "/nowhere/", "/healthz"]


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory", PUSH_MAX_BODY_BYTES=MIB, PUSH_REQUEST_SECONDS=1)


def parsed(answer: bytes) -> tuple[int, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if b"application/problem+json" in head else body


async def answer_to(site: Site, *parts: bytes, deadline: float = 10) -> bytes:
    """All that the server says until it closes the connection."""
    async with asyncio.timeout(deadline), raw.connect(site) as connection:
        for part in parts:
            connection.writer.write(part)
        return await connection.rest()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)], ids=["", "100-continue"])
async def test_a_body_that_announces_too_much_is_refused_unread(site: Site, path: str, expect: tuple[str, ...]) -> None:
    head = raw.request(site, path, f"Content-Length: {200 * MIB}", *expect, method="POST")
    status, problem = parsed(await answer_to(site, head))
    assert (status, problem["code"]) == (413, "body_too_big")


async def test_a_chunked_body_is_cut_where_it_becomes_too_much(site: Site) -> None:
    head = raw.request(site, "/accounts/login/", "Transfer-Encoding: chunked", method="POST")
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    status, problem = parsed(await answer_to(site, head, *[chunk] * 17))
    assert (status, problem["code"]) == (413, "body_too_big")


@pytest.mark.parametrize("lines", [("Content-Length: 1000",), ("Transfer-Encoding: chunked",)], ids=str)
async def test_a_body_that_comes_too_slowly_is_refused(site: Site, lines: tuple[str, ...]) -> None:
    head = raw.request(site, "/accounts/login/", *lines, method="POST")
    status, problem = parsed(await answer_to(site, head, b"3\r\n"))
    assert (status, problem["code"]) == (408, "body_too_slow")


async def test_a_body_within_the_limits_arrives(site: Site) -> None:
    """In pieces, slower than the limit would allow without the seconds that its bytes earn."""
    body = json.dumps({"do": "user", "args": ["bob"], "pad": "x" * 9000}).encode()
    head = raw.request(site, "/test/call/", f"Content-Length: {len(body)}", "Connection: close", method="POST")
    async with asyncio.timeout(10), raw.connect(site, head) as connection:
        for start in range(0, len(body), 2048):
            connection.writer.write(body[start : start + 2048])
            await asyncio.sleep(0.4)
        assert parsed(await connection.rest())[0] == 200


async def test_a_stream_with_an_endless_body_is_dropped(site: Site) -> None:
    cookies = await asyncio.to_thread(site.cookies, "bob")
    head = raw.request(site, "/push/sse/", "Transfer-Encoding: chunked", cookies=cookies)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with asyncio.timeout(10), raw.connect(site, head) as connection:
        connection.writer.write(chunk * 20)
        await connection.rest()


def is_dropped_for_its_length(site: Site, known: int) -> bool:
    """And not for the time that it takes. twisted has limits of its own, of which it says nothing."""
    return "daphne" in site.web[0].argv or "a request without an end" in site.web[0].logs()[known:]


async def test_a_head_without_an_end_is_dropped(site: Site) -> None:
    """Before there is much of it in memory."""
    known = len(site.web[0].logs())
    async with asyncio.timeout(10), raw.connect(site, raw.request(site, "/")[:-2]) as connection:
        with suppress(ConnectionError):
            connection.writer.write(b"X-Endless: " + b"x" * 200_000)
            await connection.writer.drain()
        await connection.rest()
    assert is_dropped_for_its_length(site, known)


async def test_trailers_without_an_end_are_dropped(site: Site) -> None:
    known = len(site.web[0].logs())
    head = raw.request(site, "/accounts/login/", "Transfer-Encoding: chunked", method="POST")
    async with asyncio.timeout(15), raw.connect(site, head + b"1\r\nx\r\n0\r\n") as connection:
        with suppress(ConnectionError):
            for _ in range(300):
                connection.writer.write(b"X-Endless: " + b"x" * 8_000 + b"\r\n")
                await connection.writer.drain()
        await connection.rest()
    assert is_dropped_for_its_length(site, known)


async def test_a_body_may_be_as_large_as_the_limit(site: Site) -> None:
    body = json.dumps({"do": "user", "args": ["bob"], "pad": "x" * (MIB - 100)}).encode()
    lines = (f"Content-Length: {len(body)}", "Connection: close")
    assert parsed(await answer_to(site, raw.request(site, "/test/call/", *lines, method="POST"), body))[0] == 200


def half_a_head(site: Site) -> bytes:
    return raw.request(site, "/healthz")[:-6]


SILENT: dict[str, Callable[[Site], bytes]] = {
    "nothing": lambda site: b"",
    "a byte": lambda site: b"G",
    "half a head": half_a_head,
    "an answer, then half a head": lambda site: raw.request(site, "/healthz") + half_a_head(site),
}


@pytest.mark.parametrize("said", SILENT)
async def test_a_connection_without_a_request_is_closed(site: Site, said: str) -> None:
    await answer_to(site, SILENT[said](site), deadline=15)


@pytest.mark.parametrize("said", SILENT)
async def test_silent_connections_do_not_stay(site: Site, said: str) -> None:
    """Bytes now and then are no request."""

    async def trickle(connection: Raw) -> None:
        while True:
            await asyncio.sleep(0.3)
            connection.writer.write(b"X")

    async with asyncio.timeout(15), raw.connect(site, SILENT[said](site)) as connection:
        sending = asyncio.ensure_future(trickle(connection))
        await connection.rest()
        sending.cancel()


@pytest.mark.parametrize("transport", ["websocket", "sse", "iframe", "long-poll"])
async def test_what_is_held_open_is_not_idle(site: Site, transport: str) -> None:
    name = f"held by {transport}"
    await asyncio.to_thread(site.call, "user", name)
    async with connect(transport, site, name) as client:
        unread = (await client.next())["unread"]
        await asyncio.sleep(3.5)  # several times PUSH_REQUEST_SECONDS
        await asyncio.to_thread(site.call, "send", "comment", [name], target_title="Tea")
        await client.until_unread(unread + 1)


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_running_out_of_descriptors_is_logged_and_survived(start_site: StartSite, server: str) -> None:
    """Not on asyncio's own loop, which tries (and logs) accept() 2,048 times in a row when there is no descriptor."""
    site = start_site(server=server)
    async with connect("websocket", site, "bob") as client:
        unread = (await client.next())["unread"]
        resource.prlimit(site.web[0].pid, resource.RLIMIT_NOFILE, (128, 128))
        silent = [await asyncio.open_connection("127.0.0.1", site.ports[0]) for _ in range(300)]
        try:
            async with httpx.AsyncClient(base_url=site.url("")) as http:

                async def healthy() -> bool:
                    try:
                        return (await http.get("/healthz", timeout=5)).status_code == 200
                    except httpx.TransportError:
                        return False

                await eventually(healthy, 15, "an answer")
            await asyncio.to_thread(site.call, "send", "comment", ["bob"], target_title="Tea")
            await client.until_unread(unread + 1)
            assert "Out of file descriptors (128)" in site.web[0].logs()
        finally:
            for _, writer in silent:
                writer.close()


def test_make_run_and_make_stack_may_open_what_the_machine_allows() -> None:
    low = "import resource as r; hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (64, hard))"
    shown = "from tools.processes import raise_descriptor_limit as lift; lift(); print(*r.getrlimit(r.RLIMIT_NOFILE))"
    soft, hard = subprocess.check_output([sys.executable, "-c", f"{low}; {shown}"], cwd=ROOT, text=True).split()
    assert int(soft) == (min(int(hard), 1 << 20) if int(hard) > 0 else 1 << 20)
    for script in ("run.py", "stack.py"):
        assert "raise_descriptor_limit()" in (ROOT / "tools" / script).read_text()
