"""What the hub has to read next. Everything that asks for a read ends here, and is conflated here."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from inbox.snapshots import UserId

from .conf import BULK
from .members import Members
from .reads import Query
from .sinks import Sink

T = TypeVar("T")

MAX_DIRTY = 100_000  # ids waiting; beyond, everybody connected is read instead


@dataclass(slots=True)
class Batch:
    """One read: the query, and the connections that wait for its answer."""

    query: Query
    joining: list[Sink]
    checking: list[Sink]
    asking: list[Sink]


@dataclass(slots=True)
class Work:
    """Sets of things to read, taken away in batches of at most `BULK` users."""

    joining: dict[Sink, None] = field(default_factory=dict)
    checking: dict[Sink, None] = field(default_factory=dict)
    asking: dict[Sink, None] = field(default_factory=dict)
    dirty: dict[UserId, str | None] = field(default_factory=dict)
    compare: dict[UserId, None] = field(default_factory=dict)
    everyone: bool = False
    everyone_item: str | None = None
    cut: bool = False  # the last batch did not take everybody

    def users(self, users: Iterable[UserId], item: str | None = None) -> None:
        """These users' state may have changed; `item` hints at what arrived."""
        if item is None:
            for user in users:
                self.dirty.setdefault(user, None)
        else:
            self.dirty.update(dict.fromkeys(users, item))
        if len(self.dirty) > MAX_DIRTY:
            self.dirty.clear()
            self.everybody()

    def everybody(self, item: str | None = None) -> None:
        """Everybody's state may have changed."""
        self.everyone = True
        self.everyone_item = item or self.everyone_item

    def ask(self, user: UserId, sink: Sink) -> None:
        """This connection wants an answer, changed or not."""
        self.asking[sink] = None
        self.dirty.setdefault(user, None)

    def take(self, members: Members) -> Batch | None:
        """The next batch, or None if there is nothing to read. Users who are not connected are forgotten."""
        if self.everyone:
            self._mark_members(members)
        joining, checking = _take(self.joining), _take(self.checking)
        marked = self._take_marked(members)
        users = list(marked)
        query = Query(
            opening=[sink.credential for sink in joining],
            checking=[sink.credential for sink in checking],
            users=users,
            compare={user: known.version for user, known in members.snapshots(_take(self.compare)).items()},
        )
        if not self.cut and not self.dirty:  # else there is load, and a toast is a courtesy
            query.known = members.snapshots(users)
            query.hints = {user: item for user, item in marked.items() if item is not None}
            query.languages = members.languages(users)
        self.cut = bool(self.dirty)
        return Batch(query, joining, checking, self._take_asking(marked)) if query else None

    def put_back(self, batch: Batch) -> None:
        """The read failed: do it again, but for those who have been refused meanwhile."""
        self.users(batch.query.users)
        self.checking.update(dict.fromkeys(batch.checking))
        self.compare.update(dict.fromkeys(batch.query.compare))
        for sink in batch.asking:
            if sink.user is not None:
                self.ask(sink.user, sink)

    def forget(self, sink: Sink) -> None:
        """The connection is gone."""
        for waiting in (self.joining, self.checking, self.asking):
            waiting.pop(sink, None)

    def _mark_members(self, members: Members) -> None:
        """In place of what was marked: that was of members too, or of people who are not here."""
        item, before = self.everyone_item, self.dirty
        self.dirty = {user: item or before.get(user) for user in members}
        self.everyone, self.everyone_item = False, None

    def _take_marked(self, members: Members) -> dict[UserId, str | None]:
        """Up to `BULK` users who are connected here. A send to 100,000 strangers must not stand before them."""
        taken: dict[UserId, str | None] = {}
        while self.dirty and not taken:
            for user in list(islice(self.dirty, BULK)):
                item = self.dirty.pop(user)
                if user in members:
                    taken[user] = item
        return taken

    def _take_asking(self, users: Container[UserId | None]) -> list[Sink]:
        asking = [sink for sink in self.asking if sink.user in users] if self.asking else []
        for sink in asking:
            del self.asking[sink]
        return asking


def _take(waiting: dict[T, None]) -> list[T]:
    taken = list(islice(waiting, BULK))
    for one in taken:
        del waiting[one]
    return taken
