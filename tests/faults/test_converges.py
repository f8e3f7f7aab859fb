"""Promise 1: whatever dies, and whenever, every connected client shows the true count within one resync interval.

Each test opens all held transports on every web process of a real stack, breaks something at the moment of a commit,
and waits for every client to show what the database says.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from tests.clients import Ended, connect
from tests.conftest import StartSite, started
from tests.servers import Databases, Site, eventually
from tools.processes import listening
from tools.stores import Valkey

HELD = ["websocket", "sse", "long-poll"]
RESYNC = 2  # PUSH_RESYNC_SECONDS of a test site
CONVERGED = RESYNC + 10  # the rest is what a busy two-core machine may add
COMMENT = {"target_title": "Tea", "excerpt": "Yes"}


@pytest.fixture(scope="module")
def battered(databases: Databases) -> Iterator[tuple[Site, Valkey]]:
    """One stack for all these tests, daphne beside uvicorn: each finds it mended."""
    with contextmanager(started)(Valkey) as valkey:
        site = Site(databases.sqlite(), valkey.url, ["daphne", "uvicorn"], web=2, worker=True)
        site.start()
        yield site, valkey
        site.close()


@pytest.fixture
def site(battered: tuple[Site, Valkey]) -> Iterator[Site]:
    """Everything runs, and bob has read it all. Thawed even after a failure, or the rest would wait for ever."""
    site, valkey = battered
    bob = site.call("snapshot", "bob")
    site.call("inbox.services.mark_all_read", bob["user"], bob["version"])
    yield site
    for process in (valkey, *site.web, site.worker):
        assert process is not None
        process.thaw()
        if not process.alive:
            process.start()
    for at, port in enumerate(site.ports):
        site.web[at].wait_ready(partial(listening, port))


@pytest.fixture
def valkey(battered: tuple[Site, Valkey], site: Site) -> Valkey:
    """The Valkey of `site`, to be ill-treated."""
    return battered[1]


@asynccontextmanager
async def everybody(site: Site, name: str = "bob", web: tuple[int, ...] = (0, 1)) -> AsyncIterator[list[Any]]:
    """One client of every held transport at each of these web processes, all showing the state of now."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connect(kind, site, name, web=at)) for at in web for kind in HELD]
        await asyncio.gather(*(client.next() for client in clients))
        yield clients


async def all_show(clients: list[Any], unread: int, deadline: float = CONVERGED) -> None:
    await asyncio.gather(*(client.until_unread(unread, deadline) for client in clients))
    for client in clients:
        versions = [snapshot["version"] for snapshot in client.seen]
        assert versions == sorted(versions), f"{client.path} went back: {versions}"


async def comment(site: Site, web: int = 1) -> None:
    """Written inside a web process, as a request would; it must answer within 10 s whatever is dead."""
    async with asyncio.timeout(10):
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], actor="alice", web=web, **COMMENT)


async def test_a_stack_without_faults_does_not_need_the_resync(start_site: StartSite, own_valkey: Valkey) -> None:
    site = start_site(server="uvicorn", bus=own_valkey.url, web=2, worker=True, PUSH_RESYNC_SECONDS=600)
    async with everybody(site) as clients:
        await comment(site)
        await all_show(clients, 1)


async def test_valkey_killed_and_restarted(site: Site, valkey: Valkey) -> None:
    async with everybody(site) as clients:
        valkey.kill()
        await comment(site)
        await all_show(clients, 1)
        await comment(site, web=0)
        await all_show(clients, 2)
        valkey.start()
        await comment(site)
        await all_show(clients, 3)


async def test_after_an_outage_of_valkey_nudges_travel_again(start_site: StartSite, own_valkey: Valkey) -> None:
    """With a resync that never comes, only a nudge over the restarted Valkey can wake the other process."""
    site = start_site(server="uvicorn", bus=own_valkey.url, web=2, worker=False, PUSH_RESYNC_SECONDS=600)
    async with connect("sse", site, "bob", web=0) as client:
        await client.next()
        own_valkey.kill()
        await comment(site, web=1)
        own_valkey.start()
        sent = 1

        async def woken() -> bool:
            nonlocal sent
            await comment(site, web=1)
            sent += 1
            try:
                await client.until(lambda snapshot: snapshot["unread"] >= sent, deadline=1)
            except TimeoutError:
                return False
            return True

        await eventually(woken, deadline=30, what="a nudge through the restarted Valkey")


async def test_valkey_flushed(site: Site, valkey: Valkey) -> None:
    async with everybody(site) as clients:
        valkey.flush()
        await comment(site)
        await all_show(clients, 1)


async def test_valkey_frozen_at_the_commit(site: Site, valkey: Valkey) -> None:
    """Nothing answers, nothing fails: the writer and every hub have to give up by themselves."""
    async with everybody(site) as clients:
        valkey.freeze()
        try:
            await comment(site)
            await comment(site, web=0)
            await all_show(clients, 2)
        finally:
            valkey.thaw()
        await comment(site)
        await all_show(clients, 3)


async def test_a_page_is_answered_while_the_broker_is_frozen(site: Site, valkey: Valkey) -> None:
    site.call("send", "comment", ["bob"], actor="alice", **COMMENT)
    valkey.freeze()
    try:
        with site.client("bob", web=1) as http:
            http.timeout = httpx.Timeout(5)
            shown = http.get("/api/v1/unread/").raise_for_status().json()
            after = http.post("/api/v1/inbox/read/", json={"up_to": shown["version"]}).raise_for_status().json()
        assert (shown["unread"], after["unread"]) == (1, 0)
        assert after["version"] > shown["version"]
    finally:
        valkey.thaw()


async def test_worker_killed(site: Site) -> None:
    assert site.worker is not None
    async with everybody(site) as clients:
        site.worker.kill()
        await comment(site)
        await all_show(clients, 1)
        site.worker.start()
        await comment(site)
        await all_show(clients, 2)


async def test_a_write_from_a_process_without_web_or_broker(site: Site, valkey: Valkey) -> None:
    """A shell on another machine, and Valkey is gone: only the database knows."""
    async with everybody(site) as clients:
        valkey.kill()
        await asyncio.to_thread(site.agent.call, "send", "comment", ["bob"], actor="alice", **COMMENT)
        await all_show(clients, 1)


async def test_web_process_killed_at_the_commit(site: Site) -> None:
    async with everybody(site, web=(0,)) as there, everybody(site, web=(1,)) as here:
        site.web[1].kill()
        await comment(site, web=0)
        await all_show(there, 1)
        for client in here:
            with pytest.raises(Ended):
                await client.until_unread(1)
        site.start_web(1)
        async with everybody(site, web=(1,)) as again:
            await all_show(again, 1)


async def test_web_process_frozen_for_a_while(site: Site) -> None:
    """Nudges wait in its socket until it is thawed; what it holds open goes on and catches up."""
    async with everybody(site, web=(1,)) as clients:
        site.web[1].freeze()
        await comment(site, web=0)
        site.web[1].thaw()
        await all_show(clients, 1)


@pytest.mark.soak
async def test_valkey_gone_for_fifteen_seconds(site: Site, valkey: Valkey) -> None:
    """Longer than every timeout and circuit in the stack; a commit in each second of it."""
    async with everybody(site) as clients:
        valkey.kill()
        loop = asyncio.get_running_loop()
        end, sent = loop.time() + 15, 0
        while loop.time() < end:
            await comment(site, web=sent % 2)
            sent += 1
            await all_show(clients, sent)
        valkey.start()
        await comment(site)
        await all_show(clients, sent + 1)
