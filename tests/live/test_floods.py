"""A client that sends without a pause is cut off, on each server, and nobody else notices."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests import raw
from tests.conftest import StartSite
from tests.live.floods import SERVERS, knock, newcomer, offender, on_servers, others_are_served, until_served
from tests.raw import FLOODS
from tests.servers import Site

SOCKETS = 4


@pytest.fixture(params=SERVERS)
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


@pytest.fixture(params=SERVERS)
def strict_site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """A twentieth of the usual budget: on a busy machine many bytes come together, and cost one read."""
    return shared_site(server=request.param, bus="memory", PUSH_FRAMES_PER_SECOND=1)


def cut_off(codes: list[int | None]) -> bool:
    """None: the connection was dropped before a client that is busy with sending had read why."""
    return set(codes) <= {1008, 4429, None}


IN_FRAMES = [kind for kind in FLOODS if kind != "byte by byte"]


@pytest.mark.parametrize(("site", "kind"), on_servers(IN_FRAMES), indirect=["site"])
async def test_a_flood_is_cut_off_and_others_are_served(site: Site, kind: str) -> None:
    assert cut_off(await flood_beside_others(site, kind))


async def test_a_flood_byte_by_byte_is_cut_off_and_others_are_served(strict_site: Site) -> None:
    """Its bytes are few, but each costs a read. Where many come together, a client may reach its goodbye (1000)."""
    codes = set(await flood_beside_others(strict_site, "byte by byte"))
    assert cut_off(list(codes - {1000}))
    assert codes & {1008, 4429}


async def flood_beside_others(site: Site, kind: str) -> list[int | None]:
    cookies = await newcomer(site, f"flood-{kind}")
    flood = asyncio.gather(*(raw.flood(site, cookies, kind) for _ in range(SOCKETS)))
    await others_are_served(site, flood, f"beside-{kind}")
    return await flood


@pytest.mark.parametrize(("site", "kind"), on_servers(["WebSocket pings", "empty frames", "junk"]), indirect=["site"])
async def test_a_flood_in_the_segment_of_the_handshake(site: Site, kind: str) -> None:
    """Before anybody has said who it is: servers may drop what comes so early, or count it."""
    cookies = await newcomer(site, f"early-{kind}")
    flood = asyncio.gather(*(raw.flood(site, cookies, kind, together=True) for _ in range(SOCKETS)))
    await others_are_served(site, flood, f"beside-early-{kind}")
    assert cut_off(await flood)


async def test_a_users_budget_is_one_for_all_connections(site: Site) -> None:
    """None of them sends more than it may alone."""
    cookies = await newcomer(site, "many-tabs")
    async with AsyncExitStack() as tabs:
        sockets = [await tabs.enter_async_context(raw.open_socket(site, cookies)) for _ in range(19)]
        await asyncio.gather(*(socket.until(b'"unread"') for socket in sockets))
        for socket in sockets:
            socket.writer.write(raw.frame(b"", raw.PING) * 190)
        codes = [asyncio.ensure_future(socket.close_code(30)) for socket in sockets]
        cut, _ = await asyncio.wait(codes, return_when=asyncio.FIRST_COMPLETED)
        assert {code.result() for code in cut} == {4429}
        for code in codes:
            code.cancel()


async def shut_out(site: Site, flooding: dict[str, str], knocking: dict[str, str]) -> None:
    """Flood as an offender until a silent connection is refused. On a slow machine a shut-out may end before that."""
    for _ in range(6):
        await raw.flood(site, flooding, "WebSocket pings")
        if await knock(site, knocking) == 4429:
            return
    pytest.fail("nobody was shut out")


async def test_who_floods_is_shut_out_and_comes_in_again(site: Site) -> None:
    """With an honest tab in the same browser. Nobody else is."""
    cookies, other = await offender(site, "shut-out"), await newcomer(site, "not-shut-out")
    await shut_out(site, cookies, cookies)
    assert await knock(site, other) == 0
    await until_served(site, cookies)


async def test_a_user_is_shut_out_with_every_session(site: Site) -> None:
    cookies = await offender(site, "two-sessions")
    second = await asyncio.to_thread(site.cookies, "two-sessions")
    assert second != cookies
    await shut_out(site, cookies, second)


async def test_more_handshakes_than_are_held_are_hung_up_on(site: Site) -> None:
    """As many are held as a user may have connections."""
    cookies = await offender(site, "crowd")
    for _ in range(6):  # a machine that is too slow for this: the next shut-out is longer
        await raw.flood(site, cookies, "WebSocket pings")
        codes = await asyncio.gather(*(knock(site, cookies) for _ in range(30)), return_exceptions=True)
        if codes.count(4429) == 20 and sum(isinstance(code, Exception) for code in codes) == 10:
            return
    pytest.fail(f"held: {codes}")


async def test_a_frame_too_big_is_refused_by_its_head(site: Site) -> None:
    """Nothing of it needs to be sent, and nothing of it is held in memory."""
    async with raw.open_socket(site, await newcomer(site, "big")) as socket:
        await socket.until(b'"unread"')
        socket.writer.write(raw.frame(b"x" * 65_537)[:14])
        assert await socket.close_code() == 1009
