"""What a hub does once a second, independent of nudges: resync, keep-alives, lagging connections, periodic jobs."""

from collections.abc import Callable
from functools import partial

from inbox.core.isolation import attempt

from .. import periodic
from ..conf import KEEP_ALIVE_SECONDS, resync_seconds
from .connection import Sink
from .delivery import Delivery
from .errands import Errands
from .pending import Work
from .registry import Registry

TICK = 1.0  # seconds
RECOUNT = 250  # users whose counts are read again per tick; of the rest only versions


class Ring:
    """Connections spread evenly over `size` ticks: each turn of the wheel gives the next slice."""

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


class Clock:
    """The clock of a hub. `wake` is called when there is something to read."""

    def __init__(
        self, registry: Registry, work: Work, delivery: Delivery, errands: Errands, wake: Callable[[], None]
    ) -> None:
        self._work, self._delivery, self._errands, self._wake = work, delivery, errands, wake
        self._resync = Ring(max(1, round(resync_seconds() / TICK)))
        self._alive = Ring(round(KEEP_ALIVE_SECONDS / TICK))
        self._ticks = 0
        registry.on_removal(self._discard)

    def add(self, sink: Sink) -> None:
        self._resync.add(sink)
        if sink.keeps_alive:
            self._alive.add(sink)

    def tick(self) -> None:
        """Everything that is due this second. Waits for nothing."""
        self._ticks += 1
        attempt("The resync of the hub", self._resync_slice)
        attempt("Writing to lagging clients", self._delivery.flush_lagging)
        attempt("Keeping connections alive", self._keep_slice_alive)
        attempt("The periodic jobs of the hub", self._start_jobs)

    def _discard(self, sink: Sink) -> None:
        self._resync.discard(sink)
        self._alive.discard(sink)

    def _resync_slice(self) -> None:
        sinks = [sink for sink in self._resync.turn() if sink.user is not None]
        self._work.checking.update(dict.fromkeys(sinks))
        users = list(dict.fromkeys(sink.user for sink in sinks if sink.user is not None))
        self._work.look_at(users[:RECOUNT])
        self._work.compare.update(dict.fromkeys(users[RECOUNT:]))
        for sink in sinks:
            self._delivery.deliver(sink, sink.wire.idle)  # answers to a flood of pings fill it as well
        if sinks:
            self._wake()

    def _keep_slice_alive(self) -> None:
        for sink in self._alive.turn():
            self._delivery.deliver(sink, partial(_keep_alive, sink))

    def _start_jobs(self) -> None:
        for name, run in periodic.due_in_hub(self._ticks):
            self._errands.start_unless_running(name, run)


def _keep_alive(sink: Sink) -> bool:
    if sink.user is None or sink.sent < 0:
        return True
    if not sink.wire.idle():
        return False
    sink.keep_alive()
    return True
