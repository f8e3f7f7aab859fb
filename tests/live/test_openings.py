"""A client that opens and ends connections in a loop is shut out, on each server, and nobody else notices."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests import raw
from tests.clients import plain_http
from tests.conftest import StartSite
from tests.live.floods import call, knock, newcomer, others_are_served, until_served
from tests.openings import LOOPS, Turn, hang_up, too_big
from tests.servers import Site, eventually

SOCKETS = 10
TABS = 20
DEADLINE = 90  # seconds, on a slow machine
STREAMS = {
    "sse": ("/push/sse/", {}),
    "iframe": ("/push/iframe/", {}),
    "long poll": ("/push/poll/", {"If-None-Match": '"none"', "Prefer": "wait=20"}),
}


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


async def repeat(site: Site, cookies: dict[str, str], turn: Turn) -> None:
    """As fast as it can."""
    while True:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            await turn(site, cookies)


async def is_refused(site: Site, cookies: dict[str, str]) -> bool:
    with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):  # hung up on
        return await knock(site, cookies) == 4429
    return False


async def until_shut_out(site: Site, cookies: dict[str, str], turn: Turn) -> None:
    """Repeat it on several sockets until the user is shut out, by this alone, and then a silent connection refused."""
    turns = [asyncio.ensure_future(repeat(site, cookies, turn)) for _ in range(SOCKETS)]
    try:
        await eventually(lambda: call(site, "is_shut_out", cookies["sessionid"]), DEADLINE)
        await eventually(lambda: is_refused(site, cookies), DEADLINE)
    finally:
        for each in turns:
            each.cancel()
        await asyncio.wait(turns)


@pytest.mark.parametrize("kind", LOOPS)
async def test_a_loop_is_shut_out_and_others_are_served(site: Site, kind: str) -> None:
    cookies, other = await newcomer(site, f"loop-{kind}"), await newcomer(site, f"other-{kind}")
    loop = asyncio.ensure_future(until_shut_out(site, cookies, LOOPS[kind]))
    await others_are_served(site, loop, f"beside-loop-{kind}")
    await loop
    assert await knock(site, other) == 0
    await until_served(site, cookies)


async def test_one_frame_too_big_shuts_out(site: Site) -> None:
    cookies = await newcomer(site, "one-too-big")
    for _ in range(6):  # the machine may be slow, but each shut-out is twice the last
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


@pytest.mark.parametrize("kind", STREAMS)
async def test_a_stream_of_a_shut_out_user_is_refused_and_a_short_poll_is_not(site: Site, kind: str) -> None:
    path, headers = STREAMS[kind]
    cookies = await newcomer(site, f"stream-{kind}")
    await call(site, "shut_out", cookies["sessionid"], 60)
    async with plain_http(site, cookies=cookies, timeout=30) as client:
        refused = await client.get(path, headers=headers)
        polled = await client.get("/push/poll/")
    assert refused.status_code == 429
    assert refused.json()["code"] == "shut_out"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert polled.status_code == 200


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


async def test_a_long_poll_that_had_to_wait_costs_nothing(site: Site) -> None:
    """A hundred and more changes, one after another: the client connects again after each."""
    name = "busy-mailbox"
    cookies = await newcomer(site, name)
    async with plain_http(site, cookies=cookies, timeout=60) as client:
        known = (await client.get("/push/poll/")).headers["ETag"]
        for _ in range(120):
            poll = asyncio.ensure_future(
                client.get("/push/poll/", headers={"If-None-Match": known, "Prefer": "wait=50"})
            )
            await call(site, "send", "comment", [name], target_title="Tea")
            answer = await poll
            assert answer.status_code == 200
            known = answer.headers["ETag"]


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
