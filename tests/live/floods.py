"""What tests of floods share: a user who floods, one who knocks, and others who are served meanwhile."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from tests import raw
from tests.clients import connect, plain_http
from tests.servers import Site

SERVERS = ["daphne", "uvicorn"]
PATIENCE = 5.0  # seconds; without a budget others wait for ten and more
ROUNDS = 3
PAUSE = 0.1  # seconds between two rounds: without one the others would be the flood


def on_servers(kinds: Iterable[str]) -> list[Any]:
    """Each kind on each server, as parameters; in `make test` on one of the two, in turn."""
    return [
        pytest.param(server, kind, marks=[pytest.mark.soak] if (k + s) % 2 else [])
        for (k, kind), (s, server) in product(enumerate(kinds), enumerate(SERVERS))
    ]


async def call(site: Site, do: str, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(site.call, do, *args, **kwargs)


async def newcomer(site: Site, name: str) -> dict[str, str]:
    """Cookies of a user whose budget nobody has touched."""
    await call(site, "user", name)
    return await asyncio.to_thread(site.cookies, name)


async def offender(site: Site, name: str) -> dict[str, str]:
    """Cookies of a user who has been shut out before, so that the next time lasts 8 s.

    A connection is held for up to 4 s: if the shut-out has ended by then, the client is served and not refused.
    """
    cookies = await newcomer(site, name)
    for _ in range(3):
        await call(site, "shut_out", cookies["sessionid"], 0)
    return cookies


async def is_shut_out(site: Site, cookies: dict[str, str]) -> bool:
    return bool(await call(site, "is_shut_out", cookies["sessionid"]))


async def is_refused(site: Site, cookies: dict[str, str]) -> bool:
    """Whether a silent connection is; it may be hung up on instead, if many are held."""
    with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
        return await knock(site, cookies) == 4429
    return False


async def others_are_served(site: Site, flood: "asyncio.Future[Any]", name: str) -> None:
    """Pushes and probes arrive, until the flood is over and at least `ROUNDS` times.

    Each has `PATIENCE` seconds on average: on a busy machine one may take longer, but a flood delays all of them.
    """
    await call(site, "user", name)
    async with connect("websocket", site, name) as client, plain_http(site) as http:
        unread = (await client.next(60))["unread"]
        rounds, start = 0, asyncio.get_running_loop().time()
        while rounds < ROUNDS or not flood.done():
            rounds += 1
            async with asyncio.timeout_at(start + PATIENCE * max(rounds, ROUNDS)):
                assert (await http.get("/healthz", timeout=None)).status_code == 200
                await call(site, "send", "comment", [name], target_title="Tea")
                await client.until_unread(unread + rounds, PATIENCE * ROUNDS)
            await asyncio.wait({flood}, timeout=PAUSE)


async def knock(site: Site, cookies: dict[str, str]) -> int | None:
    """Connect and send nothing: the close code, 0 if one is served."""
    async with raw.open_socket(site, cookies) as socket:
        with suppress(EOFError, ConnectionError):
            await socket.until(b'"unread"', raw.SLOWEST)
            return 0
        return await socket.close_code(raw.SLOWEST)


async def until_served(site: Site, cookies: dict[str, str]) -> None:
    async with asyncio.timeout(90):
        while code := await knock(site, cookies):
            assert code == 4429
