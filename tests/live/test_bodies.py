"""Huge, slow and endless bodies: each is refused or cut off, and those within the limits arrive."""

import asyncio
import json
from contextlib import closing, suppress
from http.client import HTTPConnection

import pytest

from push.gate.bodies import LINGER_BYTES
from tests import raw
from tests.conftest import StartSite
from tests.live.answers import LIMITS, MIB, answer_to, next_answer, parsed, site_with
from tests.servers import Site

PATHS = ["/", "/api/v1/messages/", "/push/poll/", "/push/sse/", "/accounts/login/", "/nowhere/", "/healthz"]


@pytest.fixture(params=["daphne", "httptools"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return site_with(request.param, shared_site)


@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)], ids=["", "100-continue"])
async def test_a_body_that_announces_too_much_is_refused_unread(site: Site, expect: tuple[str, ...]) -> None:
    for path in PATHS:
        head = raw.request(site, path, f"Content-Length: {200 * MIB}", *expect, method="POST")
        status, problem = parsed(await answer_to(site, head))
        assert (status, problem["code"]) == (413, "body_too_big"), path


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


async def test_a_body_may_be_as_large_as_the_limit(site: Site) -> None:
    body = json.dumps({"do": "user", "args": ["bob"], "pad": "x" * (MIB - 100)}).encode()
    lines = (f"Content-Length: {len(body)}", "Connection: close")
    assert parsed(await answer_to(site, raw.request(site, "/test/call/", *lines, method="POST"), body))[0] == 200


async def test_a_stream_with_an_endless_body_is_dropped(site: Site) -> None:
    cookies = await asyncio.to_thread(site.cookies, "bob")
    head = raw.request(site, "/push/sse/", "Transfer-Encoding: chunked", cookies=cookies)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with asyncio.timeout(10), raw.connect(site, head) as connection:
        connection.writer.write(chunk * 20)
        await connection.rest()


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


async def test_a_refused_connection_is_closed(any_site: Site) -> None:
    """Whatever else its client does. It is not told to go on (100 Continue) either."""

    async def whole_answer(*lines: str) -> bytes:
        head = raw.request(any_site, "/accounts/login/", f"Content-Length: {200 * MIB}", *lines, method="POST")
        async with asyncio.timeout(10), raw.connect(any_site, head) as connection:
            return await connection.rest()

    for answer in await asyncio.gather(whole_answer(), whole_answer("Expect: 100-continue")):
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


@pytest.fixture(params=["httptools", "h11"])
def early(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """A site whose application answers before it has read anything. (daphne has read it before it asks.)"""
    app = "tests.site.early:application"
    return shared_site(server="uvicorn", UVICORN_HTTP=request.param, application=app, **LIMITS)


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
