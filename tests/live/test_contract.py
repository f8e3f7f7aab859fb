"""What every transport promises, on every server and over every bus: one class, run for each of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import count, pairwise, product
from pathlib import Path
from typing import Any

import pytest

from tests.clients import TRANSPORTS, Ended, Refused, connect
from tests.conftest import StartSite
from tests.mqtt_client import device, mint
from tests.servers import Site, eventually

COMMENT = {"target_title": "Tea", "excerpt": "Yes"}
BROKERS = ["embedded", "mosquitto", "rabbitmq"]
# Anything else: 401. MQTT 3.1.1, 3.2.2.3: 4 is "bad user name or password", 5 "not authorised".
REFUSED = {"websocket": 4401, "msgpack": 4401, "events": None, "embedded": 5, "mosquitto": 5, "rabbitmq": 4}
WITHOUT_VERSIONS = {"websocket", "msgpack", "iframe", *BROKERS}  # clients have no way to name one

numbers = count(1)


class Person:
    """A user of one test alone, and what happens to them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.name = f"person-{next(numbers)}"
        self.id = site.call("user", self.name)

    async def call(self, do: str, *args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(self.site.call, do, *args, **kwargs)

    async def receives(self, messages: int = 1) -> None:
        for _ in range(messages):
            await self.call("send", "comment", [self.name], actor="alice", **COMMENT)

    async def snapshot(self) -> dict[str, Any]:
        return await self.call("snapshot", self.name)  # type: ignore[no-any-return]

    async def reads_all(self) -> None:
        await self.call("inbox.services.mark_all_read", self.id, (await self.snapshot())["version"])

    @asynccontextmanager
    async def connected(self, transport: str, **options: Any) -> AsyncIterator[Any]:
        async with reach(transport, self.site, self.name, **options) as client:
            yield client


def reach(transport: str, site: Site, name: str = "", **options: Any) -> AbstractAsyncContextManager[Any]:
    """A client of a transport, or a device at a broker."""
    if transport in BROKERS:
        options.pop("since", None)
        return device(site, name, **options)
    return connect(transport, site, name, **options)


SERVERS, BUSES = ["daphne", "uvicorn"], ["memory", "valkey"]


def matrix() -> list[Any]:
    """Every transport on every server and bus; `make test` takes the half that has every pair of them.

    A broker is between a device and whatever wrote, so each is taken once. MessagePack is a WebSocket with another
    codec, the iframe stream an SSE with other words: one place of each is enough there.
    """
    places = [pytest.param((broker, "", ""), id=f"mqtt-{broker}") for broker in BROKERS]
    for (t, transport), (s, server), (b, bus) in product(*map(enumerate, (TRANSPORTS, SERVERS, BUSES))):
        soak = (t + s + b) % 2 or (transport in ("msgpack", "iframe") and bus == "valkey")
        marks = [pytest.mark.soak] if soak else []
        places.append(pytest.param((transport, server, bus), marks=marks, id=f"{transport}-{server}-{bus}"))
    return places


@pytest.fixture(params=matrix())
def place(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """Transport, server and bus."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def transport(place: tuple[str, str, str]) -> str:
    return place[0]


@pytest.fixture
def site(shared_site: StartSite, place: tuple[str, str, str]) -> Site:
    transport, server, bus = place
    return shared_site(mqtt=transport) if transport in BROKERS else shared_site(server=server, bus=bus)


@pytest.fixture
def bob(site: Site) -> Person:
    return Person(site)


class TestContract:
    async def test_the_state_comes_first(self, bob: Person, transport: str) -> None:
        await bob.receives(2)
        async with bob.connected(transport) as client:
            assert (await client.next()) == await bob.snapshot()

    async def test_wakes_on_change(self, bob: Person, transport: str) -> None:
        async with bob.connected(transport) as client:
            await client.until_unread(0)
            await bob.receives()
            came = await client.until_unread(1)
            assert came["by_type"] == {"comment": 1}
            await bob.reads_all()
            await client.until_unread(0)

    async def test_a_broadcast_wakes_and_its_end_too(self, bob: Person, transport: str) -> None:
        async with bob.connected(transport) as client:
            before = (await client.next())["unread"]
            published = await bob.call("broadcast", "Fire drill")
            await client.until(lambda shown: shown["unread"] == before + 1)
            await bob.call("withdraw", published)
            await client.until(lambda shown: shown["unread"] == before)

    async def test_resumes_from_a_version(self, bob: Person, transport: str) -> None:
        await bob.receives()
        known = await bob.snapshot()
        async with bob.connected(transport, since=known["version"]) as client:
            if transport in WITHOUT_VERSIONS:  # the state comes first
                assert (await client.next()) == known
            await bob.receives()
            assert (await client.next())["version"] == known["version"] + 1
        async with bob.connected(transport, since=known["version"]) as client:
            assert (await client.next())["unread"] == 2

    async def test_never_older_after_newer(self, bob: Person, transport: str) -> None:
        async with bob.connected(transport) as client:
            await client.next()
            bursts = asyncio.gather(*(bob.receives(3) for _ in range(4)), bob.reads_all())
            await asyncio.gather(bursts, client.until(lambda shown: shown["version"] % 10**9 >= 12))
            final = await bob.snapshot()
            await client.until(lambda shown: shown["version"] == final["version"])
        versions = [shown["version"] for shown in client.seen]
        assert all(older < newer for older, newer in pairwise(versions)), versions
        assert {key: client.last[key] for key in final} == final

    async def test_nobody_sees_anothers(self, bob: Person, transport: str, site: Site) -> None:
        alice = Person(site)
        async with bob.connected(transport) as his, alice.connected(transport) as hers:
            await his.next()
            await hers.next()
            await alice.receives(3)
            await hers.until_unread(3)
            await bob.receives()
            await his.until_unread(1)
        assert {shown["user"] for shown in his.seen} == {bob.id}
        assert {shown["unread"] for shown in his.seen} == {0, 1}

    async def test_the_anonymous_are_refused(self, site: Site, transport: str) -> None:
        with pytest.raises(Refused) as refusal:
            async with reach(transport, site) as client:
                await client.next()
        assert refusal.value.code == REFUSED.get(transport, 401)
        if transport == "events":
            assert "forbidden" in refusal.value.body

    async def test_rollback_sends_nothing(self, bob: Person, transport: str) -> None:
        async with bob.connected(transport) as client:
            await client.next()
            await bob.call("send_rolled_back", "comment", [bob.name], **COMMENT)
            await bob.receives()
            await client.until_unread(1)
        assert [shown["version"] % 10**9 for shown in client.seen] == [0, 1]

    async def test_the_end_leaves_nothing_behind(self, bob: Person, transport: str, site: Site) -> None:
        async with bob.connected(transport) as first:  # what a process makes once and keeps is there then
            await first.next()
            await bob.receives()
            await first.until_unread(1)
        before = await footprint_at_rest(site)
        async with bob.connected(transport) as client, bob.connected(transport) as other:
            await client.next()
            await other.next()
        await eventually(lambda: same_or_less(site, before), what=f"{before} again")

    async def test_logging_out_ends_it(self, bob: Person, transport: str) -> None:
        if transport in BROKERS:
            await logging_out_bars_from_the_broker(bob)
            return
        async with bob.connected(transport) as client:
            await client.next()
            await bob.call("log_out", client.cookies["sessionid"])
            with pytest.raises((Ended, Refused)):
                await client.until(lambda shown: False, deadline=2 + 3)


async def logging_out_bars_from_the_broker(bob: Person) -> None:
    """There is one topic per user, so a device that is connected stays; it cannot connect again."""
    session = (await asyncio.to_thread(bob.site.cookies, bob.name))["sessionid"]
    ticket = await asyncio.to_thread(mint, bob.site, {"sessionid": session})
    async with device(bob.site, bob.name, ticket=ticket) as client:
        await client.next()
    await bob.call("inbox.services.end_session", session)

    async def refused() -> bool:
        try:
            async with device(bob.site, bob.name, ticket=ticket):
                return False
        except Refused:
            return True

    await eventually(refused, what="the ticket to count no more")


async def footprint(site: Site) -> dict[str, int]:
    """Connections of the hub, tasks, threads and open database files of the web process."""
    held = await asyncio.to_thread(site.call, "counts")
    held["connections"] = await asyncio.to_thread(site.call, "push.hub.connection_count")
    held["files"] = database_files(site)
    return held


def database_files(site: Site) -> int:
    """Read from outside: descriptors of the SQLite database, open in the first web process."""
    found = 0
    for descriptor in Path(f"/proc/{site.web[0].pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            found += ".sqlite3" in os.readlink(descriptor)
    return found


async def footprint_at_rest(site: Site) -> dict[str, int]:
    async def hub_ended() -> bool:
        return (await footprint(site))["connections"] == 0

    await eventually(hub_ended)
    return await footprint(site)


async def same_or_less(site: Site, before: dict[str, int]) -> bool:
    now = await footprint(site)
    return all(now[what] <= before[what] for what in before)
