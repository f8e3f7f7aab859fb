"""Streams over HTTP: SSE by httpx-sse, and the forever-frame."""

import json
import re
from collections import deque
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import httpx
import httpx_sse

from tests.clients.base import Client, Ended, Refused, Snapshot


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
