"""The consumer of a WebSocket: from the handshake to the end. No message is dispatched twice.

The socket is accepted first and closed with a code if refused: a browser cannot see why a handshake failed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.utils.translation import override

from inbox.errors import InboxError

from ... import gate, hub
from ...conf import MAX_FRAME_BYTES
from ...gate import Visitor, holding, openings, shutouts
from ...gate.limits import BYTES_PER_TOKEN, Meter
from ...refusals import BROKEN, TOO_BIG, Refusal, Refused
from ...wire import Gone, wire
from ...wire.servers import Message, bound, limit_frames, put_meter
from . import commands
from .codecs import JSON, Codec, chosen
from .connection import WebSocketConnection

logger = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 3.0  # for a client that sent too much to read why; then the connection is dropped


class UnreadConsumer(AsyncConsumer):
    """Runs the commands of one client; what it is sent unasked is written by the hub."""

    channel_layer_alias: ClassVar[Any] = None
    scope: Any
    base_send: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As in Channels, without its two tasks per connection and its hop to a thread per message."""
        self.scope, self.base_send, self.receive = scope, send, receive
        self.connection: WebSocketConnection | None = None
        self.meter = Meter(self._cut)
        try:
            while True:
                await self.dispatch(await receive())
                await asyncio.sleep(0)  # frames that wait in a queue must not have the loop for themselves
        except StopConsumer:
            pass
        except Gone as gone:  # while it was being answered, or accepted: an ordinary end
            logger.debug("A client of %s has gone: %r", scope["path"], gone.__cause__)
        except asyncio.CancelledError:  # daphne cancels what is open when it stops
            if self.connection is not None:
                self.connection.restart_if_held()
            raise
        except Exception:  # noqa: BLE001 (logged and signalled by the gate)
            gate.log_exception(scope)
            await self._close(BROKEN)
        finally:
            if self.connection is not None:
                self.connection.leave_hub()

    async def dispatch(self, message: Message) -> None:
        await HANDLERS[message["type"]](self, message)

    async def websocket_connect(self, message: Message) -> None:
        codec = chosen(self.scope.get("subprotocols", ()))
        self.metered = put_meter(self.base_send, self.meter.passes)
        try:
            visitor = await self._admit()
        except StopConsumer:
            raise
        except Refused as refused:
            gate.log_refusal(self.scope, refused.refusal)
            await self._accept(codec)
            await self._close(refused.refusal)
        except Exception:
            await self._accept(codec)
            raise
        else:
            await self._accept(codec)
            self.connection = WebSocketConnection(wire(self.base_send), visitor, codec or JSON, self.meter)
            hub.current().join(self.connection)
        if self.meter.exceeded is not None:  # by what came with the handshake
            self._cut(self.meter.exceeded)

    async def websocket_receive(self, message: Message) -> None:
        connection = self.connection
        if connection is None or connection.refusal is not None:
            return
        size = _size(message)
        if size > MAX_FRAME_BYTES:
            self._cut(TOO_BIG)
            return
        if not self.metered and not self.meter.charge(1 + size / BYTES_PER_TOKEN):
            return
        try:
            with override(connection.language):
                await commands.run(connection, message)
        except InboxError as error:
            connection.reply({"type": "error", "code": error.code, "detail": error.detail})

    async def websocket_disconnect(self, message: Message) -> None:
        connection = self.connection
        if connection is not None and connection.refusal is None and message.get("code") == TOO_BIG.close:
            shutouts.shut_out(connection.credential, connection.user)  # the server itself has refused a frame
        if connection is not None and connection.refusal is not None and connection.sent < 0:
            gate.log_refusal(self.scope, connection.refusal)
        raise StopConsumer

    async def _admit(self) -> Visitor:
        """Before the handshake is answered. Raises `Refused`, or `StopConsumer` if the client is gone."""
        visitor = gate.admit(self.scope)
        shut_out = openings.count(visitor.credential)
        if shut_out is None:
            return visitor
        if await holding.hold(shut_out, self.receive, wire(self.base_send).abort):
            raise Refused(shut_out.refusal())
        raise StopConsumer

    async def _accept(self, codec: Codec | None) -> None:
        """Raises `Gone`."""
        try:
            await self.base_send({"type": "websocket.accept", "subprotocol": codec and codec.subprotocol})
        except Exception as error:  # each server has its own
            raise Gone from error
        limit_frames(self.base_send, MAX_FRAME_BYTES)
        bound(self.base_send)

    async def _close(self, refusal: Refusal) -> None:
        """Without the hub, which does not know this connection (any more)."""
        with suppress(Gone):
            last = wire(self.base_send)
            last.close(refusal.close, refusal.code)
            await last.flushed()

    def _cut(self, refusal: Refusal) -> None:
        """Too much was sent: nothing is read any more, so the client cannot answer the close frame."""
        self._end(refusal)
        if self.connection is not None:
            shutouts.shut_out(self.connection.credential, self.connection.user)
            asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, self.connection.wire.abort)

    def _end(self, refusal: Refusal) -> None:
        if self.connection is not None and self.connection.hub is not None:
            self.connection.hub.refuse(self.connection, refusal)


def _size(message: Message) -> int:
    """Bytes of a frame's payload; counted only if they can be too many (UTF-8 has at most 4 per character)."""
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if len(text) * 4 <= MAX_FRAME_BYTES else len(text.encode("utf-8", "surrogatepass"))


HANDLERS: dict[str, Callable[[UnreadConsumer, Message], Awaitable[None]]] = {
    "websocket.connect": UnreadConsumer.websocket_connect,
    "websocket.receive": UnreadConsumer.websocket_receive,
    "websocket.disconnect": UnreadConsumer.websocket_disconnect,
}

application: Any = UnreadConsumer.as_asgi()
