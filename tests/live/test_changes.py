"""The stream that tells administrators that something may have changed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import httpx
import pytest

from tests.clients import plain_http
from tests.conftest import StartSite
from tests.servers import Site

CHANGED = "data: changed"
SOON = 10  # seconds
numbers = count(1)


@pytest.fixture(params=["daphne", "uvicorn"])
def site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


@asynccontextmanager
async def opened(site: Site, who: str) -> AsyncIterator[httpx.Response]:
    cookies = await asyncio.to_thread(site.cookies, who) if who else {}
    async with plain_http(site, cookies=cookies) as client, client.stream("GET", "/push/changes/") as answer:
        yield answer


async def wait_for_change(lines: AsyncIterator[str]) -> None:
    async with asyncio.timeout(SOON):
        while await anext(lines) != CHANGED:
            pass


async def test_it_tells_what_anybody_does(site: Site) -> None:
    reader = f"reading-{next(numbers)}"
    await asyncio.to_thread(site.call, "user", reader)
    async with opened(site, "admin") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == ": open"
        broadcast = await asyncio.to_thread(site.call, "broadcast", "Tea")
        await wait_for_change(lines)
        await asyncio.to_thread(site.call, "withdraw", broadcast)
        await wait_for_change(lines)


@pytest.mark.parametrize(("who", "status"), [("", 401), ("bob", 403)])
async def test_others_may_not_open_it(site: Site, who: str, status: int) -> None:
    async with opened(site, who) as answer:
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_it_ends_with_the_account(site: Site) -> None:
    name = f"watching-{next(numbers)}"
    await asyncio.to_thread(site.call, "user", name, is_staff=True, is_superuser=True)
    async with opened(site, name) as answer:
        assert answer.status_code == 200
        await asyncio.to_thread(site.call, "user", name, is_active=False)
        async with asyncio.timeout(SOON):
            assert [line async for line in answer.aiter_lines() if line == CHANGED] in ([], [CHANGED])
