"""Connections that have not asked for anything yet: how long they may wait, and who goes when descriptors run out.

uvicorn waits for a request without limit, and daphne reads a body of any size before it calls an application. Neither
has a hook, so their classes are given one here: uvicorn's protocols where a connection is made, daphne's factory where
it builds one. What a server lacks is said in the log (internals.py) and not limited; a proxy in front should be.

A connection that brings no request within `PUSH_REQUEST_SECONDS` is dropped. The last descriptors of the process are
kept for its database: when the others are used up, connections without a request go, the longest waiting first.
"""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any, Protocol

from . import conf, internals

logger = logging.getLogger(__name__)

UVICORN = {
    "uvicorn.protocols.http.httptools_impl": "HttpToolsProtocol",
    "uvicorn.protocols.http.h11_impl": "H11Protocol",
}
MAX_HEAD_BYTES = 64 * 1024
KEPT = 64  # descriptors for the database and files; of small limits an eighth
SAY_EVERY = 10.0  # seconds
LAST_BYTES_SECONDS = 5.0  # for an answer that is still on its way to a connection that is dropped
TICK = 1.0


class Guest(Protocol):
    """A connection, as each server knows it."""

    def gone(self) -> bool:
        """It has ended, or has become a WebSocket."""

    def request(self) -> tuple[object, bool]:
        """The request that came last, and whether it is still being received or answered."""

    def drop(self) -> None:
        """Without a word."""


class Lobby:
    """The connections of one event loop, in the order in which they are to be looked at."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._guests: deque[tuple[float, Guest, object]] = deque()  # looked at when, who, the last request then
        self._timer: asyncio.TimerHandle | None = None
        self._making_room = False
        self._said = -SAY_EVERY

    def enter(self, guest: Guest) -> None:
        """A new connection."""
        self._guests.append((self.loop.time(), guest, None))
        self._timer = self._timer or self.loop.call_later(TICK, self._tick)
        if not self._making_room and lacking_descriptors():
            self._making_room = True  # once, when all who have come together are here: closing takes a turn of the loop
            self.loop.call_soon(self._make_room)

    def _tick(self) -> None:
        seconds = conf.request_seconds() or 3600  # 0: only those who have ended are to be forgotten
        while self._guests and self._guests[0][0] + seconds <= self.loop.time():
            try:
                self._look_at(*self._guests.popleft()[1:])
            except Exception:  # of one connection, which is not looked at again; the others are
                logger.exception("A waiting connection could not be looked at")
        self._timer = self.loop.call_later(TICK, self._tick) if self._guests else None

    def _look_at(self, guest: Guest, before: object) -> None:
        """Drop it if it was idle the last time and no request has come since."""
        if guest.gone():
            return
        last, busy = guest.request()
        if last is before and not busy and conf.request_seconds():
            guest.drop()
            return
        self._guests.append((self.loop.time(), guest, last if not busy else object()))

    def _make_room(self) -> None:
        """Drop as many as are needed of those without a request, the longest waiting first."""
        self._making_room = False
        lacking = lacking_descriptors()
        if lacking and self.loop.time() - self._said >= SAY_EVERY:
            self._said = self.loop.time()
            what = "Out of file descriptors (%d): waiting connections are dropped. Raise ulimit -n."
            logger.error(what, descriptor_limit())
        for _ in range(len(self._guests)):
            if not lacking:
                return
            at, guest, before = self._guests.popleft()
            if guest.gone():
                continue
            if guest.request()[1]:
                self._guests.append((at, guest, before))
            else:
                guest.drop()
                lacking -= 1


def descriptor_limit() -> int:
    """The soft limit of open files."""
    try:
        from resource import RLIMIT_NOFILE, getrlimit
    except ImportError:  # Windows
        return sys.maxsize
    return getrlimit(RLIMIT_NOFILE)[0]


def lacking_descriptors() -> int:
    """How many of those that are kept are in use: the kernel always gives the lowest free one."""
    limit = descriptor_limit()
    kept = min(KEPT, limit // 8)
    try:
        free = os.dup(2)
    except OSError:
        return kept
    os.close(free)
    return max(0, free - (limit - kept) + 1)


_lobbies: dict[asyncio.AbstractEventLoop, Lobby] = {}


def lobby() -> Lobby:
    """That of the running event loop; servers have one."""
    loop = asyncio.get_running_loop()
    if loop not in _lobbies:
        _lobbies.clear()
        _lobbies[loop] = Lobby(loop)
    return _lobbies[loop]


class UvicornGuest:
    def __init__(self, protocol: Any, transport: Any) -> None:
        self._protocol, self._transport = protocol, transport

    def gone(self) -> bool:
        return self._transport.is_closing() or self._transport.get_protocol() is not self._protocol

    def request(self) -> tuple[object, bool]:
        cycle = self._protocol.cycle
        return cycle, cycle is not None and not cycle.response_complete

    def drop(self) -> None:
        self._transport.close()
        lobby().loop.call_later(LAST_BYTES_SECONDS, self._transport.abort)


def watch() -> None:
    """Give the servers of this process their hooks. Once; called before they accept connections."""
    if "uvicorn" in sys.modules:
        for module, name in UVICORN.items():
            with suppress(ImportError):  # httptools is optional
                protocol_class = getattr(import_module(module), name)
                if not internals.lacks(module):
                    _watch_uvicorn(protocol_class)
    if "daphne.server" in sys.modules and not internals.lacks("daphne.http_protocol", "twisted.web.http"):
        from . import newcomers_daphne

        newcomers_daphne.watch()
    internals.warn()


def _watch_uvicorn(protocol_class: Any) -> None:
    made: Callable[..., None] = protocol_class.connection_made
    if hasattr(made, "__wrapped__"):
        return

    @wraps(made)
    def connection_made(self: Any, transport: Any) -> None:
        made(self, transport)
        lobby().enter(UvicornGuest(self, transport))

    received: Callable[[Any, bytes], None] = protocol_class.data_received

    @wraps(received)
    def data_received(self: Any, data: bytes) -> None:
        before = self.cycle
        received(self, data)
        self.unread_bytes = len(data) + (getattr(self, "unread_bytes", 0) if self.cycle is before else 0)
        busy = self.cycle is not None and not self.cycle.response_complete
        if self.unread_bytes > _most_bytes(busy):
            logger.warning("Dropped a connection that sent a request without an end")
            self.transport.abort()

    protocol_class.connection_made, protocol_class.data_received = connection_made, data_received


def _most_bytes(busy: bool) -> float:
    """That a client may send as a head, or as the body of the request that is being received.

    httptools limits neither heads nor trailers, and keeps all of them.
    """
    most = conf.max_body_bytes()
    if not busy:
        return MAX_HEAD_BYTES
    return 2 * most + MAX_HEAD_BYTES if most else float("inf")
