"""Clients of every transport, made of libraries that we did not write, with one interface.

    async with connect("websocket", site, "bob") as client:
        snapshot = await client.until(lambda snapshot: snapshot["unread"] == 3)

`client.seen` holds every snapshot received, in order. A refusal raises `Refused` with the HTTP status or the
WebSocket close code; an end of the stream raises `Ended`.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from html.parser import HTMLParser
from typing import Any, ClassVar

import httpx
import httpx_sse
import msgpack
import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed

from tests.servers import Site

Snapshot = dict[str, Any]


class Refused(Exception):
    """`code` is the HTTP status or the WebSocket close code, `body` what came with it."""

    def __init__(self, code: int | None, body: str = "") -> None:
        super().__init__(f"{code}: {body}")
        self.code, self.body = code, body


class Ended(Exception):
    """The server ended the stream; `code` is the close code of a WebSocket."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(f"ended: {code}")
        self.code = code


class Client:
    """One connection. `since` is the version to resume from, if any."""

    path: ClassVar[str]

    def __init__(
        self,
        site: Site,
        cookies: dict[str, str],
        web: int,
        user: Any = None,
        since: int | None = None,
        ticket: str = "",
    ) -> None:
        self.site, self.cookies, self.web, self.user, self.since = site, cookies, web, user, since
        self.ticket = ticket
        self.seen: list[Snapshot] = []
        self.stack = AsyncExitStack()
        self.reading: asyncio.Future[Snapshot] | None = None

    @property
    def last(self) -> Snapshot:
        return self.seen[-1]

    async def open(self) -> None:
        """Connect; raises Refused."""
        raise NotImplementedError

    async def receive(self) -> Snapshot:
        """The next snapshot; raises Refused or Ended."""
        raise NotImplementedError

    async def next(self, deadline: float = 10) -> Snapshot:
        async with asyncio.timeout(deadline):
            self.seen.append(await self._received())
        return self.last

    async def until(self, true: Callable[[Snapshot], bool], deadline: float = 10) -> Snapshot:
        """The first snapshot of which `true` holds, the last one seen included."""
        async with asyncio.timeout(deadline):
            while not (self.seen and true(self.last)):
                self.seen.append(await self._received())
        return self.last

    async def until_unread(self, count: int, deadline: float = 10) -> Snapshot:
        return await self.until(lambda snapshot: snapshot["unread"] == count, deadline)

    async def _received(self) -> Snapshot:
        """What `receive` brings. A deadline that passes ends the waiting and not the reading: streams would end too."""
        self.reading = self.reading or asyncio.ensure_future(self.receive())
        await asyncio.wait({self.reading})
        reading, self.reading = self.reading, None
        return reading.result()

    async def close(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
            await asyncio.gather(self.reading, return_exceptions=True)

    def http(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.ticket}"} if self.ticket else {}
        url = self.site.url("", self.web)
        return httpx.AsyncClient(base_url=url, cookies=self.cookies, headers=headers, timeout=None)


class WebSocket(Client):
    path = "/push/ws/"
    subprotocol = "reddot.v1.json"
    socket: websockets.asyncio.client.ClientConnection

    async def open(self) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connecting = websockets.asyncio.client.connect(
            self.site.ws_url(self.path, self.web),
            origin=self.site.url("", self.web),  # type: ignore[arg-type]
            subprotocols=self.subprotocols,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie} if cookie else {},
        )
        self.socket = await self.stack.enter_async_context(connecting)

    async def receive(self) -> Snapshot:
        while True:
            frame = await self.frame()
            if frame["type"] == "unread":
                return {key: value for key, value in frame.items() if key != "type"}

    async def frame(self) -> dict[str, Any]:
        """The next frame of any type."""
        try:
            return self.load(await self.socket.recv())
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            raise (Ended if self.seen else Refused)(code) from closed

    async def send(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str | bytes) else self.dump(frame))

    @property
    def subprotocols(self) -> list[str]:
        return [self.subprotocol, *([f"reddot.ticket.{self.ticket}"] if self.ticket else [])]

    def load(self, message: Any) -> Any:
        assert isinstance(message, str)
        return json.loads(message)

    def dump(self, frame: Any) -> Any:
        return json.dumps(frame)


class PackedWebSocket(WebSocket):
    subprotocol = "reddot.v1.msgpack"

    def load(self, message: Any) -> Any:
        assert isinstance(message, bytes)
        return msgpack.unpackb(message)

    def dump(self, frame: Any) -> Any:
        return msgpack.packb(frame)


class EventStream(Client):
    """SSE by httpx-sse; `EventStream` at /push/sse/, its subclass at django-eventstream's own view."""

    path = "/push/sse/"
    events: AsyncIterator[httpx_sse.ServerSentEvent]

    async def open(self) -> None:
        http = await self.stack.enter_async_context(self.http())
        resume = {} if self.since is None else {"Last-Event-ID": f"user-{self.user}:{self.since}"}
        streaming = httpx_sse.aconnect_sse(http, "GET", self.path, headers=resume)
        source = await self.stack.enter_async_context(streaming)
        if source.response.status_code != 200:
            await source.response.aread()
            raise Refused(source.response.status_code, source.response.text)
        self.events = source.aiter_sse()

    async def receive(self) -> Snapshot:
        try:
            async for event in self.events:
                if event.event == "stream-error":
                    raise Refused(json.loads(event.data).get("code"), event.data)
                if event.event == "unread":
                    return json.loads(event.data)  # type: ignore[no-any-return]
        except httpx.HTTPError as broken:
            raise Ended from broken
        raise Ended


class StockEventStream(EventStream):
    path = "/push/events/"


class Frame(Client):
    """The forever-frame: an HTML parser that, as the policy in the head says, runs only scripts with the nonce."""

    path = "/push/iframe/"
    parts: AsyncIterator[str]

    async def open(self) -> None:
        http = await self.stack.enter_async_context(self.http())
        answer = await self.stack.enter_async_context(http.stream("GET", self.path))
        if answer.status_code != 200:
            await answer.aread()
            raise Refused(answer.status_code, answer.text)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        self.scripts = Scripts(answer.headers["Content-Security-Policy"])
        self.parts = answer.aiter_text()

    async def receive(self) -> Snapshot:
        while True:
            while self.scripts.said:
                said = self.scripts.said.popleft()
                if isinstance(said, dict):
                    return said
            try:
                self.scripts.feed(await anext(self.parts))
            except (httpx.HTTPError, StopAsyncIteration) as broken:
                raise Ended from broken


class Scripts(HTMLParser):
    """What the scripts of a document say to the page around it."""

    CALL = re.compile(r"parent\.postMessage\((.*),location\.origin\);document\.currentScript\.remove\(\)")

    def __init__(self, policy: str) -> None:
        super().__init__()
        self.policy = policy
        self.may_run = False
        self.said: deque[Any] = deque()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.may_run = tag == "script" and f"'nonce-{dict(attributes).get('nonce')}'" in self.policy

    def handle_data(self, data: str) -> None:
        if self.may_run and (call := self.CALL.fullmatch(data)):
            self.said.append(json.loads(call[1]))


class LongPoll(Client):
    path = "/push/poll/"
    wait = "wait=25"

    async def open(self) -> None:
        self.client = await self.stack.enter_async_context(self.http())
        self.etag = None if self.since is None else f'"{self.user}-{self.since}"'

    async def receive(self) -> Snapshot:
        while True:
            headers = {"Prefer": self.wait} if self.wait else {}
            try:
                answer = await self.client.get(
                    self.path, headers=headers | ({"If-None-Match": self.etag} if self.etag else {})
                )
            except httpx.HTTPError as broken:
                raise Ended from broken
            if answer.status_code == 200:
                self.etag = answer.headers["ETag"]
                return answer.json()  # type: ignore[no-any-return]
            if answer.status_code != 304:
                raise Refused(answer.status_code, answer.text)
            await self.pause()

    async def pause(self) -> None:
        """Between one poll and the next: none, the server holds the request."""


class ShortPoll(LongPoll):
    """As a page would, but with the interval of an impatient one."""

    wait = ""

    async def pause(self) -> None:
        await asyncio.sleep(0.1)


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
    transport: str, site: Site, name: str = "", *, web: int = 0, since: int | None = None, ticket: str = ""
) -> AsyncIterator[Any]:
    """A client of that transport, closed at the end; signed in as `name` (or nobody), by that ticket if it has one."""
    cookies = await asyncio.to_thread(site.cookies, name) if name and not ticket else {}
    user = (await asyncio.to_thread(site.call, "ids", [name]))[0] if name else None
    client = TRANSPORTS[transport](site, cookies, web, user, since, ticket)
    async with client.stack:
        await client.open()
        client.stack.push_async_callback(client.close)
        yield client
