"""Wires of uvicorn: the transport says what it still buffers, and takes frames that are ready."""

import asyncio
from functools import cache
from typing import Any

from . import internals
from .base import ROOM, Wire
from .servers import Send, is_of

SANS_IO = "uvicorn.protocols.websockets.websockets_sansio_impl"
WEBSOCKETS_OPEN = 1  # the state of `websockets` in which messages may be sent


class AsyncioWire(Wire):
    """uvicorn, on asyncio or uvloop: the transport knows its buffer."""

    __slots__ = ("_transport",)

    def __init__(self, send: Send, transport: asyncio.WriteTransport) -> None:
        super().__init__(send)
        self._transport = transport

    def idle(self) -> bool:
        return self._pending is None and not self._transport.get_write_buffer_size()

    def has_room(self) -> bool:
        return self._pending is None and self._transport.get_write_buffer_size() < ROOM

    def abort(self) -> None:
        super().abort()
        self._transport.abort()


class SocketWire(AsyncioWire):
    """A WebSocket of uvicorn's, in websockets' sans-I/O protocol."""

    __slots__ = ("_protocol",)

    def __init__(self, send: Send, transport: asyncio.WriteTransport, protocol: Any) -> None:
        super().__init__(send, transport)
        self._protocol = protocol

    def _write_frame(self, frame: bytes) -> bool:
        if self._protocol.conn.state != WEBSOCKETS_OPEN or self._transport.is_closing():
            return False
        self._transport.write(frame)
        return True


@cache
def is_supported() -> bool:
    """Whether this version has what `SocketWire` uses."""
    return not internals.lacks(SANS_IO, "websockets.protocol")


def wire_of(send: Send, protocol: Any) -> Wire | None:
    """The wire of a connection of uvicorn; None if it is none, or of a version that lacks what we use."""
    if not is_of(protocol, "uvicorn.protocols"):
        return None
    if not hasattr(protocol.transport, "get_write_buffer_size"):
        return None
    if is_of(protocol, SANS_IO) and is_supported():
        return SocketWire(send, protocol.transport, protocol)
    return AsyncioWire(send, protocol.transport)
