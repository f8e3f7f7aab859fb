"""The hub of an event loop: turns nudges into frames for the connections that are open here.

Three supervised tasks: the *listener* (`nudges/listener.py`) marks users whom a nudge names as pending work, the
*reader* reads their states in batches and has them delivered, and the *clock* does once a second what must not depend
on anything that can get lost. A hub starts with its first connection and ends after its last.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterable
from contextvars import Context
from functools import partial
from typing import ParamSpec, TypeVar

from inbox import services
from inbox.core.snapshots import UserId

from ..concurrency.supervision import cancel, supervise
from ..concurrency.threads import DatabaseThreads
from ..nudges import bus, listener
from ..nudges.bus import Nudge
from ..refusals import RESTARTING, Refusal
from . import shutdown
from .changes import Changes
from .clock import TICK, Clock
from .connection import Connection
from .delivery import Delivery, Outcome
from .errands import Errands
from .pending import Work
from .reader import Reader
from .recent import Recent
from .registry import Registry

NUDGES_REMEMBERED = 10_000  # ids, of some 60 bytes: more than are on their way at a time

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_hubs: dict[asyncio.AbstractEventLoop, "Hub"] = {}
_hubs_lock = threading.Lock()


def current() -> "Hub":
    """The hub of the running event loop; a new one if it has none."""
    loop = asyncio.get_running_loop()
    with _hubs_lock:
        hub = _hubs.get(loop)
        if hub is None:
            hub = _hubs[loop] = Hub(loop)
            shutdown.watch(stop_all)
    return hub


def nudge_local(nudge: Nudge) -> None:
    """Hand a nudge to every hub of this process, from any thread."""
    with _hubs_lock:
        hubs = list(_hubs.values())
    for hub in hubs:
        hub.call_soon(hub.nudged, nudge)


bus.hear(nudge_local)


def disconnect(user: UserId) -> None:
    """End the connections of a user to this process, so that their clients connect again; from any thread."""
    with _hubs_lock:
        hubs = list(_hubs.values())
    for hub in hubs:
        hub.call_soon(hub.disconnect, user)


class Hub:
    """One per event loop; all its methods but `call_soon` are called on that loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.registry = Registry()
        self.work = Work()
        self.errands = Errands()
        self.changes = Changes(loop)
        self.delivery = Delivery(self.registry, loop)
        self.reader = Reader(self.registry, self.work, self.delivery, self)
        self.clock = Clock(self.registry, self.work, self.delivery, self.errands, self.wake)
        self.registry.on_removal(self.work.forget)
        self.stopping = False
        self._numbers = 0
        self._acted_on = Recent(NUDGES_REMEMBERED)
        self._calls = DatabaseThreads("push-call", 3)
        # In a context of its own: the hub works for nobody's request, least of all for the first client's.
        self._running = Context().run(loop.create_task, self._run(), name="push-hub")

    # For the transports

    def join(self, connection: Connection) -> None:
        """Add a new connection: its credential is verified, and its first state read, with the next read."""
        if self.stopping:
            connection.refuse(RESTARTING)
            return
        self._numbers += 1
        connection.number, connection.hub = self._numbers, self
        self.registry.connections.add(connection)
        self.clock.add(connection)
        self.work.joining[connection] = None
        self.wake()

    def holds(self, connection: Connection) -> bool:
        """Whether the connection is open here."""
        return connection in self.registry.connections

    def leave(self, connection: Connection) -> None:
        """The connection has ended. May be called twice."""
        self.registry.remove(connection)

    def ask(self, connection: Connection) -> None:
        """Send this connection the current state, even if it has it."""
        if connection.user is not None and self.holds(connection):
            self.work.ask(connection.user, connection)
            self.wake()

    def deliver(self, connection: Connection, write: Callable[[], object]) -> Outcome:
        """Let a connection write; see `Delivery`."""
        return self.delivery.deliver(connection, write)

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """End a connection and say why."""
        self.delivery.refuse(connection, refusal)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database work on the hub's threads. Raises what it raises."""
        return await asyncio.wrap_future(self._calls.run(function, *args, **kwargs))

    # For the bus

    def call_soon(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call it on the hub's loop, from any thread. Nothing happens if the loop is closed."""
        try:
            self.loop.call_soon_threadsafe(partial(callback, *args, **kwargs), context=Context())
        except RuntimeError:
            logger.debug("The event loop of a hub is closed")

    def nudged(self, nudge: Nudge) -> None:
        """A nudge whose id has come before was sent after the same commit, which has been read since."""
        if nudge.recheck:
            self.recheck(nudge.users)
            return
        if nudge.id and not self._acted_on.add(nudge.id):
            return
        self.changes.nudged(nudge)
        self.work.nudged()
        if nudge.users is None:
            self.work.everybody(nudge.item)
        else:
            self.work.users(nudge.users, nudge.item)
        self.wake()

    def recheck(self, users: Iterable[UserId] | None) -> None:
        """Credentials of these users, or of anybody, may have ended: check their connections before all else.

        So too the new ones that are being verified: that read may have begun before.
        """
        members = self.registry.members
        for user in members if users is None else users:
            if user in members:
                self.work.recheck(members[user].connections)
        self.work.recheck(self.reader.opening)
        self.wake()

    def wake(self) -> None:
        """There is something to read."""
        self.reader.wake()

    def stop(self) -> None:
        """The server stops: end every connection so that its client connects again; let nobody in."""
        self.stopping = True
        for connection in list(self.registry.connections):
            self.delivery.write_last(connection, connection.restart)

    def disconnect(self, user: UserId) -> None:
        """End one user's connections, as when the server stops."""
        member = self.registry.members.get(user)
        for connection in member.connections if member is not None else ():
            self.delivery.dismiss(connection, connection.restart)

    # For the reader

    def lift(self, version: int) -> None:
        """The database went back to before `version`. Raise the clock above it, then read everybody's state."""
        self._repair(lambda: self.nudged(Nudge(None)), services.raise_clock, version)

    def touch(self, users: Collection[UserId]) -> None:
        """Counts changed without a signal (`update(is_staff=…)`): give the new state a version of its own."""
        self._repair(lambda: self.nudged(Nudge(list(users))), services.touch, list(users))

    def _repair(self, look: Callable[[], None], repair: Callable[..., object], what: object) -> None:
        """Read again once it is repaired. If that fails (a read-only database), or such a repair is still running, the
        next resync finds the fault again."""
        task = self.errands.start_unless_running(repair.__name__, repair, what)
        if task is not None:
            task.add_done_callback(lambda done: look() if not done.cancelled() and done.result() else None)

    # The three tasks

    async def _run(self) -> None:
        helpers = [
            asyncio.ensure_future(supervise("listener", self._listen)),
            asyncio.ensure_future(supervise("reader", self.reader.run)),
        ]
        try:
            await supervise("clock", self._tick)
        finally:
            self._end()
            await cancel([*helpers, *self.errands.running])

    async def _listen(self) -> None:
        """Nudges from before the subscription are lost, so everybody's state is read after it."""
        await listener.listen(self.nudged, lambda: self.nudged(Nudge(None)))

    async def _tick(self) -> None:
        due = self.loop.time()
        while True:
            due = max(due + TICK, self.loop.time())
            await asyncio.sleep(due - self.loop.time())
            if not self.registry.connections:
                return
            self.reader.release_if_quiet()
            self.clock.tick()

    def _end(self) -> None:
        with _hubs_lock:
            if _hubs.get(self.loop) is self:
                del _hubs[self.loop]
        self.changes.stop()
        self.delivery.stop()
        self.reader.stop()
        self._calls.stop()
        self.errands.stop()


def stop_all() -> None:
    """Have every hub of this process end its connections; from any thread, and from a signal handler."""
    for hub in list(_hubs.values()):
        hub.call_soon(hub.stop)


def connections() -> list[Connection]:
    """The connections that the hubs of this process hold; from any thread."""
    return [connection for hub in list(_hubs.values()) for connection in list(hub.registry.connections)]


def connection_count() -> int:
    """How many there are."""
    return len(connections())
