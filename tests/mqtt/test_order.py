"""Several processes publish for one user: their states arrive in order, and the retained one is the newest."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from push.channels.mqtt.leases import LEASE
from tests.clients import Ended
from tests.mqtt.conftest import Person
from tests.mqtt_client import Mqtt, device, retained
from tests.servers import Agent, Site, eventually

PUBLISHERS, CHANGES = 3, 40
STARTED = 60  # seconds, on a busy machine
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 6))]


@pytest.fixture
async def publishers(site: Site) -> AsyncIterator[list[Agent]]:
    """They end before the event loop, which waits for its threads, and those for what is frozen."""
    agents = [Agent(site.env) for _ in range(PUBLISHERS)]
    yield agents
    for agent in agents:
        agent.close()


async def record(client: Mqtt, versions: list[int]) -> None:
    with suppress(Ended):
        while True:
            versions.append(json.loads(await client.payload())["version"])


async def publish(agent: Agent, bob: Person, times: int) -> None:
    with suppress(json.JSONDecodeError, ConnectionError):  # killed
        await asyncio.to_thread(agent.call, "publish_mqtt", [bob.name], times)


@pytest.mark.parametrize("seed", SEEDS)
async def test_whoever_is_frozen_or_killed(site: Site, bob: Person, publishers: list[Agent], seed: int) -> None:
    rng, versions = random.Random(seed), list[int]()
    async with device(site, bob.name) as client:
        recording = asyncio.create_task(record(client, versions))
        working = [asyncio.create_task(publish(agent, bob, 4 * CHANGES)) for agent in publishers]
        frozen, killed = publishers[0].pid, publishers[1].pid
        pause, end = sorted(rng.sample(range(CHANGES), 2))
        for change in range(CHANGES):
            await bob.receives()
            if change == pause:
                os.kill(frozen, signal.SIGSTOP)
            if change == end:
                os.kill(killed, signal.SIGKILL)
        await asyncio.sleep(LEASE.total_seconds())  # that is the fault: it comes back when its lease has run out
        await bob.receives()
        os.kill(frozen, signal.SIGCONT)
        await asyncio.gather(*working)
        newest = (await bob.snapshot())["version"]
        await eventually(lambda: versions[-1:] == [newest], 15)
        recording.cancel()
    assert versions == sorted(versions)
    kept = await retained(site, bob.topic)
    assert kept is not None
    assert json.loads(kept)["version"] == newest


@pytest.mark.parametrize("late", [False, True], ids=["within its lease", "after it"])
async def test_whoever_is_frozen_with_a_state_in_hand(
    site: Site, bob: Person, publishers: list[Agent], late: bool
) -> None:
    """The worst moment: it has read the state, and publishes it when another process would have a newer one."""
    frozen, other, _ = publishers
    versions = list[int]()
    async with device(site, bob.name) as client:
        recording = asyncio.create_task(record(client, versions))
        working = asyncio.create_task(asyncio.to_thread(frozen.call, "publish_mqtt_frozen", bob.name))
        await eventually(lambda: is_stopped(frozen), STARTED)
        await bob.receives()
        newest = (await bob.snapshot())["version"]
        if late:
            await asyncio.sleep(LEASE.total_seconds())  # that is the fault
        await publish(other, bob, 1)
        if late:
            await eventually(lambda: versions[-1:] == [newest], 10)
        os.kill(frozen.pid, signal.SIGCONT)
        await working
        await eventually(lambda: versions[-1:] == [newest], 15)
        recording.cancel()
    assert versions == sorted(versions)
    assert json.loads(await retained(site, bob.topic) or "")["version"] == newest


def is_stopped(agent: Agent) -> bool:
    status = Path(f"/proc/{agent.pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0] == "T"
