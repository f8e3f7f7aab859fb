"""Silent, half, slow and huge requests: each is ended by the server, and nobody else notices."""

import asyncio
import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from push.gate.bodies import LINGER_BYTES
from tests import raw
from tests.clients import connect
from tests.conftest import StartSite
from tests.raw import Raw
from tests.servers import Site, eventually
from tools.processes import ROOT

MIB = 1024 * 1024
EXPECT = pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)], ids=["", "100-continue"])
PATHS = ["/", "/api/v1/messages/", "/push/poll/", "/push/sse/", "/accounts/login/", "/nowhere/", "/healthz"]


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory", PUSH_MAX_BODY_BYTES=MIB, PUSH_REQUEST_SECONDS=1)


@pytest.fixture(params=["daphne", "httptools", "h11"])
def any_site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    limits = {"PUSH_MAX_BODY_BYTES": MIB, "PUSH_REQUEST_SECONDS": 1}
    if request.param == "daphne":
        return shared_site(server="daphne", bus="memory", **limits)
    return shared_site(server="uvicorn", UVICORN_HTTP=request.param, UVICORN_TIMEOUT_KEEP_ALIVE=30, **limits)


def parsed(answer: bytes) -> tuple[int, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if b"application/problem+json" in head else body


async def answer_to(site: Site, *parts: bytes) -> bytes:
    """The first one."""
    async with asyncio.timeout(10), raw.connect(site) as connection:
        for part in parts:
            connection.writer.write(part)
        return await next_answer(connection)


async def next_answer(connection: Raw) -> bytes:
    head = await connection.reader.readuntil(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        return head + await connection.reader.readuntil(b"0\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head + await connection.reader.readexactly(int(length[1]) if length else 0)


@pytest.mark.parametrize("path", PATHS)
@EXPECT
async def test_a_body_that_announces_too_much_is_refused_unread(site: Site, path: str, expect: tuple[str, ...]) -> None:
    head = raw.request(site, path, f"Content-Length: {200 * MIB}", *expect, method="POST")
    status, problem = parsed(await answer_to(site, head))
    assert (status, problem["code"]) == (413, "body_too_big")


@pytest.mark.parametrize(("path", "chunks"), [("/accounts/login/", 17), ("/push/poll/", 2)])
async def test_a_chunked_body_is_cut_where_it_becomes_too_much(site: Site, path: str, chunks: int) -> None:
    """Our own paths need no more than a frame may have (64 KiB)."""
    head = raw.request(site, path, "Transfer-Encoding: chunked", method="POST")
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    status, problem = parsed(await answer_to(site, head, *[chunk] * chunks, b"0\r\n\r\n"))
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


# h11 and twisted have limits of their own, of which twisted says nothing.
SAID = {"httptools": "a request without an end", "h11": "Invalid HTTP request"}


def is_dropped_for_its_length(site: Site, known: int) -> bool:
    """And not for the time that it takes."""
    return "daphne" in site.web[0].argv or SAID[site.env["UVICORN_HTTP"]] in site.web[0].logs()[known:]


async def test_a_head_without_an_end_is_dropped(any_site: Site) -> None:
    """Before there is much of it in memory."""
    site, known = any_site, len(any_site.web[0].logs())
    async with asyncio.timeout(10), raw.connect(site, raw.request(site, "/")[:-2]) as connection:
        with suppress(ConnectionError):
            connection.writer.write(b"X-Endless: " + b"x" * 200_000)
            await connection.writer.drain()
        await connection.rest()
    assert is_dropped_for_its_length(site, known)


async def test_trailers_without_an_end_are_dropped(any_site: Site) -> None:
    site, known = any_site, len(any_site.web[0].logs())
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


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_client_that_sends_all_before_it_reads_gets_the_answer(any_site: Site, chunked: bool) -> None:
    """As most do. To close while its bytes are unread would be a reset, which destroys the answer."""

    def post() -> tuple[int, str | None]:
        client = HTTPConnection("127.0.0.1", any_site.ports[0], timeout=20)
        body = (bytes(65_536) for _ in range(320)) if chunked else bytes(20 * MIB)
        client.request("POST", "/accounts/login/", body, {"Content-Type": "text/plain"}, encode_chunked=chunked)
        with closing(client), client.getresponse() as response:
            return response.status, response.headers["Connection"]

    assert await asyncio.to_thread(post) == (413, "close")


@EXPECT
async def test_a_refused_connection_is_closed(any_site: Site, expect: tuple[str, ...]) -> None:
    """Whatever else its client does. It is not told to go on (100 Continue) either."""
    head = raw.request(any_site, "/accounts/login/", f"Content-Length: {200 * MIB}", *expect, method="POST")
    async with asyncio.timeout(10), raw.connect(any_site, head) as connection:
        answer = await connection.rest()
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    assert parsed(answer)[0] == 413


async def test_a_refused_client_that_sends_on_is_cut_off(any_site: Site) -> None:
    """However much it sends in the time that the server reads on."""
    head = raw.request(any_site, "/accounts/login/", f"Content-Length: {1024 * MIB}", method="POST")
    sent, piece = 0, bytes(MIB)
    async with asyncio.timeout(20), raw.connect(any_site, head) as connection:
        with suppress(ConnectionError):
            while sent < 1024:
                connection.writer.write(piece)
                await connection.writer.drain()
                sent += 1
    assert sent < 3 * LINGER_BYTES // MIB


async def test_a_connection_goes_on_after_a_large_body(any_site: Site) -> None:
    body = json.dumps({"do": "user", "args": ["bob"], "pad": "x" * 200_000}).encode()
    post = raw.request(any_site, "/test/call/", f"Content-Length: {len(body)}", method="POST")
    head = raw.request(any_site, "/healthz")
    async with asyncio.timeout(10), raw.connect(any_site) as connection:
        for _ in range(2):
            connection.writer.write(post + body)
            assert parsed(await next_answer(connection))[0] == 200
            connection.writer.write(head[:20])
            await asyncio.sleep(0.2)  # so that the server reads one part, then the other
            connection.writer.write(head[20:])
            assert parsed(await next_answer(connection))[0] == 200


async def test_how_long_a_connection_may_be_idle_between_requests_is_the_servers(any_site: Site) -> None:
    async with asyncio.timeout(15), raw.connect(any_site) as connection:
        for seconds in (4, 0):  # several times PUSH_REQUEST_SECONDS
            connection.writer.write(raw.request(any_site, "/healthz"))
            assert parsed(await next_answer(connection))[0] == 200
            await asyncio.sleep(seconds)


@pytest.fixture(params=["httptools", "h11"])
def early(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """A site whose application answers before it has read anything. (daphne has read it before it asks.)"""
    limits = {"PUSH_MAX_BODY_BYTES": MIB, "PUSH_REQUEST_SECONDS": 1}
    app = "tests.site.early:application"
    return shared_site(server="uvicorn", UVICORN_HTTP=request.param, application=app, **limits)


async def test_an_answer_before_the_body_was_read_arrives(early: Site) -> None:
    """The body may be as large, and as slow, as any."""
    head = raw.request(early, "/early/", f"Content-Length: {MIB}", method="POST")
    async with asyncio.timeout(20), raw.connect(early, head) as connection:
        answered = asyncio.ensure_future(next_answer(connection))
        for _ in range(16):
            connection.writer.write(bytes(MIB // 16))
            await asyncio.sleep(0.2)
        assert parsed(await answered)[0] == 401
        connection.writer.write(head + bytes(MIB))
        assert parsed(await next_answer(connection))[0] == 401


@pytest.mark.parametrize("pace", ["endless", "silent"])
async def test_a_body_that_goes_on_after_its_answer_ends(early: Site, pace: str) -> None:
    head = raw.request(early, "/early/", "Transfer-Encoding: chunked", method="POST")
    async with asyncio.timeout(15), raw.connect(early, head + b"1\r\nx\r\n") as connection:
        assert parsed(await next_answer(connection))[0] == 401
        with suppress(ConnectionError):
            for _ in range(64 if pace == "endless" else 0):
                connection.writer.write(b"10000\r\n" + bytes(65_536) + b"\r\n")
                await connection.writer.drain()
        await connection.rest()


@pytest.mark.parametrize("server", ["daphne", "httptools", "h11"])
async def test_closed_connections_are_forgotten_without_a_limit_of_time(shared_site: StartSite, server: str) -> None:
    kind = {"server": "daphne"} if server == "daphne" else {"server": "uvicorn", "UVICORN_HTTP": server}
    site = shared_site(**kind, bus="memory", PUSH_REQUEST_SECONDS=0)
    cookies = await asyncio.to_thread(site.cookies, "bob")
    for said in (b"", half_a_head(site), raw.request(site, "/healthz"), raw.handshake(site, cookies)):
        for _ in range(5):
            async with raw.connect(site, said) as connection:
                if said.endswith(b"\r\n\r\n"):
                    await connection.reader.read(1)

    async def forgotten() -> bool:
        return await asyncio.to_thread(site.call, "waiting_connections") <= 2  # of this test's own client

    await eventually(forgotten, what="closed connections to be forgotten")


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
    async with asyncio.timeout(15), raw.connect(site, SILENT[said](site)) as connection:
        await connection.rest()


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
