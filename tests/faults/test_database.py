"""Web processes keep a few connections to PostgreSQL, whatever is asked of them, and outlive its restarts."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.clients import connect
from tests.conftest import started
from tests.servers import Databases, Site, eventually
from tools.stores import Postgres

POOL = 3
COMMENT = {"target_title": "Tea", "excerpt": "Yes"}
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Durable, or a kill would take sessions along."""
    yield from started(Postgres)


@pytest.fixture(scope="module")
def site(postgres: Postgres, databases: Databases) -> Iterator[Site]:
    """One for all these tests: each finds its database there."""
    site = Site(databases.postgres(postgres.url()), server="uvicorn", DATABASE_POOL=POOL)
    site.start()
    yield site
    site.close()


def client(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=site.url(""), cookies=site.cookies("bob"), timeout=30)


async def test_more_requests_than_connections_wait_their_turn(site: Site) -> None:
    async with client(site) as http:
        answers = await asyncio.gather(*(http.get("/api/v1/unread/") for _ in range(20 * POOL)))
        assert {answer.status_code for answer in answers} == {200}
    [[connections]] = site.agent.call("sql", OTHERS)
    assert 1 <= connections <= POOL


async def test_the_database_is_killed_and_restarted(site: Site, postgres: Postgres) -> None:
    """Every connection in the pool is dead then; nobody is shown that, and who is connected sees what comes next."""
    async with client(site) as http, connect("websocket", site, "bob") as bell:
        await asyncio.gather(*(http.get("/api/v1/unread/") for _ in range(4 * POOL)))
        await bell.next()
        postgres.kill()
        postgres.start()
        assert (await http.get("/api/v1/unread/")).status_code == 200
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], actor="alice", **COMMENT)
        await bell.until_unread(1, deadline=15)


@pytest.mark.soak  # a request waits ten seconds for a connection
async def test_while_it_is_away_requests_fail_and_afterwards_none_does(site: Site, postgres: Postgres) -> None:
    async with client(site) as http:
        postgres.kill()
        assert (await http.get("/api/v1/unread/")).status_code >= 500
        postgres.start()

        async def answered() -> bool:
            return (await http.get("/api/v1/unread/")).status_code == 200

        await eventually(answered, deadline=20, what="an answer from the restarted database")
        answers = await asyncio.gather(*(http.get("/api/v1/unread/") for _ in range(4 * POOL)))
        assert {answer.status_code for answer in answers} == {200}
