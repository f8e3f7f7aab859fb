"""Several processes publish for one user: their states arrive in order, and the retained one is the newest."""

import asyncio
import json
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from push.channels.mqtt.leases import LEASE
from tests.clients import Ended
from tests.mqtt.conftest import Person
from tests.mqtt_client import Mqtt, device, retained
from tests.servers import Agent, Site, eventually

PUBLISHERS, CHANGES = 3, 40
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 6))]


@pytest.fixture
def publishers(site: Site) -> Iterator[list[Agent]]:
    agents = [Agent(site.env) for _ in range(PUBLISHERS)]
    yield agents
    for agent in agents:
        agent.child.send_signal(signal.SIGCONT)
        agent.close()


async def record(client: Mqtt, versions: list[int]) -> None:
    with suppress(Ended):
        while True:
            versions.append(json.loads(await client.payload())["version"])


async def publish(agent: Agent, bob: Person, times: int) -> None:
    with suppress(json.JSONDecodeError, BrokenPipeError):  # killed
        await asyncio.to_thread(agent.call, "publish_mqtt", [bob.name], times)


@pytest.mark.parametrize("seed", SEEDS)
async def test_whoever_is_frozen_or_killed(site: Site, bob: Person, publishers: list[Agent], seed: int) -> None:
    rng, versions = random.Random(seed), list[int]()
    async with device(site, bob.name) as client:
        recording = asyncio.create_task(record(client, versions))
        working = [asyncio.create_task(publish(agent, bob, 4 * CHANGES)) for agent in publishers]
        frozen, killed = publishers[0].child.pid, publishers[1].child.pid
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
