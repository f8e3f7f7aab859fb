"""Connections without a request: how long they may wait, and which are closed when file descriptors run out.

uvicorn waits for a request without limit, and daphne reads a body of any size before it calls an application. Neither
has a hook, so their classes are given some (lobby_uvicorn.py, lobby_daphne.py). What a server lacks is said in
the log (`push/wire/internals.py`) and not limited; a proxy in front should be.

A connection that brings no request within `PUSH_REQUEST_SECONDS` is dropped. One that is idle between two requests is
left to the server, which has a limit for that. The last descriptors of the process are kept for its database: when the
others are used up, connections without a request go, the longest waiting first, then idle ones.
"""

import asyncio
import errno
import logging
import os
import sys
from enum import Enum, auto
from itertools import chain
from typing import Protocol
from weakref import WeakKeyDictionary

from .. import conf
from . import bodies

logger = logging.getLogger(__name__)

KEPT = 64  # descriptors for the database and files; of small limits an eighth
SAY_EVERY = 10.0  # seconds
LAST_BYTES_SECONDS = 5.0  # for an answer that is still on its way to a connection that is dropped
TICK = 1.0


class Phase(Enum):
    """What a connection is doing."""

    HEAD = auto()  # it has sent nothing yet, or a part of a head
    BODY = auto()  # its request has been answered, and it is still sending the body
    BUSY = auto()  # its request is being received (bodies.py limits that) or answered
    IDLE = auto()  # between two requests


class Guest(Protocol):
    """A connection, as each server knows it."""

    received: int  # bytes, in this phase

    def drop(self) -> None:
        """Close it without an answer."""


class Lobby:
    """The connections of one event loop that have no request, each set in the order in which they came to it."""

    def __init__(self) -> None:
        self._waiting: dict[Guest, tuple[Phase, float]] = {}  # HEAD or BODY, since when
        self._idle: dict[Guest, None] = {}
        self._ticking = self._making_room = False
        self._said = -SAY_EVERY

    def __len__(self) -> int:
        return len(self._waiting) + len(self._idle)

    def enter(self, guest: Guest) -> None:
        """A new connection."""
        self.move(guest, Phase.HEAD)
        if not self._making_room and lacking_descriptors():
            self._making_room = True  # once, when all who have come together are here: closing takes a turn of the loop
            asyncio.get_running_loop().call_soon(self._make_room)

    def move(self, guest: Guest, phase: Phase) -> None:
        """Note the phase of a connection. If it is the same as before, its time continues."""
        if phase is self._waiting.get(guest, (None,))[0]:
            return
        self.leave(guest)
        if phase is Phase.IDLE:
            self._idle[guest] = None
        elif phase is not Phase.BUSY:
            self._waiting[guest] = phase, asyncio.get_running_loop().time()
            self._tick_later()

    def leave(self, guest: Guest) -> None:
        """It has ended, or has become a WebSocket."""
        self._waiting.pop(guest, None)
        self._idle.pop(guest, None)

    def _tick_later(self) -> None:
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        if self._waiting:
            self._tick_later()
        if conf.request_seconds():
            self._drop_overdue(asyncio.get_running_loop().time(), conf.request_seconds())

    def _drop_overdue(self, now: float, seconds: int) -> None:
        in_time = {}
        while self._waiting:
            guest, (phase, since) = next(iter(self._waiting.items()))
            if since + seconds > now:
                break
            del self._waiting[guest]
            if phase is Phase.BODY and since + bodies.deadline(guest.received, seconds) > now:
                in_time[guest] = phase, since
            else:
                guest.drop()
        self._waiting |= in_time

    def _make_room(self) -> None:
        """Close as many connections as descriptors are lacking."""
        self._making_room = False
        lacking = lacking_descriptors()
        if lacking:
            self._say_so()
        for guest in [guest for guest, _ in zip(chain(self._waiting, self._idle), range(lacking), strict=False)]:
            self.leave(guest)
            guest.drop()

    def _say_so(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._said >= SAY_EVERY:
            self._said = now
            what = "Out of file descriptors (%d): waiting connections are dropped. Raise ulimit -n."
            logger.error(what, descriptor_limit())


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
        free = os.open(os.devnull, os.O_RDONLY)
    except OSError as error:
        return kept if error.errno in (errno.EMFILE, errno.ENFILE) else 0
    os.close(free)
    return max(0, free - (limit - kept) + 1)


_lobbies: WeakKeyDictionary[asyncio.AbstractEventLoop, Lobby] = WeakKeyDictionary()


def lobby() -> Lobby:
    """The lobby of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _lobbies.get(loop)
    if found is None:
        found = _lobbies[loop] = Lobby()
    return found
