"""The lobby in uvicorn: the phase of a connection is looked up wherever it can change."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any

from .. import conf
from ..wire import internals
from .holding import Front, IsHeld
from .lobby import LAST_BYTES_SECONDS, Phase, lobby

logger = logging.getLogger(__name__)

MAX_HEAD_BYTES = 64 * 1024
NO_LIMIT = float("inf")

Receive = Callable[[Any, bytes], None]  # of a server's protocol


class UvicornGuest:
    def __init__(self, protocol: Any, transport: Any, receive: Receive, is_held: IsHeld) -> None:
        self._protocol, self._transport = protocol, transport
        self._receive = receive
        self.front = Front(self._pass_on, transport.abort, is_held)
        self._phase = Phase.HEAD
        self.received = 0  # bytes since the parser last gave something to an application

    def receive(self, data: bytes) -> None:
        """Bytes from the client."""
        (self._pass_on if self.front.passed else self.front.receive)(data)

    def _pass_on(self, data: bytes) -> None:
        self.received += len(data)
        self._receive(self._protocol, data)
        self.look()
        self.drop_if_endless()

    def look(self) -> None:
        """Look up the phase after an event."""
        if self._transport.get_protocol() is not self._protocol:  # a WebSocket
            forget(self._protocol)
            return
        before, self._phase = self._phase, self._find_phase()
        if self._phase is not before:
            self.received = 0
        lobby().move(self, self._phase)

    def drop_if_endless(self) -> None:
        """Close a connection that sends more than a head may have, or a body after its answer."""
        if self.received > self.most():
            logger.warning("Dropped a connection that sent a request without an end")
            self._transport.abort()

    def most(self) -> float:
        """Bytes that may be received in this phase."""
        return conf.max_body_bytes() or NO_LIMIT if self._phase is Phase.BODY else NO_LIMIT

    def drop(self) -> None:
        self._transport.close()
        asyncio.get_running_loop().call_later(LAST_BYTES_SECONDS, self._transport.abort)

    def is_busy(self) -> bool:
        cycle = self._protocol.cycle
        return cycle is not None and not cycle.response_complete

    def unfinished(self) -> Phase | None:
        """HEAD or BODY, if one has come in part."""
        raise NotImplementedError

    def _find_phase(self) -> Phase:
        if self.is_busy():
            return Phase.BUSY
        if unfinished := self.unfinished():
            return unfinished
        # uvicorn starts this timer after an answer, and any byte ends it: nothing has come since.
        return Phase.HEAD if self._protocol.timeout_keep_alive_task is None else Phase.IDLE


class H11Guest(UvicornGuest):
    """h11 limits heads and trailers itself."""

    def unfinished(self) -> Phase | None:
        from h11 import SEND_BODY

        if self._protocol.conn.their_state is SEND_BODY:
            return Phase.BODY
        return Phase.HEAD if self._protocol.conn.trailing_data[0] else None


class HttpToolsGuest(UvicornGuest):
    """httptools limits neither heads nor trailers, and keeps all of them."""

    reading: Phase | None = None

    def unfinished(self) -> Phase | None:
        return self.reading

    def most(self) -> float:
        return super().most() if self._phase is Phase.BODY else MAX_HEAD_BYTES


_guests: dict[Any, UvicornGuest] = {}  # by protocol


def forget(protocol: Any) -> None:
    if guest := _guests.pop(protocol, None):
        lobby().leave(guest)


def watch(is_held: IsHeld) -> None:
    for module, name, kind in (
        (internals.HTTPTOOLS, "HttpToolsProtocol", HttpToolsGuest),
        (internals.H11, "H11Protocol", H11Guest),
    ):
        with suppress(ImportError):  # httptools is optional
            protocol_class: Any = getattr(import_module(module), name)
            if not internals.lacks(module) and not hasattr(protocol_class.connection_made, "__wrapped__"):
                _watch_connections(protocol_class, kind, is_held)
                if kind is HttpToolsGuest:
                    _watch_parser(protocol_class)


def _watch_connections(protocol_class: Any, kind: type[UvicornGuest], is_held: IsHeld) -> None:
    made, received = protocol_class.connection_made, protocol_class.data_received
    answered, lost = protocol_class.on_response_complete, protocol_class.connection_lost

    @wraps(made)
    def connection_made(self: Any, transport: Any) -> None:
        made(self, transport)
        _guests[self] = guest = kind(self, transport, received, is_held)
        lobby().enter(guest)

    @wraps(received)
    def data_received(self: Any, data: bytes) -> None:
        if guest := _guests.get(self):
            guest.receive(data)
        else:
            received(self, data)

    @wraps(answered)
    def on_response_complete(self: Any) -> None:
        answered(self)
        if guest := _guests.get(self):
            guest.look()

    @wraps(lost)
    def connection_lost(self: Any, error: Exception | None) -> None:
        if guest := _guests.get(self):
            guest.front.lost()
        forget(self)
        lost(self, error)

    protocol_class.connection_made, protocol_class.data_received = connection_made, data_received
    protocol_class.on_response_complete, protocol_class.connection_lost = on_response_complete, connection_lost


def _watch_parser(protocol_class: Any) -> None:
    """Add callbacks to httptools that say what it is reading."""
    for name, reading in (
        ("on_message_begin", Phase.HEAD),
        ("on_headers_complete", Phase.BODY),
        ("on_message_complete", None),
    ):
        setattr(protocol_class, name, _noting(getattr(protocol_class, name), reading))
    body = protocol_class.on_body

    @wraps(body)
    def on_body(self: Any, data: bytes) -> None:
        body(self, data)
        if (guest := _guests.get(self)) and guest.is_busy():  # else nobody is given it
            guest.received = 0

    protocol_class.on_body = on_body


def _noting(happened: Callable[[Any], None], reading: Phase | None) -> Callable[[Any], None]:
    @wraps(happened)
    def noting(self: Any) -> None:
        happened(self)
        guest = _guests.get(self)
        if isinstance(guest, HttpToolsGuest):
            guest.reading, guest.received = reading, 0

    return noting
