"""WebSocket (RFC 6455), a Channels consumer through which no message is dispatched twice.

Subprotocols `reddot.v1.json` (also the default) and `reddot.v1.msgpack`: the same messages as text or binary frames.

The socket is accepted first and closed with a code if refused: a browser cannot see why a handshake failed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from inbox import services
from inbox.core.isolation import log_failure
from inbox.core.patience import is_unavailable
from inbox.core.snapshots import MAX_VERSION
from inbox.errors import BadValue, InboxError

from .. import gate, hub
from ..conf import BULK, MAX_FRAME_BYTES
from ..frames import Update
from ..gate import Visitor, shutouts
from ..gate.limits import BYTES_PER_TOKEN, WRITE_COST, Meter
from ..gate.shutouts import ShutOut
from ..hub.connection import Connection
from ..hub.counts import tally_of
from ..refusals import BROKEN, TOO_BIG, TOO_MANY_FRAMES, UNAVAILABLE, Refusal, Refused
from ..wire import Gone, Wire, wire
from ..wire.servers import Message, bound, limit_frames, put_meter
from .codecs import JSON, MSGPACK, Codec, chosen

logger = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 3.0  # for a client that sent too much to read why; then the connection is dropped

MALFORMED = {
    JSON: _("A frame is one JSON object, sent as text."),
    MSGPACK: _("A frame is one MessagePack map, sent as binary."),
}


class BadFrame(InboxError):
    """A frame that cannot be understood; `code` says how."""

    def __init__(self, code: str, detail: Any) -> None:
        super().__init__(str(detail))
        self.code = code


class WebSocketConnection(Connection):
    """An accepted WebSocket."""

    __slots__ = ("codec", "meter", "verified")

    tally = tally_of("websocket")

    def __init__(self, wire: Wire, visitor: Visitor, codec: Codec, meter: Meter) -> None:
        super().__init__(wire, visitor.credential, visitor.language)
        self.codec = codec
        self.meter = meter
        self.verified: asyncio.Future[None] | None = None

    def admitted(self) -> None:
        self._settle()
        if self.user is None:
            return
        self.meter.belongs_to(self.user)
        if self.refusal is None and self.hub is not None and shutouts.extends_to(self.credential, self.user):
            self.hub.refuse(self, TOO_MANY_FRAMES)

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
        """A pong or an error: left out for a client that does not read what it gets.

        Not for one to whom something is just on its way: it may wait for the answer.
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


class Unavailable(InboxError):
    """The database is away, takes no writes, or is busy beyond our patience."""

    code = UNAVAILABLE.code

    def __init__(self) -> None:
        super().__init__(str(UNAVAILABLE.detail))


class UnreadConsumer(AsyncConsumer):
    """Answers what clients say (`FRAMES`); what they are sent unasked is written by the hub."""

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
            self._end(TOO_BIG)
            return
        if not self.metered and not self.meter.charge(1 + size / BYTES_PER_TOKEN):
            return
        try:
            with override(connection.language):
                frame = parse(connection.codec, message)
                await FRAMES[frame["type"]](connection, frame)
        except InboxError as error:
            connection.reply({"type": "error", "code": error.code, "detail": error.detail})

    async def websocket_disconnect(self, message: Message) -> None:
        if self.connection is not None and self.connection.refusal is not None and self.connection.sent < 0:
            gate.log_refusal(self.scope, self.connection.refusal)
        raise StopConsumer

    async def _admit(self) -> Visitor:
        """Before the handshake is answered. Raises `Refused`."""
        visitor = gate.admit(self.scope)
        shut_out = shutouts.of_credential(visitor.credential)
        if shut_out is not None:
            await self._hold(shut_out)
            raise Refused(TOO_MANY_FRAMES)
        return visitor

    async def _hold(self, shut_out: ShutOut) -> None:
        """Keep the client waiting; one too many is hung up on. Raises `StopConsumer` if it is not there any more."""
        if not shut_out.can_hold():
            wire(self.base_send).abort()
            await self._disconnected(LAST_WORDS_SECONDS)
            raise StopConsumer
        with shut_out.holding() as seconds:
            await self._disconnected(seconds)

    async def _disconnected(self, seconds: float) -> None:
        """Wait so long at most. Raises `StopConsumer` if the client goes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "websocket.disconnect":
                    pass
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
            if refusal is not TOO_BIG:
                shutouts.shut_out(self.connection.credential, self.connection.user)
            asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, self.connection.wire.abort)

    def _end(self, refusal: Refusal) -> None:
        if self.connection is not None and self.connection.hub is not None:
            self.connection.hub.refuse(self.connection, refusal)


def parse(codec: Codec, message: Message) -> dict[str, Any]:
    """The frame in a message. Raises `BadFrame`."""
    try:
        frame = codec.load(message)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict):
        raise BadFrame("bad_json", MALFORMED[codec])
    if frame.get("type") not in tuple(FRAMES):
        raise BadFrame("unknown_type", _("Known types of frames: %s.") % ", ".join(FRAMES))
    return frame


async def ping(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    connection.reply({"type": "pong"})


async def sync(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    """Answered with the state of now."""
    if connection.hub is not None:
        connection.hub.ask(connection)


async def mark_read(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    refs = frame.get("refs")
    if not isinstance(refs, list) or len(refs) > BULK or not all(isinstance(ref, str) for ref in refs):
        raise BadValue(str(_("“refs” is a list of at most %d strings.") % BULK))
    await _write(connection, services.mark_read, refs)


async def mark_all_read(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    up_to = frame.get("up_to")
    if not isinstance(up_to, int) or isinstance(up_to, bool) or not 0 <= up_to <= MAX_VERSION:
        raise BadValue(str(_("“up_to” is the version of the list that was shown.")))
    await _write(connection, services.mark_all_read, up_to)


async def _write(connection: WebSocketConnection, service: Callable[..., Any], argument: Any) -> None:
    """Call a service of the inbox for the user; the answer is the state after it."""
    if not connection.meter.charge(WRITE_COST):
        return
    connection.wire.hold_input(True)
    try:
        await connection.until_verified()
        if connection.user is not None and connection.hub is not None and connection.refusal is None:
            await connection.hub.call(service, connection.user, argument)
            connection.hub.ask(connection)
    except Exception as error:
        if not is_unavailable(error):
            raise
        log_failure("A write from a WebSocket")
        raise Unavailable from error
    finally:
        connection.wire.hold_input(False)


def _size(message: Message) -> int:
    """Bytes of a frame's payload; counted only if they can be too many (UTF-8 has at most 4 per character)."""
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if len(text) * 4 <= MAX_FRAME_BYTES else len(text.encode("utf-8", "surrogatepass"))


Frame = Callable[[WebSocketConnection, dict[str, Any]], Awaitable[None]]

# What a client may say.
FRAMES: dict[str, Frame] = {
    "ping": ping,
    "read": mark_read,
    "read_all": mark_all_read,
    "sync": sync,
}

HANDLERS: dict[str, Callable[[UnreadConsumer, Message], Awaitable[None]]] = {
    "websocket.connect": UnreadConsumer.websocket_connect,
    "websocket.receive": UnreadConsumer.websocket_receive,
    "websocket.disconnect": UnreadConsumer.websocket_disconnect,
}

application: Any = UnreadConsumer.as_asgi()
