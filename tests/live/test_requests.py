"""Silent, half and endless requests: each is ended by the server, and nobody else notices."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests import raw
from tests.clients import connect
from tests.conftest import StartSite
from tests.live.answers import next_answer, parsed, site_with
from tests.raw import Raw
from tests.servers import Site, eventually


@pytest.fixture(params=["daphne", "httptools"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return site_with(request.param, shared_site)


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


async def test_how_long_a_connection_may_be_idle_between_requests_is_the_servers(any_site: Site) -> None:
    async with asyncio.timeout(15), raw.connect(any_site) as connection:
        for seconds in (4, 0):  # several times PUSH_REQUEST_SECONDS
            connection.writer.write(raw.request(any_site, "/healthz"))
            assert parsed(await next_answer(connection))[0] == 200
            await asyncio.sleep(seconds)


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


async def test_a_connection_without_a_request_is_closed(site: Site) -> None:
    async def is_closed(said: bytes) -> None:
        async with asyncio.timeout(15), raw.connect(site, said) as connection:
            await connection.rest()

    await asyncio.gather(*(is_closed(said(site)) for said in SILENT.values()))


async def test_silent_connections_do_not_stay(site: Site) -> None:
    """Bytes now and then are no request."""

    async def trickle(connection: Raw) -> None:
        while True:
            await asyncio.sleep(0.3)
            connection.writer.write(b"X")

    async def is_closed(said: bytes) -> None:
        async with asyncio.timeout(15), raw.connect(site, said) as connection:
            sending = asyncio.ensure_future(trickle(connection))
            await connection.rest()
            sending.cancel()

    await asyncio.gather(*(is_closed(said(site)) for said in SILENT.values()))


async def test_what_is_held_open_is_not_idle(site: Site) -> None:
    async def stays(transport: str) -> None:
        name = f"held by {transport}"
        await asyncio.to_thread(site.call, "user", name)
        async with connect(transport, site, name) as client:
            unread = (await client.next())["unread"]
            await asyncio.sleep(3.5)  # several times PUSH_REQUEST_SECONDS
            await asyncio.to_thread(site.call, "send", "comment", [name], target_title="Tea")
            await client.until_unread(unread + 1)

    await asyncio.gather(*map(stays, ["websocket", "sse", "iframe", "long-poll"]))
