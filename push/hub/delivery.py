"""Writing to connections. One that fails ends alone; one that is busy gets the newest state later, or is dropped."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto

from ..conf import LAG_SECONDS
from ..refusals import BROKEN, Refusal
from ..wire import Gone
from .connection import Connection
from .registry import Registry

logger = logging.getLogger(__name__)

RETRY = 0.02  # seconds after which a busy connection is tried again; later with every tick of the clock


class Outcome(Enum):
    """What became of a write."""

    SENT = auto()
    BUSY = auto()  # its buffer is not empty: it is tried again
    GONE = auto()  # the connection has ended, or a frame could not be made


class Delivery:
    """Writes to the connections of a registry."""

    def __init__(self, registry: Registry, loop: asyncio.AbstractEventLoop) -> None:
        self._registry = registry
        self._loop = loop
        self._lagging: dict[Connection, float] = {}  # since when they have been busy
        self._retry: asyncio.TimerHandle | None = None
        registry.on_removal(self._forget)

    def deliver(self, connection: Connection, write: Callable[[], object]) -> Outcome:
        """Let a connection write. `write` returns False if the connection is busy. Never raises."""
        try:
            if write() is not False:
                return Outcome.SENT
        except Gone:
            self._registry.remove(connection)
            connection.wire.abort()  # in case the server thinks otherwise
            return Outcome.GONE
        except Exception:  # noqa: BLE001 (logged there)
            self._end_broken(connection)
            return Outcome.GONE
        self._lagging.setdefault(connection, self._loop.time())
        if self._retry is None:
            self._retry = self._loop.call_later(RETRY, self._retry_once)
        return Outcome.BUSY

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """End a connection and say why."""
        self.dismiss(connection, lambda: connection.refuse(refusal))

    def dismiss(self, connection: Connection, farewell: Callable[[], object]) -> None:
        """End a connection with these last words, for which it has `LAG_SECONDS`."""
        self.write_last(connection, farewell)
        if not connection.wire.idle():
            self._loop.call_later(LAG_SECONDS, connection.wire.abort_if_busy)

    def write_last(self, connection: Connection, farewell: Callable[[], object]) -> None:
        """End a connection with these last words."""
        self._registry.remove(connection)
        try:
            farewell()
        except Gone:
            connection.wire.abort()
        except Exception:  # noqa: BLE001 (logged there)
            self._end_broken(connection)

    def flush_lagging(self) -> None:
        """Write what the idle ones wait for; drop those that have been busy for `LAG_SECONDS`."""
        late = self._loop.time() - LAG_SECONDS
        for connection, since in list(self._lagging.items()):
            if self.deliver(connection, connection.flush) is not Outcome.BUSY:
                self._lagging.pop(connection, None)
            elif since < late:
                logger.info("Dropped a client of user %s that stopped reading", connection.user)
                connection.tally.dropped += 1
                connection.wire.abort()
                self._registry.remove(connection)

    def stop(self) -> None:
        if self._retry is not None:
            self._retry.cancel()

    def _retry_once(self) -> None:
        self._retry = None
        self.flush_lagging()

    def _forget(self, connection: Connection) -> None:
        """A connection was removed: drop what it holds elsewhere. An error there is that library's, not the hub's."""
        self._lagging.pop(connection, None)
        try:
            connection.left()
        except Exception:
            logger.exception("A connection of user %s could not be let go of", connection.user)

    def _end_broken(self, connection: Connection) -> None:
        """Call it while handling the exception: a frame could not be made, which ends this connection only."""
        logger.exception("Could not write to a connection of user %s", connection.user)
        self._registry.remove(connection)
        try:
            connection.refuse(BROKEN)
        except Gone:
            connection.wire.abort()
