"""Whatever dies, and whenever: the retained message is right within one sweep of the broker's return."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from inbox.core.circuit import BREAK_SECONDS
from push.channels.mqtt import topics
from tests.clients import Refused, connect
from tests.conftest import StartSite
from tests.mqtt.conftest import BROKERS, COMMENT, Person
from tests.mqtt_client import Mqtt, device, mint, retained, service
from tests.servers import Site, eventually

SWEEP = 2  # seconds; PUSH_RESYNC_SECONDS of a test site
# `make test` kills the one that has to be told of tickets again.
KILLED = [pytest.param(name, marks=[] if name == "mosquitto" else [pytest.mark.soak]) for name in BROKERS]
CONVERGED = BREAK_SECONDS + SWEEP + 8  # the rest is what a busy two-core machine may add


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(shared_site: StartSite, broker: str) -> Site:
    return shared_site(mqtt=broker)


def kill(site: Site) -> None:
    (site.broker or site.web[0]).kill()


def revive(site: Site) -> None:
    """In the main thread: what a thread starts ends with it."""
    if site.broker:
        site.broker.start()
    else:
        site.start_web()


async def from_outside(site: Site, do: str, *args: Any, **kwargs: Any) -> Any:
    """In a shell on another machine: the web process may be dead."""
    return await asyncio.to_thread(site.agent.call, do, *args, **kwargs)


async def is_right(person: Person) -> bool:
    text = await retained(person.site, person.topic)
    return json.loads(text or "{}") == await person.snapshot()


async def converges(person: Person) -> None:
    await eventually(lambda: is_right(person), deadline=CONVERGED)


@asynccontextmanager
async def patient_device(site: Site, name: str) -> AsyncIterator[Mqtt]:
    """A device that comes again with another ticket when it is refused. Mosquitto is not told of tickets as long as the
    site leaves it alone after a failure."""
    async with AsyncExitStack() as stack:

        async def admitted() -> Mqtt | None:
            try:
                return await stack.enter_async_context(device(site, name))
            except Refused:
                return None

        yield await eventually(admitted, CONVERGED, "a ticket that the broker knows")


async def subscribed(site: Site, person: Person) -> None:
    async with patient_device(site, person.name) as client:
        await client.next()


@pytest.mark.soak
async def test_broker_killed_before_a_commit(site: Site, bob: Person) -> None:
    await subscribed(site, bob)
    kill(site)
    await from_outside(site, "send", "comment", [bob.name], **COMMENT)
    revive(site)
    await converges(bob)


@pytest.mark.parametrize("broker", KILLED, indirect=True)
async def test_broker_killed_during_commits(site: Site, bob: Person) -> None:
    await subscribed(site, bob)
    some = asyncio.Event()

    async def send() -> None:
        for _ in range(30):
            await from_outside(site, "send", "comment", [bob.name], **COMMENT)
            some.set()

    sending = asyncio.create_task(send())
    await some.wait()
    kill(site)
    await sending
    revive(site)
    await converges(bob)


@pytest.mark.soak
async def test_broker_killed_after_a_commit(site: Site, bob: Person) -> None:
    """At once after the PUBACK: before it has stored what it acknowledged."""
    async with patient_device(site, bob.name) as client:
        await client.next()
        await bob.receives()
        await client.until_unread(1)
        kill(site)
    revive(site)
    await converges(bob)


@pytest.mark.parametrize("broker", KILLED, indirect=True)
async def test_a_connection_that_is_newer_than_a_loss_stays(site: Site, bob: Person) -> None:
    """A device may come after the broker has lost everything, and before the sweep that finds this."""
    async with patient_device(site, bob.name) as client:
        async with service(site) as losing:
            await losing.publish(topics.SWEPT, None, 1, retain=True)
        await eventually(lambda: retained(site, topics.SWEPT), deadline=CONVERGED)  # swept as after a loss
        await bob.receives()
        await client.until_unread(1)


@pytest.mark.parametrize("broker", KILLED, indirect=True)
async def test_a_device_gets_in_after_the_broker_s_return(site: Site, bob: Person) -> None:
    """The broker is left alone for some seconds after a failure: until then it is told of no ticket."""
    await subscribed(site, bob)
    cookies = await asyncio.to_thread(site.cookies, bob.name)
    kill(site)
    await from_outside(site, "send", "comment", [bob.name], **COMMENT)
    if site.broker:
        await asyncio.to_thread(mint, site, cookies)  # the web process finds out that the broker is away
    revive(site)
    async with patient_device(site, bob.name) as client:
        await client.until_unread(1, CONVERGED)


async def test_a_frozen_broker_delays_nobody(start_site: StartSite) -> None:
    """Neither the writer nor those with a connection to us."""
    site = start_site(mqtt="mosquitto")
    assert site.broker is not None
    bob = Person(site)
    await subscribed(site, bob)
    async with connect("websocket", site, bob.name) as client:
        await client.next()
        site.broker.freeze()
        try:
            for count in (1, 2):
                async with asyncio.timeout(1.5):  # below the two seconds that the broker is given
                    await bob.receives()
                    await client.until_unread(count)
        finally:
            site.broker.thaw()
    await converges(bob)


@pytest.mark.soak
async def test_worker_killed(start_site: StartSite) -> None:
    site = start_site(bus="valkey", mqtt="mosquitto")
    assert site.worker is not None
    bob = Person(site)
    await subscribed(site, bob)
    site.worker.kill()
    await bob.receives()
    await converges(bob)
