"""A server that is told to stop sends its clients away at once, each in the terms of its transport."""

import asyncio
import signal
import time

import pytest

from tests.clients import Ended, Snapshot, connect, plain_http
from tests.conftest import StartSite
from tests.servers import Site, eventually

SOON = 3  # seconds for everything; uvicorn's --timeout-graceful-shutdown alone is 5


@pytest.fixture(params=["daphne", "uvicorn"])
def site(start_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return start_site(server=request.param)


async def test_clients_are_sent_away_and_find_the_next_process(site: Site) -> None:
    before = await clients_are_sent_away(site, signal.SIGTERM)
    site.start_web()
    async with connect("websocket", site, "bob") as client:
        assert await client.next() == before
    await clients_are_sent_away(site, signal.SIGINT)
    assert "Traceback" not in site.web[0].logs()


async def clients_are_sent_away(site: Site, number: signal.Signals) -> Snapshot:
    """The state that they had."""
    async with (
        connect("websocket", site, "bob") as socket,
        connect("sse", site, "bob") as stream,
        plain_http(site, cookies=socket.cookies, timeout=20) as http,
    ):
        known = await socket.next()
        await stream.next()
        held = {"If-None-Match": f'"{known["user"]}-{known["version"]}"', "Prefer": "wait=20"}
        poll = asyncio.create_task(http.get("/push/poll/", headers=held))
        await eventually(lambda: asyncio.to_thread(holds, site, 3))
        await socket.send({"type": "sync"})
        await socket.next()  # read after the poll joined, so the poll has had its first state and waits
        began = time.monotonic()
        site.web[0].signal(number)
        with pytest.raises(Ended) as closed:
            await socket.next()
        assert closed.value.code == 1012
        with pytest.raises(Ended) as ended:
            await stream.next()
        assert ended.value.__cause__ is None  # a complete response, not a broken connection
        assert (await poll).status_code == 304
    await eventually(lambda: not site.web[0].alive)
    assert time.monotonic() - began < SOON
    return known


def holds(site: Site, connections: int) -> bool:
    return bool(site.call("push.hub.connection_count") == connections)
