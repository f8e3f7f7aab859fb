"""Announcing that credentials may have ended, so that whoever holds connections closes those at once."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from ..core.snapshots import UserId, user_id
from ..signals import credentials_changed


class _Announcement:
    """Of all that a transaction (or each savepoint of it) has ended. A rollback drops it with what it has gathered."""

    def __init__(self) -> None:
        self.users: set[UserId] | None = set()  # None: everybody
        self.is_sent = False

    def add(self, users: Iterable[Any] | None) -> None:
        if users is None:
            self.users = None
        elif self.users is not None:
            self.users.update(map(user_id, users))

    def __call__(self) -> None:
        if not self.is_sent:
            self.is_sent = True
            credentials_changed.send_robust(None, user_ids=None if self.users is None else list(self.users))


def announce(users: Iterable[Any] | None, using: str | None = None) -> None:
    """Send `credentials_changed` for these primary keys, or for everybody, once the transaction has committed.

    A transaction sends it once, however many sessions it ends (once more for each savepoint with ends of its own).
    """
    announcement = _waiting(transaction.get_connection(using))
    announcement.add(users)
    transaction.on_commit(announcement, using=using, robust=True)


def _waiting(connection: Any) -> _Announcement:
    """The one that goes out with what is now being written, and is dropped with it."""
    savepoints = set(connection.savepoint_ids)
    for known, call, _robust in reversed(connection.run_on_commit):
        if isinstance(call, _Announcement) and known == savepoints and not call.is_sent:
            return call
    return _Announcement()
