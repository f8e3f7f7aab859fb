"""A client that opens and ends connections in a loop is shut out, on each server, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests import raw
from tests.clients import plain_http
from tests.conftest import StartSite
from tests.live.floods import (
    SERVERS,
    call,
    is_refused,
    is_shut_out,
    knock,
    newcomer,
    offender,
    on_servers,
    others_are_served,
    until_served,
)
from tests.openings import LOOPS, Turn, hang_up, too_big
from tests.servers import Site, eventually

SOCKETS = 10
TABS = 20
DEADLINE = 90  # seconds, on a slow machine
STREAMS: list[tuple[str, dict[str, str]]] = [
    ("/push/sse/", {}),
    ("/push/iframe/", {}),
    ("/push/poll/", {"If-None-Match": '"none"', "Prefer": "wait=20"}),
]


@pytest.fixture(params=SERVERS)
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


async def repeat(site: Site, cookies: dict[str, str], turn: Turn) -> None:
    """As fast as it can."""
    while True:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            await turn(site, cookies)


@asynccontextmanager
async def looping(site: Site, cookies: dict[str, str], turn: Turn) -> AsyncIterator[None]:
    """Repeat it on several sockets. No other connection of this user until they are shut out: it would count, too."""
    turns = [asyncio.ensure_future(repeat(site, cookies, turn)) for _ in range(SOCKETS)]
    try:
        yield
    finally:
        for each in turns:
            each.cancel()
        await asyncio.wait(turns)


async def shut_out_and_refused(site: Site, cookies: dict[str, str]) -> None:
    """Because of a loop alone, and while it goes on: soon after it the shut-out ends, and nobody is refused."""
    await eventually(lambda: is_shut_out(site, cookies), DEADLINE)
    await eventually(lambda: is_refused(site, cookies), DEADLINE)


@pytest.mark.parametrize(("site", "kind"), on_servers(LOOPS), indirect=["site"])
async def test_a_loop_is_shut_out_and_others_are_served(site: Site, kind: str) -> None:
    cookies, other = await offender(site, f"loop-{kind}"), await newcomer(site, f"other-{kind}")
    async with looping(site, cookies, LOOPS[kind]):
        refused = asyncio.ensure_future(shut_out_and_refused(site, cookies))
        await others_are_served(site, refused, f"beside-loop-{kind}")
        await refused
    assert await knock(site, other) == 0


async def test_who_opened_too_many_comes_in_again(site: Site) -> None:
    cookies = await newcomer(site, "came-again")
    async with looping(site, cookies, LOOPS["WebSocket"]):
        await eventually(lambda: is_shut_out(site, cookies), DEADLINE)
    await until_served(site, cookies)


async def test_one_frame_too_big_shuts_out(site: Site) -> None:
    cookies = await offender(site, "one-too-big")
    for _ in range(6):  # on a slow machine a shut-out may end before the next connection
        await too_big(site, cookies)
        if await is_refused(site, cookies):
            return
    pytest.fail("nobody was shut out")


async def test_a_client_that_hangs_up_while_it_is_held_reaches_no_application(site: Site) -> None:
    cookies = await newcomer(site, "impatient")
    await call(site, "shut_out", cookies["sessionid"], 600)  # daphne's backlog is short: it takes seconds for some
    before = await call(site, "admissions")
    for _ in range(100):
        with suppress(ConnectionError):  # a busy server has not seen yet that so many have gone, and hangs up itself
            await hang_up(site, cookies)
    await eventually(lambda: is_refused(site, cookies), DEADLINE)
    assert await call(site, "admissions") - before < 20, "the one that waits, and some that the server was slow to miss"


async def test_streams_of_a_shut_out_user_are_refused_and_a_short_poll_is_not(site: Site) -> None:
    cookies = await newcomer(site, "streams")
    await call(site, "shut_out", cookies["sessionid"], 60)
    async with plain_http(site, cookies=cookies, timeout=30) as client:
        held = asyncio.gather(*(client.get(path, headers=headers) for path, headers in STREAMS))
        assert (await client.get("/push/poll/")).status_code == 200
        for refused in await held:
            assert (refused.status_code, refused.json()["code"]) == (429, "shut_out")
            assert 0 < int(refused.headers["Retry-After"]) <= 60


async def test_the_second_request_of_a_connection_is_held_too(site: Site) -> None:
    cookies = await newcomer(site, "kept-alive")
    async with plain_http(site, cookies=cookies, timeout=30) as client:
        assert (await client.get("/push/poll/")).status_code == 200
        await call(site, "shut_out", cookies["sessionid"], 60)
        assert (await client.get("/push/sse/")).status_code == 429


async def test_many_tabs_may_be_reloaded_several_times(site: Site) -> None:
    cookies = await newcomer(site, "tabs")
    for _ in range(5):
        codes: list[Any] = await asyncio.gather(*(knock(site, cookies) for _ in range(TABS)))
        assert codes == [0] * TABS


async def long_poll(site: Site, cookies: dict[str, str], tag: str) -> bytes:
    """The head of the answer."""
    request = raw.request(site, "/push/poll/", f"If-None-Match: {tag}", "Prefer: wait=50", cookies=cookies)
    async with raw.connect(site, request) as connection:
        return await connection.reader.readuntil(b"\r\n\r\n")


async def test_a_long_poll_that_had_to_wait_costs_nothing(site: Site) -> None:
    """More than a user may open at once: as many tabs as there may be, each of which connects again after a change."""
    name = "busy-mailbox"
    cookies = await newcomer(site, name)
    for _ in range(8):
        state = await call(site, "snapshot", name)
        tag = f'"{state["user"]}-{state["version"]}"'
        polls = asyncio.gather(*(long_poll(site, cookies, tag) for _ in range(TABS)))
        await eventually(lambda: holds(site, TABS))
        await call(site, "send", "comment", [name], target_title="Tea")
        assert all(head.startswith(b"HTTP/1.1 200") for head in await polls)


async def holds(site: Site, connections: int) -> bool:
    return bool(await call(site, "push.hub.connection_count") >= connections)


async def test_a_handshake_in_pieces_is_held_too(site: Site) -> None:
    cookies = await newcomer(site, "in-pieces")
    await call(site, "shut_out", cookies["sessionid"], 60)
    handshake = raw.handshake(site, cookies)
    async with raw.connect(site, handshake[:50]) as socket:
        await socket.writer.drain()
        await call(site, "user", "in-pieces")  # the server has read the first piece by now
        socket.writer.write(handshake[50:])
        assert (await socket.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert await socket.close_code() == 4429
