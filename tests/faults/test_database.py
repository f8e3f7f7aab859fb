"""Web processes keep a few connections to PostgreSQL, whatever is asked of them, and outlive its restarts."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial

import httpx
import psycopg
import pytest

from tests.clients import connect
from tests.conftest import StartSite, started
from tests.servers import KEPT, Databases, Site, eventually, wait_for
from tools.stores import Postgres

POOL = 3
COMMENT = {"target_title": "Tea", "excerpt": "Yes"}
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(server="uvicorn", database="postgres", DATABASE_POOL=POOL)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """Durable, or a kill would take sessions along."""
    yield from started(Postgres)


@pytest.fixture
def own_site(cluster: Postgres, databases: Databases) -> Iterator[Site]:
    site = Site(databases.postgres(cluster.url()), server="uvicorn", DATABASE_POOL=POOL)
    site.start()
    yield site
    site.close()


def client(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=site.url(""), cookies=site.cookies("bob"), timeout=30, limits=KEPT)


async def statuses(http: httpx.AsyncClient, requests: int) -> set[int]:
    """Of so many at once."""
    answers = await asyncio.gather(*(http.get("/api/v1/unread/") for _ in range(requests)))
    return {answer.status_code for answer in answers}


async def test_more_requests_than_connections_wait_their_turn(site: Site) -> None:
    async with client(site) as http:
        assert await statuses(http, 20 * POOL) == {200}
    [[connections]] = site.agent.call("sql", f"SELECT count(*) {OTHERS}")
    assert 1 <= connections <= POOL


@pytest.mark.parametrize("kind", ["websocket", "sse", "events"])
async def test_held_streams_take_no_connection_from_others(site: Site, kind: str) -> None:
    async with client(site) as http, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(connect(kind, site, "carol")) for _ in range(3 * POOL)]
        await asyncio.gather(*(each.next() for each in held))
        assert await statuses(http, 1) == {200}
        await asyncio.to_thread(site.call, "send", "comment", ["carol"], actor="alice", **COMMENT)
        unread = (await asyncio.to_thread(site.call, "snapshot", "carol"))["unread"]
        await asyncio.gather(*(each.until_unread(unread) for each in held))
        assert await statuses(http, POOL) == {200}


async def test_connections_that_died_are_shown_to_nobody(site: Site) -> None:
    async with client(site) as http, connect("websocket", site, "bob") as bell:
        assert await statuses(http, 4 * POOL) == {200}
        await bell.next()
        [[ended]] = site.agent.call("sql", f"SELECT count(pg_terminate_backend(pid)) {OTHERS}")
        assert ended > 0
        assert await statuses(http, 4 * POOL) == {200}
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], actor="alice", **COMMENT)
        await bell.until_unread(1, deadline=15)


@pytest.mark.soak
async def test_the_database_is_killed_and_restarted(own_site: Site, cluster: Postgres) -> None:
    async with client(own_site) as http, connect("websocket", own_site, "bob") as bell:
        assert await statuses(http, 4 * POOL) == {200}
        await bell.next()
        cluster.kill()
        cluster.start()
        assert await statuses(http, 4 * POOL) == {200}
        await asyncio.to_thread(own_site.call, "send", "comment", ["bob"], actor="alice", **COMMENT)
        await bell.until_unread(1, deadline=15)


@pytest.mark.soak
async def test_while_it_is_away_requests_fail_and_afterwards_none_does(own_site: Site, cluster: Postgres) -> None:
    async with client(own_site) as http:
        cluster.kill()
        assert (await http.get("/api/v1/unread/")).status_code >= 500
        cluster.start()

        async def answered() -> bool:
            return (await http.get("/api/v1/unread/")).status_code == 200

        await eventually(answered, deadline=20, what="an answer from the restarted database")
        assert await statuses(http, 4 * POOL) == {200}


AWAY = ["/api/v1/unread/", "/api/v1/inbox/", "/push/poll/", "/push/sse/", "/push/iframe/", "/inbox/", "/admin/"]


@pytest.mark.soak
async def test_while_it_is_away_everything_is_503_and_says_when_to_come_again(
    cluster: Postgres, databases: Databases
) -> None:
    """On both servers, the held transports too; and what was refused is done once when it is tried again."""
    site = Site(databases.postgres(cluster.url()), server=["uvicorn", "daphne"], web=2)
    async with AsyncExitStack() as stack:
        stack.callback(site.close)
        site.start()
        service = {"Authorization": f"Bearer {site.call('token')}", "Idempotency-Key": '"k"'}
        shop = await stack.enter_async_context(
            httpx.AsyncClient(base_url=site.url(""), headers=service, timeout=60, limits=KEPT)
        )
        browsers = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=site.url("", web), cookies=site.cookies("bob"), timeout=60, limits=KEPT)
            )
            for web in (0, 1)
        ]
        send = partial(shop.post, "/api/v1/messages/", json={"type": "follow", "recipients": ["bob"]})
        waiting = {"If-None-Match": '"1-1"', "Prefer": "wait=50"}
        cluster.kill()
        try:
            answers = await asyncio.gather(
                *(http.get(path) for http in browsers for path in AWAY),
                *(http.get("/push/poll/", headers=waiting) for http in browsers),
                send(),
            )
        finally:
            cluster.start()
        assert [refusal_of(answer) for answer in answers] == ["unavailable"] * len(answers)

        async def sent() -> bool:
            return (await send()).status_code == 201

        await eventually(sent, deadline=30, what="an answer from the restarted database")
        assert site.call("snapshot", "bob")["unread"] == 1


def refusal_of(answer: httpx.Response) -> str:
    """The word in a 503 that says when to come again; a page has none, and counts as if it had."""
    path = answer.request.url.path
    if answer.status_code != 503 or int(answer.headers.get("Retry-After", 0)) < 1:
        return f"{path}: {answer.status_code}"
    if not path.startswith(("/api/", "/push/")):
        return "unavailable"
    assert answer.headers["Content-Type"] == "application/problem+json", path
    return str(answer.json()["code"])


@pytest.mark.soak
async def test_a_failover_to_a_read_only_standby_stops_writes_only(own_site: Site, cluster: Postgres) -> None:
    """Connections stay open, reads go on; when it takes writes again, nothing has to be restarted."""
    ref = f"comment-{own_site.call('create', 'comment', 'bob', **COMMENT)}"
    with own_site.client("bob") as browser:
        async with connect("websocket", own_site, "bob") as bell:
            await bell.until_unread(1)
            try:
                await asyncio.to_thread(become, cluster, "on")

                def refused() -> bool:
                    return refusal_of(browser.patch(f"/api/v1/inbox/{ref}/", json={"read": True})) == "unavailable"

                assert await asyncio.to_thread(refused)
                assert (await asyncio.to_thread(browser.get, "/api/v1/inbox/")).status_code == 200
                await bell.send({"type": "read", "refs": [ref]})
                answer = await bell.frame()
                assert (answer["type"], answer["code"]) == ("error", "unavailable")
            finally:
                await asyncio.to_thread(become, cluster, "off")
            await bell.send({"type": "read", "refs": [ref]})
            await bell.until_unread(0)


def become(cluster: Postgres, read_only: str) -> None:
    """Sessions that have not set it themselves follow at once."""
    cluster.run(f"ALTER SYSTEM SET default_transaction_read_only = {read_only}")
    cluster.run("SELECT pg_reload_conf()")
    wait_for(lambda: setting(cluster) == read_only, what=f"default_transaction_read_only = {read_only}")


def setting(cluster: Postgres) -> str:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        [value] = connection.execute("SHOW default_transaction_read_only").fetchone() or [""]
        return str(value)
