"""What is due by time comes within two seconds: by beat and a worker alone, or by the hub of a web process alone."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clients import connect
from tests.conftest import StartSite
from tests.servers import Site, eventually, wait_for

LATE = timedelta(seconds=2)
SOON = 3  # seconds


def published(site: Site, which: str) -> list[Any]:
    """When each of these was due, and when it was published."""
    query = "SELECT publish_at, published_at FROM inbox_broadcast WHERE state = 'live' AND "
    rows: list[Any] = site.agent.call("sql", query + which)
    return rows


def lateness(row: list[Any]) -> timedelta:
    due, published = (datetime.fromisoformat(str(each)) for each in row)
    return published - due


def test_beat_and_a_worker_publish_an_occurrence_in_time(start_site: StartSite) -> None:
    """Nobody is connected to a hub, and the sweep comes every ten seconds only."""
    site = start_site(server="uvicorn", bus="valkey", database="postgres", beat=True, PUSH_RESYNC_SECONDS="25")
    soon = datetime.now(UTC) + timedelta(seconds=1)
    first = site.agent.call("broadcast", "News", publish_at=soon.isoformat())
    wait_for(lambda: published(site, f"id = {first}"), 30, "worker and beat have started")
    series = site.agent.call("recur", "Daily", SOON)
    [row] = wait_for(lambda: published(site, f"series_id = {series}"), SOON + 10)
    assert timedelta(0) <= lateness(row) <= LATE


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_hubs_alone_publish_an_occurrence_in_time_and_once(shared_site: StartSite, server: str) -> None:
    """Two web processes, each with its hub; no worker, no beat."""
    site = shared_site(server=server, bus="valkey", database="postgres", web=2, worker=False)
    before = (await asyncio.to_thread(site.call, "snapshot", "bob"))["unread"]
    async with connect("websocket", site, "bob") as one, connect("sse", site, "bob", web=1) as two:
        await asyncio.gather(one.until_unread(before), two.until_unread(before))
        series = await asyncio.to_thread(site.agent.call, "recur", "Daily", SOON)
        await asyncio.gather(*(client.until_unread(before + 1, SOON + 2) for client in (one, two)))
        [row] = await eventually(lambda: published(site, f"series_id = {series}"))
        assert timedelta(0) <= lateness(row) <= LATE
