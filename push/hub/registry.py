"""Who is connected here: user -> their connections and the last state read for them."""

from collections.abc import Collection

from inbox.core.snapshots import Snapshot, UserId

from .connection import Sink


class Member:
    """A connected user. `sinks` is a tuple, replaced as a whole, so that it may change while it is walked."""

    __slots__ = ("sinks", "snapshot")

    def __init__(self) -> None:
        self.sinks: tuple[Sink, ...] = ()
        self.snapshot: Snapshot | None = None


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
        """The connection is gone, and its user with their last one."""
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
        """The last read state of those who have one."""
        known = ((user, self[user].snapshot) for user in users if user in self)
        return {user: snapshot for user, snapshot in known if snapshot is not None}

    def highest(self) -> int:
        """The highest version read for anybody here."""
        return max((m.snapshot.version for m in self.values() if m.snapshot is not None), default=0)
