"""What the hub does every second, come what may: resync, session checks, keep-alives, lagging clients, sweeps."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from inbox import services
from inbox.core.isolation import attempt

from .. import channels, tasks
from ..conf import KEEP_ALIVE_SECONDS, LAG_SECONDS, resync_seconds
from ..nudges import enqueue
from .connection import Sink

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds
RETRY = 0.02  # seconds after which a wire that was busy is tried again; then with every tick
RECOUNT = 250  # users whose counts are read again per tick; of the rest only versions
PURGE_EVERY = 60  # ticks
FINISH_EVERY = 5  # ticks
RETAIN_EVERY, RETAIN_AT = 3600, 300  # ticks: a site that is up for minutes at a time purges too
RETAIN_BATCHES = 100  # of a thousand rows: a thread is ours for some seconds, and the process can end soon
STALLED = timedelta(seconds=20)  # without progress: no worker, nor its sweep, has come to this send


class Ring:
    """Sinks spread evenly over `size` ticks: each turn of the wheel gives the next slice."""

    def __init__(self, size: int) -> None:
        self._slices: list[set[Sink]] = [set() for _ in range(size)]
        self._turn = 0

    def add(self, sink: Sink) -> None:
        self._slices[sink.number % len(self._slices)].add(sink)

    def discard(self, sink: Sink) -> None:
        self._slices[sink.number % len(self._slices)].discard(sink)

    def turn(self) -> list[Sink]:
        self._turn = (self._turn + 1) % len(self._slices)
        return list(self._slices[self._turn])


class Ticker:
    """The clock of a hub."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._resync = Ring(max(1, round(resync_seconds() / TICK)))
        self._alive = Ring(round(KEEP_ALIVE_SECONDS / TICK))
        self._lagging: dict[Sink, float] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._ticks = 0
        self._sweeping: asyncio.Future[bool] | None = None
        self._finishing: asyncio.Future[bool] | None = None
        self._retaining: asyncio.Future[bool] | None = None

    def add(self, sink: Sink) -> None:
        self._resync.add(sink)
        if sink.keeps_alive:
            self._alive.add(sink)

    def discard(self, sink: Sink) -> None:
        self._resync.discard(sink)
        self._alive.discard(sink)
        self._lagging.pop(sink, None)

    def lagging(self, sink: Sink) -> None:
        """Its wire is busy: try again in a moment (a frame just written may still be leaving), then every tick."""
        self._lagging.setdefault(sink, self._hub.loop.time())
        if self._retry is None:
            self._retry = self._hub.loop.call_later(RETRY, self._retry_lagging)

    def tick(self) -> None:
        """Everything that is due this second. Waits for nothing."""
        self._ticks += 1
        attempt("The resync of the hub", self._resync_slice)
        attempt("Writing to lagging clients", self._flush_lagging)
        attempt("Keeping connections alive", self._keep_slice_alive)
        attempt("The sweep of the hub", self._sweep)

    def stop(self) -> None:
        if self._retry is not None:
            self._retry.cancel()

    def _resync_slice(self) -> None:
        work = self._hub.work
        sinks = [sink for sink in self._resync.turn() if sink.user is not None]
        work.checking.update(dict.fromkeys(sinks))
        users = list(dict.fromkeys(sink.user for sink in sinks if sink.user is not None))
        work.look_at(users[:RECOUNT])
        work.compare.update(dict.fromkeys(users[RECOUNT:]))
        for sink in sinks:
            self._hub.attempt_or_lag(sink, sink.wire.idle)  # answers to a flood of pings fill it as well
        if sinks:
            self._hub.wake()

    def _keep_slice_alive(self) -> None:
        for sink in self._alive.turn():
            self._hub.attempt(sink, partial(self._keep_alive, sink))

    def _keep_alive(self, sink: Sink) -> None:
        if sink.user is None or sink.sent < 0:
            return
        if sink.wire.idle():
            sink.keep_alive()
        else:
            self._lagging.setdefault(sink, self._hub.loop.time())

    def _retry_lagging(self) -> None:
        self._retry = None
        self._flush_lagging()

    def _flush_lagging(self) -> None:
        """Write what the idle ones wait for; drop those who have read nothing for `LAG_SECONDS`."""
        late = self._hub.loop.time() - LAG_SECONDS
        for sink, since in self._still_lagging():
            if since < late:
                logger.info("Dropped a client of user %s that stopped reading", sink.user)
                sink.tally.dropped += 1
                self._hub.attempt(sink, sink.wire.abort)
                self._hub.leave(sink)

    def _still_lagging(self) -> Iterator[tuple[Sink, float]]:
        for sink, since in list(self._lagging.items()):
            if self._hub.attempt(sink, sink.flush):
                self._lagging.pop(sink, None)
            else:
                yield sink, since

    def _sweep(self) -> None:
        """What is due by time (beat does it too, idempotent); not before the last sweep has ended."""
        if self._ticks % channels.sweep_seconds() == 0:
            attempt("The sweep of the outlets", channels.sweep)
        if _is_over(self._sweeping):
            purge = self._ticks % PURGE_EVERY == 0
            self._sweeping = self._hub.errand(_sweep, purge)
        if self._ticks % FINISH_EVERY == 0 and _is_over(self._finishing):
            self._finishing = self._hub.errand(_finish)
        if self._ticks % RETAIN_EVERY == RETAIN_AT and not enqueue.has_broker() and _is_over(self._retaining):
            self._retaining = self._hub.errand(services.purge, most=RETAIN_BATCHES)


def _is_over(errand: "asyncio.Future[bool] | None") -> bool:
    return errand is None or errand.done()


def _finish() -> None:
    attempt("Finishing stalled sends", services.finish_stalled, STALLED)
    attempt("Going on with deleted users", tasks.resume_forgetting)


def _sweep(purge: bool) -> None:
    services.mend(is_due=True)
    if purge:
        services.purge_deleted()
