"""What all clients of transports share."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import httpx

from tests.servers import KEPT, Site

Snapshot = dict[str, Any]


def plain_http(site: Site, web: int = 0, **options: Any) -> httpx.AsyncClient:
    """A client of one web process. It loads no certificates of authorities, which takes 60 ms of CPU time each time."""
    return httpx.AsyncClient(base_url=site.url("", web), verify=False, limits=KEPT, **options)


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
    """One connection. `since` is the version to resume from, if any: that of `user`."""

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
        return plain_http(self.site, self.web, cookies=self.cookies, headers=headers, timeout=None)
