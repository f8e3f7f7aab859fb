"""Writing to connections. One that fails ends alone; one that is busy gets the newest state later, or is dropped."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto

from ..conf import LAG_SECONDS
from ..refusals import BROKEN, Refusal
from ..wire import Gone
from .connection import Sink
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
        self._lagging: dict[Sink, float] = {}  # since when they have been busy
        self._retry: asyncio.TimerHandle | None = None
        registry.on_removal(self._forget)

    def deliver(self, sink: Sink, write: Callable[[], object]) -> Outcome:
        """Let a connection write. `write` returns False if the connection is busy. Never raises."""
        try:
            if write() is not False:
                return Outcome.SENT
        except Gone:
            self._registry.remove(sink)
            sink.wire.abort()  # in case the server thinks otherwise
            return Outcome.GONE
        except Exception:  # noqa: BLE001 (logged there)
            self._end_broken(sink)
            return Outcome.GONE
        self._lagging.setdefault(sink, self._loop.time())
        if self._retry is None:
            self._retry = self._loop.call_later(RETRY, self._retry_once)
        return Outcome.BUSY

    def refuse(self, sink: Sink, refusal: Refusal) -> None:
        """End a connection and say why."""
        self.dismiss(sink, lambda: sink.refuse(refusal))

    def dismiss(self, sink: Sink, farewell: Callable[[], object]) -> None:
        """End a connection with these last words, for which it has `LAG_SECONDS`."""
        self.write_last(sink, farewell)
        if not sink.wire.idle():
            self._loop.call_later(LAG_SECONDS, sink.wire.abort_if_busy)

    def write_last(self, sink: Sink, farewell: Callable[[], object]) -> None:
        """End a connection with these last words."""
        self._registry.remove(sink)
        try:
            farewell()
        except Gone:
            sink.wire.abort()
        except Exception:  # noqa: BLE001 (logged there)
            self._end_broken(sink)

    def flush_lagging(self) -> None:
        """Write what the idle ones wait for; drop those that have been busy for `LAG_SECONDS`."""
        late = self._loop.time() - LAG_SECONDS
        for sink, since in list(self._lagging.items()):
            if self.deliver(sink, sink.flush) is not Outcome.BUSY:
                self._lagging.pop(sink, None)
            elif since < late:
                logger.info("Dropped a client of user %s that stopped reading", sink.user)
                sink.tally.dropped += 1
                sink.wire.abort()
                self._registry.remove(sink)

    def stop(self) -> None:
        if self._retry is not None:
            self._retry.cancel()

    def _retry_once(self) -> None:
        self._retry = None
        self.flush_lagging()

    def _forget(self, sink: Sink) -> None:
        """A connection was removed: drop what it holds elsewhere. An error there is that library's, not the hub's."""
        self._lagging.pop(sink, None)
        try:
            sink.left()
        except Exception:
            logger.exception("A connection of user %s could not be let go of", sink.user)

    def _end_broken(self, sink: Sink) -> None:
        """Call it while handling the exception: a frame could not be made, which ends this connection only."""
        logger.exception("Could not write to a connection of user %s", sink.user)
        self._registry.remove(sink)
        try:
            sink.refuse(BROKEN)
        except Gone:
            sink.wire.abort()
