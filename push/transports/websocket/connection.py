"""An accepted WebSocket, as the hub sees it."""

import asyncio
from typing import Any

from ...frames import Update
from ...gate import Visitor
from ...gate.limits import Meter
from ...hub.connection import Connection
from ...hub.counts import tally_of
from ...refusals import Refusal
from ...wire import Wire
from .codecs import Codec


class WebSocketConnection(Connection):
    """An accepted WebSocket, with the codec and the meter of its client."""

    __slots__ = ("codec", "meter", "verified")

    tally = tally_of("websocket")

    def __init__(self, wire: Wire, visitor: Visitor, codec: Codec, meter: Meter) -> None:
        super().__init__(wire, visitor.credential, visitor.language, visitor.names_language)
        self.codec = codec
        self.meter = meter
        self.verified: asyncio.Future[None] | None = None

    def admitted(self) -> None:
        self._settle()
        if self.user is None:
            return
        self.meter.belongs_to(self.user)
        super().admitted()

    def refuse(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self._settle()
        self.wire.close(refusal.close, refusal.code)

    async def until_verified(self) -> None:
        """Wait until the hub has verified the credential, refused it, or let go of this connection."""
        if self.user is None and self.hub is not None and self.hub.holds(self):
            self.verified = self.verified or asyncio.get_running_loop().create_future()
            await self.verified

    def reply(self, document: dict[str, Any]) -> None:
        """Send a pong or an error. It is left out if the client does not read what it is sent.

        A frame that is on its way is no reason to leave it out: the client may wait for the answer.
        """
        if self.wire.has_room():
            self.wire.write(self.codec.dump(document))

    def left(self) -> None:
        self._settle()

    def _write(self, update: Update) -> None:
        self.wire.write(update.frame(self.codec.encode, self.language, self.sent))

    def _settle(self) -> None:
        if self.verified is not None and not self.verified.done():
            self.verified.set_result(None)
