"""Who is connected here: every open connection, and by user those that are verified. Nothing is sent here."""

from collections.abc import Callable, Collection

from inbox.core.snapshots import Snapshot, UserId

from .connection import Sink


class Member:
    """A connected user. `sinks` is a tuple, replaced as a whole, so that it may change during an iteration."""

    __slots__ = ("sinks", "snapshot")

    def __init__(self) -> None:
        self.sinks: tuple[Sink, ...] = ()
        self.snapshot: Snapshot | None = None  # the last state that was read


class Members(dict[UserId, Member]):
    """All connected users of a hub."""

    def add(self, user: UserId, sink: Sink, limit: int) -> bool:
        """Count the connection as this user's. False: they have `limit` already."""
        member = self.get(user)
        if member is None:
            member = self[user] = Member()
        if len(member.sinks) >= limit:
            return False
        member.sinks = (*member.sinks, sink)
        sink.user = user
        return True

    def remove(self, sink: Sink) -> None:
        """Remove a connection, and its user with their last one."""
        member = self.get(sink.user) if sink.user is not None else None
        if member is None:
            return
        member.sinks = tuple(other for other in member.sinks if other is not sink)
        if not member.sinks and sink.user is not None:
            del self[sink.user]

    def languages(self, users: Collection[UserId]) -> set[str]:
        """Languages in which these users read."""
        return {sink.language for user in users if user in self for sink in self[user].sinks}

    def snapshots(self, users: Collection[UserId]) -> dict[UserId, Snapshot]:
        """The last state that was read of those who have one."""
        known = ((user, self[user].snapshot) for user in users if user in self)
        return {user: snapshot for user, snapshot in known if snapshot is not None}

    def highest(self) -> int:
        """The highest version that was read of anybody here."""
        return max((m.snapshot.version for m in self.values() if m.snapshot is not None), default=0)


class Registry:
    """The open connections of one event loop."""

    def __init__(self) -> None:
        self.sinks: set[Sink] = set()
        self.members = Members()
        self._on_removal: list[Callable[[Sink], None]] = []

    def on_removal(self, forget: Callable[[Sink], None]) -> None:
        """Call `forget` with every connection that is removed."""
        self._on_removal.append(forget)

    def remove(self, sink: Sink) -> None:
        """Remove a connection. May be called twice."""
        if sink in self.sinks:
            self.sinks.discard(sink)
            self.members.remove(sink)
            for forget in self._on_removal:
                forget(sink)
