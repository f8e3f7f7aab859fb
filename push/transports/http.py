"""What the held HTTP transports share: through the gate, into the hub, and wait until the client goes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inbox.http.preconditions import SAFE

from .. import gate, hub, logs
from ..conf import MAX_FRAME_BYTES
from ..gate import Scope, Visitor, cors, holding, openings
from ..gate.shutouts import ShutOut
from ..hub.connection import Connection
from ..refusals import ALLOW, BAD_METHOD, BROKEN, UPGRADE_REQUIRED, Refusal, Refused
from ..wire import Wire, wire
from ..wire.servers import Message, Receive, Send, bound


class HttpConnection(Connection):
    """An HTTP response that is not finished."""

    __slots__ = ("headers", "is_head", "started")

    def __init__(self, wire: Wire, visitor: Visitor) -> None:
        super().__init__(wire, visitor.credential, visitor.language, visitor.names_language)
        self.started = False
        self.is_head = visitor.request.method == "HEAD"
        self.headers = own_headers(visitor.request.scope)

    def begin(self, message: Message) -> None:
        """Write the head of the answer."""
        self.started = True
        self.wire.write(cors.with_headers(message, self.headers) if self.headers else message)

    def begin_stream(self, message: Message) -> bool:
        """Write the head of a stream. False: that was all, a HEAD was asked for (RFC 9110, 9.3.2)."""
        self.begin(message)
        if self.is_head:
            self.wire.write({"type": "http.response.body", "body": b""})
            self.leave_hub()
        return not self.is_head

    def refuse(self, refusal: Refusal) -> None:
        """A problem document; once the stream has begun there is only its end."""
        self.refusal = refusal
        if self.started:
            self.wire.write({"type": "http.response.body", "body": b""})
            return
        self.answer(refusal.messages(self.language))

    def answer(self, messages: Sequence[Message]) -> None:
        """Write a whole answer: its head and its body."""
        head, *rest = messages
        self.begin(head)
        for message in rest:
            self.wire.write(message)


async def hold(scope: Scope, receive: Receive, send: Send, make: Callable[[Wire, Visitor], HttpConnection]) -> None:
    """Serve one connection: everything it is sent is written by the hub."""
    if scope["method"] == "OPTIONS":
        await answer_options(scope, send)
        return
    try:
        connection = _connect(scope, send, make)
        if isinstance(connection, ShutOut):
            await _refuse_later(scope, receive, send, connection)
            return
        bound(send)
        hub.current().join(connection)
    except Refused as refused:
        await _refuse(scope, send, refused.refusal)
        return
    except Exception:  # noqa: BLE001 (logged and signalled by the gate)
        gate.log_exception(scope)
        await _answer(scope, send, BROKEN)
        return
    await _until_gone(receive, connection)
    if connection.refusal is not None and connection.sent < 0:
        gate.log_refusal(scope, connection.refusal)


def _connect(scope: Scope, send: Send, make: Callable[[Wire, Visitor], HttpConnection]) -> HttpConnection | ShutOut:
    """Raises `Refused`. The visitor's request takes 4 kB: it is not kept for as long as the connection lasts."""
    visitor = gate.admit(scope)
    shut_out = openings.count(visitor.credential)
    return make(wire(send), visitor) if shut_out is None else shut_out


async def _until_gone(receive: Receive, connection: HttpConnection) -> None:
    try:
        received = 0
        while (message := await receive())["type"] != "http.disconnect":
            received += len(message.get("body", b""))
            if received > MAX_FRAME_BYTES:  # nobody asks for a stream with a body
                connection.wire.abort()
    except asyncio.CancelledError:  # daphne cancels what is open when it stops
        connection.restart_if_held()
        raise
    finally:
        connection.leave_hub()


async def _refuse_later(scope: Scope, receive: Receive, send: Send, shut_out: ShutOut) -> None:
    if await holding.hold(shut_out, receive, wire(send).abort):
        await _refuse(scope, send, shut_out.refusal())


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    gate.log_refusal(scope, refusal)
    await _answer(scope, send, refusal)


async def answer_options(scope: Scope, send: Send) -> None:
    """What may be asked for here (RFC 9110, 9.3.7). A page of another origin gets its preflight before this."""
    await send({"type": "http.response.start", "status": 204, "headers": [ALLOW, *own_headers(scope)]})
    await send({"type": "http.response.body", "body": b""})


async def demand_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """The address of the WebSocket, asked for in plain HTTP."""
    if scope["method"] == "OPTIONS":
        await answer_options(scope, send)
    else:
        await _refuse(scope, send, UPGRADE_REQUIRED if scope["method"] in SAFE else BAD_METHOD)


async def _answer(scope: Scope, send: Send, refusal: Refusal) -> None:
    headers = own_headers(scope)
    for message in refusal.messages("en"):
        await send(cors.with_headers(message, headers))


def own_headers(scope: Mapping[str, Any]) -> cors.Headers:
    """What every answer carries: the request's id, and what a page of another origin is granted."""
    its_id = logs.request_id.get()
    return (*cors.grants(scope), (b"x-request-id", its_id.encode())) if its_id else cors.grants(scope)
