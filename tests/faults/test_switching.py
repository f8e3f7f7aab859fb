"""A user who changes transport again and again, under load, through bad proxies: never back, and right at the end."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count, pairwise, product
from typing import Any

import httpx
import pytest
from websockets.exceptions import WebSocketException

from tests.clients import TRANSPORTS, Ended, Refused, connect
from tests.conftest import StartSite
from tests.proxies import Through, cutting, nginx
from tests.servers import Site, needs

WAYS = ["direct", "nginx", "cutting"]
SWITCHES = 20
BROKEN = (Ended, Refused, OSError, httpx.HTTPError, WebSocketException)

people = count(1)


@asynccontextmanager
async def reached(site: Site, way: str, rng: random.Random) -> AsyncIterator[Any]:
    if way == "nginx":
        with needs(), nginx(site) as port:
            yield Through(site, port)
    elif way == "cutting":
        async with cutting(site, rng) as port:
            yield Through(site, port)
    else:
        yield site


def matrix() -> list[Any]:
    """Every way on both servers with three seeds; `make test` takes the one that cuts."""
    everything = product(["daphne", "uvicorn"], WAYS, range(3))
    return [
        pytest.param(*place, marks=[] if place == ("daphne", "cutting", 0) else [pytest.mark.soak])
        for place in everything
    ]


@pytest.mark.parametrize(("server", "way", "seed"), matrix())
async def test_switching(shared_site: StartSite, server: str, way: str, seed: int) -> None:
    site, rng = shared_site(server=server, bus="memory"), random.Random(f"{server}{way}{seed}")
    name = f"switching-{next(people)}"
    await asyncio.to_thread(site.call, "user", name)
    enough = asyncio.Event()
    writing = asyncio.create_task(write(site, name, random.Random(seed), enough))
    seen: list[dict[str, Any]] = []
    async with reached(site, way, rng) as there:
        for _ in range(SWITCHES):
            seen += await visit(there, name, rng, since=seen[-1]["version"] if seen else None)
        enough.set()
        await writing
        final = await asyncio.to_thread(site.call, "snapshot", name)
        async with asyncio.timeout(20):
            while not seen or seen[-1]["version"] < final["version"]:
                seen += await visit(there, name, rng, None)
    versions = [snapshot["version"] for snapshot in seen]
    assert all(older <= newer for older, newer in pairwise(versions)), versions
    assert {key: seen[-1][key] for key in final} == final
    assert len(set(versions)) > 5  # there was something to see


async def visit(site: Any, name: str, rng: random.Random, since: int | None) -> list[dict[str, Any]]:
    """What one connection shows in a moment; a proxy may cut it before it shows anything."""
    transport = rng.choice(list(TRANSPORTS))
    resume = since if rng.random() < 0.5 else None
    client: Any = None
    with suppress(TimeoutError, *BROKEN):
        async with connect(transport, site, name, since=resume) as client:
            await client.until(lambda shown: False, deadline=rng.uniform(0.05, 0.6))
    return client.seen if client else []


async def write(site: Site, name: str, rng: random.Random, enough: asyncio.Event) -> None:
    """Load: messages, reading, broadcasts, as fast as the site takes them."""
    while not enough.is_set():
        done = rng.random()
        if done < 0.7:
            await asyncio.to_thread(site.call, "send", "comment", [name], target_title="Tea")
        elif done < 0.9:
            snapshot = await asyncio.to_thread(site.call, "snapshot", name)
            await asyncio.to_thread(site.call, "inbox.services.mark_all_read", snapshot["user"], snapshot["version"])
        else:
            published = await asyncio.to_thread(site.call, "broadcast", "Fire drill")
            await asyncio.to_thread(site.call, "withdraw", published)
