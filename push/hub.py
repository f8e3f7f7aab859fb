"""The hub: who is connected to this event loop, what they last saw; turns nudges into snapshots into frames.

Three supervised tasks. The *reader* puts ids from the bus into the work to do. The *flusher* takes a batch of it and
reads, one query in flight, while it writes what the query before has brought. The *ticker* does once a second what
must not depend on anything that can get lost (ticks.py). A hub starts with its first sink and ends after its last.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from inbox import services
from inbox.items import Item
from inbox.snapshots import Snapshot, UserId

from . import bus, conf
from .bus import Nudge
from .frames import Update
from .members import Members
from .problems import NOT_SIGNED_IN, RESTARTING, TOO_MANY, UNAVAILABLE, Refusal
from .reads import Answer, read
from .sinks import Sink
from .supervise import supervise
from .threads import DatabaseThreads
from .ticks import TICK, Ticker
from .wire import Gone
from .work import Batch, Work

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

YIELD_EVERY = 200  # users written before the other tasks of the loop get their turn: some 4 ms

_hubs: dict[asyncio.AbstractEventLoop, "Hub"] = {}
_hubs_lock = threading.Lock()


def current() -> "Hub":
    """The hub of the running event loop; a new one if it has none."""
    loop = asyncio.get_running_loop()
    with _hubs_lock:
        hub = _hubs.get(loop)
        if hub is None:
            hub = _hubs[loop] = Hub(loop)
    return hub


def nudge_local(nudge: Nudge) -> None:
    """Hand a nudge to every hub of this process, from any thread."""
    with _hubs_lock:
        hubs = list(_hubs.values())
    for hub in hubs:
        hub.call_soon(hub.nudged, nudge)


class Hub:
    """One per event loop; all its methods are called on that loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.members = Members()
        self.work = Work()
        self.sinks: set[Sink] = set()
        self.stopping = False
        self._limit = conf.max_connections_per_user()
        self._numbers = 0
        self._wake = asyncio.Event()
        self._read_before: tuple[Batch, Answer] | None = None
        self._ticker = Ticker(self)
        self._errands: set[asyncio.Future[None]] = set()
        self._reads = DatabaseThreads("push-read", 1)
        self._calls = DatabaseThreads("push-call", 3)
        self._running = loop.create_task(self._run(), name="push-hub")

    # For the transports

    def join(self, sink: Sink) -> None:
        """A new connection: its credential and its first state come with the next read."""
        if self.stopping:
            sink.refuse(RESTARTING)
            return
        self._numbers += 1
        sink.number, sink.hub = self._numbers, self
        self.sinks.add(sink)
        self._ticker.add(sink)
        self.work.joining[sink] = None
        self.wake()

    def leave(self, sink: Sink) -> None:
        """The connection is gone. May be called twice."""
        if sink in self.sinks:
            self.sinks.discard(sink)
            self.members.remove(sink)
            self.work.forget(sink)
            self._ticker.discard(sink)
            sink.left()

    def ask(self, sink: Sink) -> None:
        """Send this connection the state of now, even if it has it."""
        if sink.user is not None:
            self.work.ask(sink.user, sink)
            self.wake()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database work on the hub's threads. Raises what it raises."""
        return await asyncio.wrap_future(self._calls.run(function, *args, **kwargs))

    # For the bus and the ticker

    def call_soon(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """From any thread. A loop that is gone needs no news."""
        try:
            self.loop.call_soon_threadsafe(lambda: callback(*args, **kwargs))
        except RuntimeError:
            logger.debug("The event loop of a hub is closed")

    def nudged(self, nudge: Nudge) -> None:
        if nudge.users is None:
            self.work.everybody(nudge.item)
        else:
            self.work.users(nudge.users, nudge.item)
        self.wake()

    def wake(self) -> None:
        """There is something to read."""
        self._wake.set()

    def errand(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[None]":
        """Database work whose failure is logged and whose result nobody waits for."""
        task = asyncio.ensure_future(self._errand(self.call(function, *args, **kwargs)))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    def attempt(self, sink: Sink, action: Callable[[], object]) -> bool:
        """Let a sink write. A client that went, or a frame that cannot be made, ends that sink only."""
        try:
            return action() is not False
        except Gone:
            self.leave(sink)
        except Exception:
            logger.exception("Could not write to a connection of user %s", sink.user)
            self.leave(sink)
            sink.wire.abort()
        return True

    def attempt_or_lag(self, sink: Sink, action: Callable[[], object]) -> None:
        """As `attempt`; what the wire is too busy for is tried again soon."""
        if not self.attempt(sink, action):
            self._ticker.lagging(sink)

    def refuse(self, sink: Sink, refusal: Refusal) -> None:
        """End a connection and say why."""
        self.leave(sink)
        self.attempt(sink, lambda: sink.refuse(refusal))

    def stop(self) -> None:
        """The server stops: every client is told to come back, nobody new is let in."""
        self.stopping = True
        for sink in list(self.sinks):
            self.leave(sink)
            self.attempt(sink, sink.restart)

    # The three tasks

    async def _run(self) -> None:
        helpers = [
            asyncio.ensure_future(supervise("reader", self._listen)),
            asyncio.ensure_future(supervise("flusher", self._flush)),
        ]
        try:
            await supervise("ticker", self._tick)
        finally:
            self._end()
            for task in (*helpers, *self._errands):
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _listen(self) -> None:
        await bus.listen(self.nudged, self._subscribed)

    def _subscribed(self) -> None:
        """What was nudged before we listened is lost: look at everybody once."""
        self.work.everybody()
        self.wake()

    async def _tick(self) -> None:
        due = self.loop.time()
        while True:
            due = max(due + TICK, self.loop.time())
            await asyncio.sleep(due - self.loop.time())
            if not self.sinks:
                return
            if not self._wake.is_set():
                self._reads.release()
            self._ticker.tick()

    def _end(self) -> None:
        with _hubs_lock:
            if _hubs.get(self.loop) is self:
                del _hubs[self.loop]
        self._ticker.stop()
        self._reads.stop()
        self._calls.stop()

    async def _flush(self) -> None:
        while True:
            batch = self.work.take(self.members)
            if batch is None and self._read_before is None:
                await self._wake.wait()
                self._wake.clear()
                continue
            reading = self._reads.keep(read, batch.query) if batch is not None else None
            await self._deliver_read()
            if batch is not None and reading is not None:
                await self._receive(batch, asyncio.wrap_future(reading))

    async def _receive(self, batch: Batch, reading: Awaitable[Answer]) -> None:
        try:
            answer = await reading
        except Exception:
            self._reads.release()
            self.work.put_back(batch)
            for sink in batch.joining:
                self.refuse(sink, UNAVAILABLE)
            raise
        self._settle(batch, answer)
        self._read_before = batch, answer

    def _settle(self, batch: Batch, answer: Answer) -> None:
        """Who may stay. Before the next batch is taken, so that a nudge for a newcomer finds them."""
        for sink in batch.joining:
            if sink in self.sinks:
                self._admit(sink, answer.opened.get(sink.credential))
        for sink in batch.checking:
            if sink in self.sinks and answer.checked.get(sink.credential) != sink.user:
                self.refuse(sink, NOT_SIGNED_IN)
        for sink in batch.asking:
            sink.asked = True
        self.work.users(answer.changed)

    def _admit(self, sink: Sink, user: UserId | None) -> None:
        if user is None:
            self.refuse(sink, NOT_SIGNED_IN)
        elif not self.members.add(user, sink, self._limit):
            self.refuse(sink, TOO_MANY)

    async def _deliver_read(self) -> None:
        if self._read_before is None:
            return
        (batch, answer), self._read_before = self._read_before, None
        for count, (user, snapshot) in enumerate(answer.snapshots.items(), 1):
            self._show(user, snapshot, answer.items.get(user))
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        for user in batch.query.users:
            if user not in answer.snapshots:
                self._forget(user)

    def _show(self, user: UserId, snapshot: Snapshot, items: dict[str, Item] | None) -> None:
        member = self.members.get(user)
        if member is None:
            return
        known, since = member.snapshot, -1
        if known is not None:
            since = known.version
            if snapshot.version < since:
                self._went_back(snapshot, since)
                return
            if snapshot.version == since and snapshot != known:
                self._changed_silently(user)
        member.snapshot = snapshot
        update = Update(snapshot, items, since)
        for sink in member.sinks:
            self._offer(sink, update)

    def _offer(self, sink: Sink, update: Update) -> None:
        if not self.attempt(sink, lambda: sink.offer(update)):
            self._ticker.lagging(sink)

    def _forget(self, user: UserId) -> None:
        """The user was deleted."""
        member = self.members.get(user)
        for sink in member.sinks if member is not None else ():
            self.refuse(sink, NOT_SIGNED_IN)

    def _went_back(self, snapshot: Snapshot, sent: int) -> None:
        """Rule 8: the database was restored. Lift the clock above all that was sent, once for everybody."""
        logger.error("User %s went back from version %d to %d", snapshot.user, sent, snapshot.version)
        self.errand(self._lift, self.members.highest())

    def _lift(self, version: int) -> None:
        services.raise_clock(version)
        self.call_soon(self._subscribed)

    def _changed_silently(self, user: UserId) -> None:
        """Counts changed behind the signals (`update(is_staff=…)`): give the new state a version of its own."""
        self.errand(self._touch, user)

    def _touch(self, user: UserId) -> None:
        services.touch([user])
        self.call_soon(self.nudged, Nudge([user]))

    @staticmethod
    async def _errand(call: Awaitable[object]) -> None:
        try:
            await call
        except Exception:
            logger.exception("An errand of the hub failed")


def stop_all() -> None:
    """Stop every hub of this process, from any thread or signal handler."""
    for hub in list(_hubs.values()):
        hub.call_soon(hub.stop)
