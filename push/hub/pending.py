"""Pending work: what the hub has to read next. Several requests for the same user become one read."""

import time
from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from inbox.core.snapshots import UserId

from ..conf import BULK
from .connection import Connection
from .queries import Query
from .registry import Members

T = TypeVar("T")

MAX_DIRTY = 100_000  # ids waiting; beyond, everybody connected is read instead


@dataclass(slots=True)
class Batch:
    """One read: the query, and the connections that wait for its answer."""

    query: Query
    joining: list[Connection]
    checking: list[Connection]
    asking: list[Connection]
    nudged_at: float | None = None  # monotonic seconds: when the oldest nudge came that this answers
    resynced: set[UserId] = field(default_factory=set)  # users whom no nudge has named
    taken_at: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Work:
    """Sets of users and connections to read, taken in batches of at most `BULK` users."""

    joining: dict[Connection, None] = field(default_factory=dict)
    rechecking: dict[Connection, None] = field(default_factory=dict)  # those whose credential may have ended come first
    checking: dict[Connection, None] = field(default_factory=dict)
    asking: dict[Connection, None] = field(default_factory=dict)
    dirty: dict[UserId, str | None] = field(default_factory=dict)
    compare: dict[UserId, None] = field(default_factory=dict)
    resynced: set[UserId] = field(default_factory=set)  # of `dirty`: those whom only the resync has marked
    nudged_at: float | None = None  # monotonic seconds: when the oldest nudge came that waits
    everyone: bool = False
    everyone_item: str | None = None
    cut: bool = False  # the last batch did not take everybody

    def nudged(self) -> None:
        """Note when a nudge arrived; `users` or `everybody` then marks whom it names."""
        if self.nudged_at is None:
            self.nudged_at = time.monotonic()

    def users(self, users: Collection[UserId], item: str | None = None) -> None:
        """Mark users whose state may have changed; `item` names the type of what arrived, if known."""
        if self.resynced:
            self.resynced.difference_update(users)
        self._mark(users, item)

    def look_at(self, users: Collection[UserId]) -> None:
        """Mark users because of the resync, without a sign that anything has changed."""
        self.resynced.update(user for user in users if user not in self.dirty)
        self._mark(users)

    def _mark(self, users: Collection[UserId], item: str | None = None) -> None:
        if item is None:
            for user in users:
                self.dirty.setdefault(user, None)
        else:
            self.dirty.update(dict.fromkeys(users, item))
        if len(self.dirty) > MAX_DIRTY:
            self.dirty.clear()
            self.everybody()

    def recheck(self, connections: Iterable[Connection]) -> None:
        """Verify these connections' credentials with the next read."""
        self.rechecking.update(dict.fromkeys(connections))

    def everybody(self, item: str | None = None) -> None:
        """Mark every connected user."""
        self.everyone = True
        self.everyone_item = item or self.everyone_item

    def ask(self, user: UserId, connection: Connection) -> None:
        """Send this connection its state, changed or not."""
        self.asking[connection] = None
        self.users([user])

    def take(self, members: Members) -> Batch | None:
        """The next batch, or None if there is nothing to read. Users without a connection here are removed."""
        if self.everyone:
            self._mark_members(members)
        joining, checking = _take(self.joining), self._take_checking()
        marked = self._take_marked(members)
        users = list(marked)
        query = Query(
            opening=[connection.credential for connection in joining],
            undecided={connection.credential for connection in joining if not connection.names_language},
            checking=[connection.credential for connection in checking],
            users=users,
            compare={user: known.version for user, known in members.snapshots(_take(self.compare)).items()},
        )
        if not self.cut and not self.dirty:  # else there is load, and a toast is a courtesy
            query.known = members.snapshots(users)
            query.hints = {user: item for user, item in marked.items() if item is not None}
            query.languages = members.languages(users)
        self.cut = bool(self.dirty)
        nudged_at, resynced = self._take_reasons(marked)
        return Batch(query, joining, checking, self._take_asking(marked), nudged_at, resynced) if query else None

    def put_back(self, batch: Batch) -> None:
        """Mark a batch again whose read failed, without the connections that have been refused since."""
        self.users([user for user in batch.query.users if user not in batch.resynced])
        self.look_at(batch.resynced)
        self.nudged_at = batch.nudged_at or self.nudged_at
        self.recheck(batch.checking)
        self.compare.update(dict.fromkeys(batch.query.compare))
        for connection in batch.asking:
            if connection.user is not None:
                self.ask(connection.user, connection)

    def forget(self, connection: Connection) -> None:
        """Remove a connection that has ended."""
        for waiting in (self.joining, self.rechecking, self.checking, self.asking):
            waiting.pop(connection, None)

    def _mark_members(self, members: Members) -> None:
        """Mark every connected user. What was marked before is contained in it, or concerns nobody here."""
        item, before = self.everyone_item, self.dirty
        self.dirty = {user: item or before.get(user) for user in members}
        self.everyone, self.everyone_item = False, None
        self.resynced.clear()

    def _take_marked(self, members: Members) -> dict[UserId, str | None]:
        """Up to `BULK` users who are connected here. A send to 100,000 other users must not delay them."""
        taken: dict[UserId, str | None] = {}
        while self.dirty and not taken:
            for user in list(islice(self.dirty, BULK)):
                item = self.dirty.pop(user)
                if user in members:
                    taken[user] = item
        return taken

    def _take_checking(self) -> list[Connection]:
        """Up to `BULK` connections, each once; those whose credential may have ended come first."""
        first = _take(self.rechecking)
        for connection in first:
            self.checking.pop(connection, None)
        return first + _take(self.checking, BULK - len(first))

    def _take_reasons(self, marked: Collection[UserId]) -> tuple[float | None, set[UserId]]:
        """For the metrics: when the oldest nudge arrived, and which of these users only the resync has marked."""
        nudged_at = self.nudged_at if marked else None  # else it was about strangers
        resynced = self.resynced.intersection(marked) if self.resynced else set()
        self.resynced -= resynced
        if not self.dirty:
            self.nudged_at = None
            self.resynced.clear()
        return nudged_at, resynced

    def _take_asking(self, users: Container[UserId | None]) -> list[Connection]:
        asking = [connection for connection in self.asking if connection.user in users] if self.asking else []
        for connection in asking:
            del self.asking[connection]
        return asking


def _take(waiting: dict[T, None], most: int = BULK) -> list[T]:
    taken = list(islice(waiting, most))
    for one in taken:
        del waiting[one]
    return taken
