"""Clients of every transport, made of libraries that we did not write, with one interface.

    async with connect("websocket", site, "bob") as client:
        snapshot = await client.until(lambda snapshot: snapshot["unread"] == 3)

`client.seen` holds every snapshot received, in order. A refusal raises `Refused` with the HTTP status or the
WebSocket close code; an end of the stream raises `Ended`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.clients.base import Client, Ended, Refused, Snapshot, plain_http
from tests.clients.polls import LongPoll, ShortPoll
from tests.clients.sockets import PackedWebSocket, WebSocket
from tests.clients.streams import EventStream, Frame, StockEventStream
from tests.servers import Site

__all__ = ["TRANSPORTS", "Client", "Ended", "Refused", "Snapshot", "connect", "plain_http"]

TRANSPORTS: dict[str, type[Client]] = {
    "websocket": WebSocket,
    "msgpack": PackedWebSocket,
    "sse": EventStream,
    "events": StockEventStream,
    "iframe": Frame,
    "long-poll": LongPoll,
    "short-poll": ShortPoll,
}


@asynccontextmanager
async def connect(
    transport: str,
    site: Site,
    name: str = "",
    *,
    web: int = 0,
    since: int | None = None,
    ticket: str = "",
    session: str = "",
) -> AsyncIterator[Any]:
    """A client of that transport, closed at the end; signed in as `name` (or nobody), by that ticket, in that session
    or in a new one."""
    cookies = {"sessionid": session} if session and not ticket else {}
    if name and not ticket and not session:
        cookies = await asyncio.to_thread(site.cookies, name)
    resumes = name and since is not None
    user = (await asyncio.to_thread(site.call, "ids", [name]))[0] if resumes else None
    client = TRANSPORTS[transport](site, cookies, web, user, since, ticket)
    async with client.stack:
        await client.open()
        client.stack.push_async_callback(client.close)
        yield client
