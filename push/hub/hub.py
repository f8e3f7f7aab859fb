"""The hub: who is connected to this event loop, what they last saw; turns nudges into snapshots into frames.

Three supervised tasks. The *reader* (bus.py) puts ids from the bus into the work to do, the *flusher* (flusher.py)
takes it away in batches, reads and writes, the *ticker* (ticks.py) does once a second what must not depend on anything
that can get lost. A hub starts with its first sink and ends after its last.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from contextvars import Context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from inbox import services
from inbox.core.isolation import log_failure
from inbox.core.snapshots import UserId

from ..concurrency.supervision import supervise
from ..concurrency.threads import DatabaseThreads
from ..conf import LAG_SECONDS
from ..frames import Update
from ..nudges import bus, listener
from ..nudges.bus import Nudge
from ..refusals import BROKEN, RESTARTING, Refusal
from ..wire import Gone
from . import shutdown
from .clock import TICK, Ticker
from .connection import Sink
from .pending import Work
from .reader import Flusher
from .recent import Recent
from .registry import Members

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
    """End what this process holds for a user, so that their clients come back; from any thread."""
    with _hubs_lock:
        hubs = list(_hubs.values())
    for hub in hubs:
        hub.call_soon(hub.disconnect, user)


class Hub:
    """One per event loop; all its methods are called on that loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.members = Members()
        self.work = Work()
        self.sinks: set[Sink] = set()
        self.stopping = False
        self._numbers = 0
        self._acted_on = Recent(NUDGES_REMEMBERED)
        self._flusher = Flusher(self)
        self.ticker = Ticker(self)
        self._errands: set[asyncio.Future[bool]] = set()
        self._mends: dict[Callable[..., object], asyncio.Future[bool]] = {}
        self._calls = DatabaseThreads("push-call", 3)
        self._errand_threads = DatabaseThreads("push-errand", 4)  # clients' calls must not wait for a long errand
        # In a context of its own: the hub works for nobody's request, least of all for the first client's.
        self._running = Context().run(loop.create_task, self._run(), name="push-hub")

    # For the transports

    def join(self, sink: Sink) -> None:
        """A new connection: its credential and its first state come with the next read."""
        if self.stopping:
            sink.refuse(RESTARTING)
            return
        self._numbers += 1
        sink.number, sink.hub = self._numbers, self
        self.sinks.add(sink)
        self.ticker.add(sink)
        self.work.joining[sink] = None
        self.wake()

    def leave(self, sink: Sink) -> None:
        """The connection is gone. May be called twice."""
        if sink in self.sinks:
            self.sinks.discard(sink)
            self.members.remove(sink)
            self.work.forget(sink)
            self.ticker.discard(sink)
            self.attempt_left(sink)

    def ask(self, sink: Sink) -> None:
        """Send this connection the state of now, even if it has it."""
        if sink.user is not None and sink in self.sinks:
            self.work.ask(sink.user, sink)
            self.wake()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database work on the hub's threads. Raises what it raises."""
        return await asyncio.wrap_future(self._calls.run(function, *args, **kwargs))

    # For the bus and the ticker

    def call_soon(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """From any thread. A loop that is gone needs no news."""
        try:
            self.loop.call_soon_threadsafe(partial(callback, *args, **kwargs), context=Context())
        except RuntimeError:
            logger.debug("The event loop of a hub is closed")

    def nudged(self, nudge: Nudge) -> None:
        """A nudge with an id that has come before was sent after the same commit, which has been read since."""
        if nudge.recheck:
            self.recheck(nudge.users)
            return
        if nudge.id and not self._acted_on.add(nudge.id):
            return
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
        for user in self.members if users is None else users:
            if user in self.members:
                self.work.recheck(self.members[user].sinks)
        self.work.recheck(self._flusher.opening)
        self.wake()

    def wake(self) -> None:
        """There is something to read."""
        self._flusher.wake()

    def errand(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[bool]":
        """Database work whose failure is logged and whose result nobody waits for; whether it was done."""
        name = getattr(function, "__name__", "unnamed")
        task = asyncio.ensure_future(self._errand(name, partial(function, *args, **kwargs)))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    def offer(self, sink: Sink, update: Update) -> None:
        """Let a sink show an update, or keep it until its wire is idle."""
        try:
            if not sink.offer(update):
                self.ticker.lagging(sink)
        except Gone:
            self._gone(sink)
        except Exception:  # noqa: BLE001 (logged there)
            self._broken(sink)

    def attempt(self, sink: Sink, action: Callable[[], object]) -> bool:
        """Let a sink write. A client that went, or a frame that cannot be made, ends that sink only."""
        try:
            return action() is not False
        except Gone:
            self._gone(sink)
        except Exception:  # noqa: BLE001 (logged there)
            self._broken(sink)
        return True

    def attempt_or_lag(self, sink: Sink, action: Callable[[], object]) -> None:
        """As `attempt`; what the wire is too busy for is tried again soon."""
        if not self.attempt(sink, action):
            self.ticker.lagging(sink)

    def refuse(self, sink: Sink, refusal: Refusal) -> None:
        """End a connection and say why."""
        self._send_off(sink, lambda: sink.refuse(refusal))

    def stop(self) -> None:
        """The server stops: every client is told to come back, nobody new is let in."""
        self.stopping = True
        for sink in list(self.sinks):
            self.leave(sink)
            self.attempt(sink, sink.restart)

    def disconnect(self, user: UserId) -> None:
        """Tell one user's clients to come back, as when the server stops."""
        member = self.members.get(user)
        for sink in member.sinks if member is not None else ():
            self._send_off(sink, sink.restart)

    def attempt_left(self, sink: Sink) -> None:
        """Let a sink drop what it holds elsewhere; trouble there is that library's, not the hub's."""
        try:
            sink.left()
        except Exception:
            logger.exception("A connection of user %s could not be let go of", sink.user)

    def _send_off(self, sink: Sink, farewell: Callable[[], object]) -> None:
        self.leave(sink)
        self.attempt(sink, farewell)
        if not sink.wire.idle():
            self.loop.call_later(LAG_SECONDS, sink.wire.abort_if_busy)

    def _gone(self, sink: Sink) -> None:
        """Nothing can be written there any more. Should the server think otherwise, it is told."""
        self.leave(sink)
        sink.wire.abort()

    def _broken(self, sink: Sink) -> None:
        """Call it while handling the exception: a frame could not be made; that connection pays, no other."""
        logger.exception("Could not write to a connection of user %s", sink.user)
        self.leave(sink)
        try:
            sink.refuse(BROKEN)
        except Gone:
            sink.wire.abort()

    # What the flusher finds out

    def lift(self, version: int) -> None:
        """Rule 8: the database went back to before `version`. Raise the clock above it, then look at everybody."""
        self._then(self.look_at_everybody, services.raise_clock, version)

    def touch(self, users: Iterable[UserId]) -> None:
        """Counts changed behind the signals (`update(is_staff=…)`): give the new state a version of its own."""
        changed = list(users)
        self._then(lambda: self.nudged(Nudge(changed)), services.touch, changed)

    def _then(self, look: Callable[[], None], mend: Callable[..., object], what: object) -> None:
        """Look again once it is mended. If it could not be (a read-only database), or the last such mend is still under
        way, the resync comes back to it."""
        last = self._mends.get(mend)
        if last is not None and not last.done():
            return
        task = self._mends[mend] = self.errand(mend, what)
        task.add_done_callback(lambda _: look() if not task.cancelled() and task.result() else None)

    def look_at_everybody(self) -> None:
        self.nudged(Nudge(None))

    # The three tasks

    async def _run(self) -> None:
        helpers = [
            asyncio.ensure_future(supervise("reader", self._listen)),
            asyncio.ensure_future(supervise("flusher", self._flusher.run)),
        ]
        try:
            await supervise("ticker", self._tick)
        finally:
            self._end()
            tasks: list[asyncio.Future[Any]] = [*helpers, *self._errands]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        """What was nudged before we listened is lost, so look at everybody once we do."""
        await listener.listen(self.nudged, self.look_at_everybody)

    async def _tick(self) -> None:
        due = self.loop.time()
        while True:
            due = max(due + TICK, self.loop.time())
            await asyncio.sleep(due - self.loop.time())
            if not self.sinks:
                return
            self._flusher.release_if_quiet()
            self.ticker.tick()

    def _end(self) -> None:
        with _hubs_lock:
            if _hubs.get(self.loop) is self:
                del _hubs[self.loop]
        self.ticker.stop()
        self._flusher.stop()
        self._calls.stop()
        self._errand_threads.stop()

    async def _errand(self, name: str, work: Callable[[], object]) -> bool:
        try:
            await asyncio.wrap_future(self._errand_threads.run(work))
        except Exception:  # noqa: BLE001 (logged there)
            log_failure(f"An errand of the hub ({name})")
            return False
        return True


def stop_all() -> None:
    """Have every hub of this process send its clients elsewhere; from any thread, and from a signal handler."""
    for hub in list(_hubs.values()):
        hub.call_soon(hub.stop)


def sinks() -> list[Sink]:
    """The connections that the hubs of this process hold; from any thread."""
    return [sink for hub in list(_hubs.values()) for sink in list(hub.sinks)]


def connections() -> int:
    """How many they are."""
    return len(sinks())
