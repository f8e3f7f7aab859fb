"""Held connections hold neither a thread nor a database connection: asserted as counts on one process."""

import asyncio
import resource
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from tests.conftest import StartSite
from tests.servers import Site, eventually

FEW = {"sse": 100, "websocket": 100, "long-poll": 40}
MANY = {"sse": 500, "websocket": 500, "long-poll": 200}
POOL = 4  # the hub's own threads, started as needed, however many connections there are
TASKS = 10  # of a process that holds nothing: the server's own and this request's
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def request(site: Site, path: str, cookie: str, *lines: str) -> Stream:
    """A bare HTTP request: a client library would bring more threads and memory of its own than we count."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.ports[0])
    head = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{site.ports[0]}", f"Cookie: sessionid={cookie}", *lines]
    writer.write("\r\n".join([*head, "", ""]).encode())
    return reader, writer


async def sse(site: Site, cookie: str, _etag: str) -> Stream:
    stream = await request(site, "/push/sse/", cookie, "Accept: text/event-stream")
    await stream[0].readuntil(b"event: unread")
    return stream


async def websocket(site: Site, cookie: str, _etag: str) -> Stream:
    handshake = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    stream = await request(site, "/push/ws/", cookie, *handshake, key, f"Origin: {site.url('')}")
    await stream[0].readuntil(b'"unread"')
    return stream


async def long_poll(site: Site, cookie: str, etag: str) -> Stream:
    return await request(site, "/push/poll/", cookie, f"If-None-Match: {etag}", "Prefer: wait=55")


OPEN: dict[str, Callable[[Site, str, str], Awaitable[Stream]]] = {
    "sse": sse,
    "websocket": websocket,
    "long-poll": long_poll,
}


async def held(site: Site) -> dict[str, int]:
    """Threads of the web process and connections to its database (this look at it included)."""
    threads = (await asyncio.to_thread(site.call, "counts"))["threads"]
    activity = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    async with await psycopg.AsyncConnection.connect(site.env["DATABASE_URL"]) as database:
        found = await (await database.execute(activity)).fetchone()
    assert found is not None
    return {"threads": threads, "connections": found[0]}


async def open_all(site: Site, counts: dict[str, int]) -> list[Stream]:
    cookie = (await asyncio.to_thread(site.cookies, "bob"))["sessionid"]
    known = await asyncio.to_thread(site.call, "snapshot", "bob")
    etag = f'"{known["user"]}-{known["version"]}"'
    return await asyncio.gather(*(OPEN[kind](site, cookie, etag) for kind in kinds_of(counts)))


def kinds_of(counts: dict[str, int]) -> list[str]:
    return [kind for kind, count in counts.items() for _ in range(count)]


async def woken(kind: str, stream: Stream) -> None:
    """The message that arrived comes out of this connection, whatever its framing."""
    await stream[0].readuntil(b'"unread":1' if kind != "long-poll" else b"200 OK")


@pytest.mark.parametrize(
    ("server", "counts"),
    [("uvicorn", FEW), *(pytest.param(server, MANY, marks=pytest.mark.soak) for server in ("daphne", "uvicorn"))],
    ids=["uvicorn", "daphne-many", "uvicorn-many"],
)
async def test_held_connections_hold_no_thread_and_no_database_connection(
    start_site: StartSite, server: str, counts: dict[str, int]
) -> None:
    site = start_site(server=server, database="postgres", PUSH_MAX_CONNECTIONS_PER_USER=5000, PUSH_RESYNC_SECONDS=5)
    few = await open_all(site, dict.fromkeys(counts, 1))
    before = await held(site)
    many = await open_all(site, counts)
    try:
        after = await held(site)
        assert after["threads"] <= before["threads"] + POOL
        assert after["connections"] <= before["connections"] + POOL
        await asyncio.to_thread(site.call, "send", "comment", ["bob"], actor="alice", target_title="Tea")
        async with asyncio.timeout(20):
            await asyncio.gather(*map(woken, kinds_of(counts), many))
    finally:
        for _reader, writer in (*few, *many):
            writer.close()

    async def nothing_left() -> bool:
        return (await asyncio.to_thread(site.call, "counts"))["tasks"] <= TASKS

    await eventually(nothing_left, what="tasks of closed connections to end")
