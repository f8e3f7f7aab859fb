"""Threads as one counts them by hand: every message read, in Python."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import Message, Thread, event_types

Counted = dict[tuple[Any, str], tuple[int, int, int, str]]  # messages, unread ones, rank and type, by owner and key


class ByHand(NamedTuple):
    """A thread. `refs`: its items, the newest first. `actors`: whom its headline names, the latest first; None is
    somebody."""

    key: str
    refs: list[str]
    unread: int
    newest: str
    actors: list[Any]


def messages_of(users: Iterable[Any]) -> list[Message]:
    return [row for model in event_types().values() for row in model.objects.filter(recipient__in=users)]


def is_in_threads(row: Message) -> bool:
    """Whether it is in the plain inbox view, which threads are of."""
    return row.deleted_at is None and row.snoozed_until is None and row.archived_at is None


def shown_in_threads(users: Iterable[Any]) -> list[Message]:
    return [row for row in messages_of(users) if is_in_threads(row)]


def rank(row: Message) -> int:
    return (row.seq if row.since is None else row.since) * CLOCK_UNIT + row.seq


def counted(users: Iterable[Any]) -> Counted:
    return counted_of(shown_in_threads(users))


def counted_of(rows: Iterable[Message]) -> Counted:
    items: Counter[Any] = Counter()
    unread: Counter[Any] = Counter()
    newest: dict[Any, tuple[int, str]] = {}
    for row in rows:
        thread = row.recipient_id, row.thread
        items[thread] += 1
        unread[thread] += row.read_at is None
        newest[thread] = max(newest.get(thread, (0, "")), (rank(row), row.event_type()))
    return {thread: (count, unread[thread], *newest[thread]) for thread, count in items.items()}


def stored(users: Iterable[Any]) -> Counted:
    rows = Thread.objects.filter(recipient__in=users)
    return {(row.recipient_id, row.key): (row.items, row.unread, row.rank, row.type) for row in rows}


def by_hand(rows: Iterable[Message]) -> list[ByHand]:
    """The threads of one user, the last moved first."""
    threads: dict[str, list[Message]] = {}
    for row in sorted(rows, key=rank, reverse=True):
        threads.setdefault(str(row.thread), []).append(row)
    return [_by_hand(key, mine) for key, mine in threads.items()]


def _by_hand(key: str, rows: list[Message]) -> ByHand:
    newest, refs = rows[0], [row.ref for row in sorted(rows, key=lambda row: -row.seq)]
    actors = dict.fromkeys(row.actor_id for row in rows if type(row) is type(newest) and row.actor_id is not None)
    named = list(actors) if len(actors) > 1 else [newest.actor_id]
    return ByHand(key, refs, sum(row.read_at is None for row in rows), newest.ref, named)
