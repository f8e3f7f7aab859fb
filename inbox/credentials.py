"""Announcing that credentials may have ended, so that whoever holds connections closes those at once."""

import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction

from .signals import credentials_changed
from .snapshots import UserId, user_id


class _Waiting(threading.local):
    """Users whose announcement waits for a commit of this thread, by database."""

    def __init__(self) -> None:
        self.users: dict[str, set[UserId]] = {}


_waiting = _Waiting()


def announce(users: Iterable[Any] | None, using: str | None = None) -> None:
    """Send `credentials_changed` for these primary keys, or for everybody, once the transaction has committed.

    A transaction sends it once, however many sessions it deletes.
    """
    using = using or DEFAULT_DB_ALIAS
    if users is None:
        transaction.on_commit(partial(_send, None), using=using, robust=True)
        return
    _waiting.users.setdefault(using, set()).update(map(user_id, users))
    transaction.on_commit(partial(_send_waiting, using), using=using, robust=True)


def _send_waiting(using: str) -> None:
    if users := _waiting.users.pop(using, None):
        _send(list(users))


def _send(users: list[UserId] | None) -> None:
    credentials_changed.send_robust(None, user_ids=users)
