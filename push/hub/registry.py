"""Who is connected here: every open connection, and by user those that are verified. Nothing is sent here."""

from collections.abc import Callable, Collection

from inbox.core.snapshots import Snapshot, UserId

from .connection import Connection


class Member:
    """A connected user. `connections` is a tuple, replaced as a whole, so that it may change during an iteration."""

    __slots__ = ("connections", "snapshot")

    def __init__(self) -> None:
        self.connections: tuple[Connection, ...] = ()
        self.snapshot: Snapshot | None = None  # the last state that was read


class Members(dict[UserId, Member]):
    """All connected users of a hub."""

    def add(self, user: UserId, connection: Connection, limit: int) -> bool:
        """Count the connection as this user's. False: they have `limit` already."""
        member = self.get(user)
        if member is None:
            member = self[user] = Member()
        if len(member.connections) >= limit:
            return False
        member.connections = (*member.connections, connection)
        connection.user = user
        return True

    def remove(self, connection: Connection) -> None:
        """Remove a connection, and its user with their last one."""
        member = self.get(connection.user) if connection.user is not None else None
        if member is None:
            return
        member.connections = tuple(other for other in member.connections if other is not connection)
        if not member.connections and connection.user is not None:
            del self[connection.user]

    def languages(self, users: Collection[UserId]) -> set[str]:
        """Languages in which these users read."""
        return {connection.language for user in users if user in self for connection in self[user].connections}

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
        self.connections: set[Connection] = set()
        self.members = Members()
        self._on_removal: list[Callable[[Connection], None]] = []

    def on_removal(self, forget: Callable[[Connection], None]) -> None:
        """Call `forget` with every connection that is removed."""
        self._on_removal.append(forget)

    def remove(self, connection: Connection) -> None:
        """Remove a connection. May be called twice."""
        if connection in self.connections:
            self.connections.discard(connection)
            self.members.remove(connection)
            for forget in self._on_removal:
                forget(connection)
