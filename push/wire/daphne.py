"""Wires of daphne. Twisted has no public name for what a transport buffers (`_isSendBufferFull` asks for 64 KiB)."""

from functools import cache
from typing import Any

from . import internals
from .base import ROOM, Gone, Wire
from .servers import Send, is_of

AUTOBAHN_OPEN = 3  # the state of autobahn in which messages may be sent
BUFFERS = ("twisted.internet.abstract", "twisted.internet.tcp")


class TwistedWire(Wire):
    """daphne, on a plain socket."""

    __slots__ = ("_protocol", "_transport")

    def __init__(self, send: Send, transport: Any, protocol: Any) -> None:
        super().__init__(send)
        self._transport = transport
        self._protocol = protocol

    def _write_frame(self, frame: bytes) -> bool:
        if self._protocol.state != AUTOBAHN_OPEN:
            return False
        self._transport.write(frame)
        return True

    def idle(self) -> bool:
        return self._pending is None and not self._waiting_bytes()

    def has_room(self) -> bool:
        return self._pending is None and self._waiting_bytes() < ROOM

    def _waiting_bytes(self) -> int:
        fd = self._transport
        return int(fd._tempDataLen + len(fd.dataBuffer) - fd.offset)

    def close(self, code: int, reason: str) -> None:
        """autobahn lets applications close with 1000 and 3000 to 4999 only; 1009, 1011 and 1012 are ours to say too."""
        try:
            self._protocol.sendCloseFrame(code=code, reasonUtf8=reason.encode(), isReply=False)
        except Exception as error:  # it raises `Exception` itself
            raise Gone from error

    def hold_input(self, hold: bool) -> None:
        (self._transport.pauseProducing if hold else self._transport.resumeProducing)()

    def abort(self) -> None:
        super().abort()
        self._transport.abortConnection()


@cache
def is_supported() -> bool:
    """Whether this version of Twisted has what `TwistedWire` uses."""
    return not internals.lacks(*BUFFERS)


def wire_of(send: Send, protocol: Any) -> Wire | None:
    """The wire of a connection of daphne; None if it is none, of a version that lacks what we use, or encrypted."""
    if not is_of(protocol, "daphne") or not is_supported():
        return None
    if not is_of(protocol.transport, BUFFERS[1]):
        return None
    return TwistedWire(send, protocol.transport, protocol)
