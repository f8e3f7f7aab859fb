"""Streams of django-eventstream's own view, followed by the hub like any other connection.

The hub writes nothing into them: it makes them read the storage again, so what they show never goes back.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from .. import gate, hub
from ..frames import Update
from ..gate.credentials import Credential
from ..hub.connection import Connection
from ..hub.counts import tally_of
from ..refusals import Refusal
from ..wire import Wire
from ..wire.servers import Message
from . import eventstream

EVENT_ID = re.compile(rb"^id: (?:\S*,)?user-[^:,\s]+:(-?\d+)", re.MULTILINE)


async def follow(stream: Any, request: HttpRequest) -> AsyncIterator[bytes]:
    """The library's stream, for as long as the session is valid.

    The hub follows from its first part on: what was committed before the hub's first read is in that read.
    """
    connection = LibraryStream(request)
    try:
        while (part := await _next_part(stream, connection.ended)) is not None:
            yield part
            connection.note(part)
            if connection.hub is None:
                hub.current().join(connection)
    finally:
        connection.leave_hub()


class LibraryStream(Connection):
    """Stands for one stream of the library's view."""

    __slots__ = ("ended", "shown")

    tally = tally_of("events")  # "sent" is how often the library was woken

    def __init__(self, request: HttpRequest) -> None:
        credential = gate.credential_of(request) or Credential("session", "")
        super().__init__(Wire(_nowhere), credential, get_language() or "en")
        self.shown = -1
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @staticmethod
    def encode(update: Update, text: str) -> None:
        return None

    def note(self, part: bytes) -> None:
        """Remember the version the stream has shown: waking it for nothing would lose events of the site."""
        if ids := EVENT_ID.findall(part):
            self.shown = max(self.shown, int(ids[-1]))  # events of the site have the id of no version

    def _write(self, update: Update) -> None:
        if update.version > self.shown:
            eventstream.wake_stock_listeners([eventstream.channel_of(self.user)])

    def refuse(self, refusal: Refusal) -> None:
        self.refusal = refusal
        if not self.ended.done():
            self.ended.set_result(None)


async def _next_part(stream: AsyncIterator[Any], ended: "asyncio.Future[None]") -> Any | None:
    """The next part of the stream; None when it is over."""
    part = asyncio.ensure_future(anext(stream, None))
    try:
        await asyncio.wait({part, ended}, return_when=asyncio.FIRST_COMPLETED)
        return part.result() if part.done() else None
    finally:
        if not part.done():
            part.cancel()


async def _nowhere(message: Message) -> None:
    """The hub writes nothing here."""
