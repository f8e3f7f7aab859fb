"""Sends `credentials_changed` when credentials may have ended, so that their connections are checked at once."""

from collections.abc import Iterable

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ..core.snapshots import UserId, user_id
from ..core.users import UserPk
from ..signals import credentials_changed


class _Announcement:
    """The users whose credentials a transaction (or a savepoint of it) has ended. A rollback drops it."""

    def __init__(self) -> None:
        self.users: set[UserId] | None = set()  # None: everybody
        self.is_sent = False

    def add(self, users: Iterable[UserPk] | None) -> None:
        if users is None:
            self.users = None
        elif self.users is not None:
            self.users.update(map(user_id, users))

    def __call__(self) -> None:
        if not self.is_sent:
            self.is_sent = True
            credentials_changed.send_robust(None, user_ids=None if self.users is None else list(self.users))


def announce(users: Iterable[UserPk] | None, using: str | None = None) -> None:
    """Send `credentials_changed` for these primary keys (None: for everybody) after the commit.

    Each transaction sends it once, however many sessions it ends, and once more for each savepoint that ends some.
    """
    announcement = _pending(transaction.get_connection(using))
    announcement.add(users)
    transaction.on_commit(announcement, using=using, robust=True)


def _pending(connection: BaseDatabaseWrapper) -> _Announcement:
    """The announcement of the current transaction and savepoint; a new one if there is none."""
    savepoints = set(connection.savepoint_ids)
    for known, call, *_ in reversed(connection.run_on_commit):
        if isinstance(call, _Announcement) and known == savepoints and not call.is_sent:
            return call
    return _Announcement()
