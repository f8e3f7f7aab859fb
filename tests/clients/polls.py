"""Long and short poll by httpx."""

import asyncio

import httpx

from tests.clients.base import Client, Ended, Refused, Snapshot


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
