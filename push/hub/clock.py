"""What a hub does once a second, independent of nudges: resync, keep-alives, lagging connections, periodic jobs."""

from collections.abc import Callable
from functools import partial

from inbox.core.isolation import attempt

from .. import periodic
from ..conf import KEEP_ALIVE_SECONDS, resync_seconds
from .connection import Connection
from .delivery import Delivery
from .errands import Errands
from .pending import Work
from .registry import Registry

TICK = 1.0  # seconds
RECOUNT = 250  # users whose counts are read again per tick; of the rest only versions


class Ring:
    """Connections spread evenly over `size` ticks: each turn of the wheel gives the next slice."""

    def __init__(self, size: int) -> None:
        self._slices: list[set[Connection]] = [set() for _ in range(size)]
        self._turn = 0

    def add(self, connection: Connection) -> None:
        self._slices[connection.number % len(self._slices)].add(connection)

    def discard(self, connection: Connection) -> None:
        self._slices[connection.number % len(self._slices)].discard(connection)

    def turn(self) -> list[Connection]:
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

    def add(self, connection: Connection) -> None:
        self._resync.add(connection)
        if connection.keeps_alive:
            self._alive.add(connection)

    def tick(self) -> None:
        """Everything that is due this second. Waits for nothing."""
        self._ticks += 1
        attempt("The resync of the hub", self._resync_slice)
        attempt("Writing to lagging clients", self._delivery.flush_lagging)
        attempt("Keeping connections alive", self._keep_slice_alive)
        attempt("The periodic jobs of the hub", self._start_jobs)

    def _discard(self, connection: Connection) -> None:
        self._resync.discard(connection)
        self._alive.discard(connection)

    def _resync_slice(self) -> None:
        connections = [connection for connection in self._resync.turn() if connection.user is not None]
        self._work.checking.update(dict.fromkeys(connections))
        users = list(dict.fromkeys(connection.user for connection in connections if connection.user is not None))
        self._work.look_at(users[:RECOUNT])
        self._work.compare.update(dict.fromkeys(users[RECOUNT:]))
        for connection in connections:
            self._delivery.deliver(connection, connection.wire.idle)  # answers to a flood of pings fill it as well
        if connections:
            self._wake()

    def _keep_slice_alive(self) -> None:
        for connection in self._alive.turn():
            self._delivery.deliver(connection, partial(_keep_alive, connection))

    def _start_jobs(self) -> None:
        for name, run in periodic.due_in_hub(self._ticks):
            self._errands.start_unless_running(name, run)


def _keep_alive(connection: Connection) -> bool:
    if connection.user is None or connection.sent < 0:
        return True
    if not connection.wire.idle():
        return False
    connection.keep_alive()
    return True
