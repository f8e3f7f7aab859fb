"""The wire of a connection on any ASGI server: what ASGI does not say, such as whether the write buffer is empty.

A frame is written only while the buffer is empty, so `send` cannot block and a slow client costs one slot, not a queue.
"""

import asyncio
import logging
import types
from collections.abc import Awaitable, Generator
from typing import Any

from .servers import Message, Send

logger = logging.getLogger(__name__)

ROOM = 16 * 1024  # bytes; what one small frame and hundreds of pongs take

TEXT, BINARY = 0x81, 0x82  # first byte of a final frame (RFC 6455, 5.2)


class ReadyFrame(dict[str, Any]):
    """An ASGI message for a WebSocket, text or binary, and the bytes it becomes there, made once for all who get it."""

    __slots__ = ("raw",)

    def __init__(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            super().__init__(type="websocket.send", text=payload)
            self.raw = _raw(TEXT, payload.encode())
        else:
            super().__init__(type="websocket.send", bytes=payload)
            self.raw = _raw(BINARY, payload)


class Gone(Exception):
    """The client or the server has closed the connection."""


class Wire:
    """A connection of any ASGI server: idle while no `send` is under way."""

    __slots__ = ("_pending", "_send")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._pending: asyncio.Task[None] | None = None

    def idle(self) -> bool:
        """Everything written so far has left the process."""
        return self._pending is None

    def has_room(self) -> bool:
        """Idle, or with so little on its way (`ROOM`) that a short answer may queue behind it."""
        return self.idle()

    def write(self, message: Message) -> None:
        """Send without waiting; a `send` that must wait goes on in a task. Raises `Gone`."""
        if self._pending is None and type(message) is ReadyFrame and self._write_frame(message.raw):
            return
        if self._pending is not None:
            self._later(_after(self._pending, self._send(message)))
            return
        steps = self._send(message).__await__()
        try:
            waiting = next(steps)
        except StopIteration:
            return
        except Exception as error:  # each server has its own: ClientDisconnected, Disconnected, RuntimeError …
            raise Gone from error
        self._later(_resume(steps, waiting))

    def _write_frame(self, frame: bytes) -> bool:
        """Write a whole WebSocket frame past the server's protocol, which would make it anew; whether that was done.

        A frame may stand between any two messages (RFC 6455, 5.4), compressed or not as its sender likes (RFC 7692, 6).
        """
        return False

    def close(self, code: int, reason: str) -> None:
        """End a WebSocket, in a task of its own: a server may put a timeout on whichever task waits for the answer."""
        closing = self._send({"type": "websocket.close", "code": code, "reason": reason})
        self._later(closing if self._pending is None else _after(self._pending, closing))

    async def flushed(self) -> None:
        """Wait until what was written has been taken by the server."""
        if self._pending is not None:
            await asyncio.wait([self._pending])

    def abort_if_busy(self) -> None:
        """Drop the connection if its last message has not left the process."""
        if not self.idle():
            self.abort()

    def hold_input(self, hold: bool) -> None:
        """Pause or resume reading from the client, on servers that would queue messages without limit."""

    def abort(self) -> None:
        """Drop the connection without waiting for the client."""
        if self._pending is not None:
            self._pending.cancel()

    def _later(self, rest: Awaitable[None]) -> None:
        task = asyncio.ensure_future(rest)
        task.add_done_callback(self._done)
        self._pending = task

    def _done(self, task: "asyncio.Future[None]") -> None:
        if self._pending is task:
            self._pending = None
        if not task.cancelled() and task.exception() is not None:
            logger.debug("A client went while being written to: %r", task.exception())


class UnknownWire(Wire):
    """Any other server: its task is cancelled to drop the connection."""

    __slots__ = ("_holder",)

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._holder = asyncio.current_task()

    def write(self, message: Message) -> None:
        """Always in a task: `send` of an unknown server may block."""
        sending = self._send(message)
        self._later(sending if self._pending is None else _after(self._pending, sending))

    def abort(self) -> None:
        super().abort()
        if self._holder is not None:
            self._holder.cancel()


def _raw(first: int, payload: bytes) -> bytes:
    """RFC 6455, 5.2: final, not masked."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    length = b"\x7e" + size.to_bytes(2, "big") if size < 1 << 16 else b"\x7f" + size.to_bytes(8, "big")
    return bytes((first,)) + length + payload


@types.coroutine
def _resume(steps: Generator[Any, None, None], waiting: Any) -> Generator[Any, None, None]:
    """Go on with a coroutine that was started by hand and waits for `waiting`."""
    yield waiting
    yield from steps


async def _after(pending: "asyncio.Task[None]", rest: Awaitable[None]) -> None:
    await asyncio.wait([pending])
    await rest
