"""A frozen process holds the broadcast clock while a broadcast falls due: no screen waits for that."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clients import connect
from tests.conftest import StartSite
from tests.servers import Databases, Process, Site, eventually, wait_for

HOLD = """
import sys, time, psycopg
connection = psycopg.connect(sys.argv[1])
connection.execute("SELECT * FROM inbox_broadcastclock FOR UPDATE")
print("held", flush=True)
time.sleep(600)
"""
COMMENT = {"target_title": "Tea", "excerpt": "Yes"}
WAITS = "options=-c%20lock_timeout%3D60s"  # not the 5 s of production, to tell a wait from a busy machine
AT_ONCE = 20  # seconds


@pytest.fixture(params=["daphne", "uvicorn"])
def site(request: pytest.FixtureRequest, start_site: StartSite, databases: Databases, postgres_url: str) -> Site:
    url = databases.postgres(postgres_url)
    return start_site(server=request.param, database=f"{url}{'&' if '?' in url else '?'}{WAITS}")


@pytest.fixture
def frozen(site: Site, tmp_path: Path) -> Iterator[Process]:
    """A process that has locked the clock, and is stopped before a broadcast falls due."""
    soon = datetime.now(UTC) + timedelta(seconds=1)
    site.call("broadcast", "News", publish_at=soon.isoformat())
    holder = Process("holder", [sys.executable, "-c", HOLD, site.env["DATABASE_URL"]], tmp_path / "holder.log")
    holder.start()
    wait_for(lambda: "held" in holder.log.read_text())
    holder.freeze()
    yield holder
    holder.kill()


async def test_a_frozen_process_holds_the_clock(site: Site, frozen: Process) -> None:
    before = (await asyncio.to_thread(site.call, "snapshot", "bob"))["unread"]
    async with connect("websocket", site, "bob") as bell, connect("sse", site, "bob") as stream:
        for client in (bell, stream):
            await client.until_unread(before)
        due = "SELECT next_due < now() FROM inbox_broadcastclock"
        await eventually(lambda: site.agent.call("sql", due) == [[True]])
        for sent in range(1, 4):
            async with asyncio.timeout(AT_ONCE):
                await asyncio.to_thread(site.call, "send", "comment", ["bob"], actor="alice", **COMMENT)
                await asyncio.gather(bell.until_unread(before + sent), stream.until_unread(before + sent))
        frozen.kill()
        async with asyncio.timeout(AT_ONCE):
            await asyncio.gather(bell.until_unread(before + 4), stream.until_unread(before + 4))
