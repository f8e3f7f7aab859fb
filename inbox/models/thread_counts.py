"""Keeps threads as their messages change. The caller holds the lock of their mailboxes, so nobody else writes them.

Only the rows that change are counted, before they do, and the difference is added to their threads: a thread of 100,000
costs no more than one of three. A thread that has lost or regained a message looks for its newest one in an index. An
act of a user has its rows in memory (`marked`): there a thread looks only if it has lost one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Protocol

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.lookups import IsNull
from django.utils import timezone

from ..core.lookups import KEYS, Among, among, prepared
from ..core.snapshots import CLOCK_UNIT
from ..core.sql.compiled import Compiled
from ..core.users import UserPk
from . import ledger, thread_rows
from .base import MailboxRow, came_at, may_be_null
from .mailbox import Mailbox
from .thread import Thread
from .thread_rows import Key

Types = Mapping[str, type[MailboxRow]]  # every event type, by name

HIDING = ("deleted_at", "snoozed_until", "archived_at")  # columns that are NULL for what the plain inbox view shows
COUNTED = ("recipient", "thread", "seq", "read_at", "created_at")
MARKS = (*HIDING, "read_at")
PLACING = frozenset({*HIDING, "since", "seq"})  # columns on which the place of a thread depends
PLAIN = Q(**dict.fromkeys(HIDING))
ORDER = came_at()  # as in the index of messages
MOST = 1000  # threads per statement


class Arrival(Protocol):
    """A new message."""

    recipient_id: UserPk
    thread: Any
    seq: Any
    read_at: Any
    created_at: Any

    @classmethod
    def event_type(cls) -> str: ...


class Marked(Protocol):
    """A message whose marks were changed, and its columns before and after."""

    seq: int
    thread: str | None
    created_at: datetime | None
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def type(self) -> str: ...


class Change(NamedTuple):
    """What is added to the counts of a thread; and of the newest message that arrives or returns its rank, moment and
    type."""

    recipient: UserPk
    key: str
    items: int = 0
    unread: int = 0
    rank: int = 0
    moved_at: datetime | None = None
    type: str = ""

    @property
    def thread(self) -> Key:
        return self.recipient, self.key


def rank_of(seq: int, since: int | None = None) -> int:
    """The rank of a thread whose newest message is this one."""
    return (seq if since is None else since) * CLOCK_UNIT + seq


# What changes


@contextmanager
def kept(types: Types, rows: QuerySet[Any], values: Mapping[str, object] | None) -> Iterator[None]:
    """Around a write that gives these messages these values, or deletes them (None)."""
    changes = changes_of(rows, values)
    yield
    add(changes)
    if values is None or PLACING & values.keys():
        place(types, [change.thread for change in changes])


def changes_of(rows: QuerySet[Any], values: Mapping[str, object] | None) -> list[Change]:
    """The threads of these messages, and what this write will change in their counts."""
    if values is not None and not {*PLACING, "read_at"} & values.keys():
        return []
    own = rows.using(ledger.alias())
    if not _has_one_table(own):  # a join or an annotation would count rows twice
        own = QuerySet(rows.model, using=ledger.alias()).filter(pk__in=rows.order_by().values("pk"))
        values = values and _without_annotations(rows, values)
    by_thread = own.filter(thread__isnull=False).order_by().values_list("recipient_id", "thread")
    counts = {"_items": _difference(HIDING, values), "_unread": _difference(MARKS, values)}
    return [Change(*row) for row in by_thread.annotate(**counts)]


def _has_one_table(rows: QuerySet[Any]) -> bool:
    """Whether these are all rows of one table that a condition holds for, and nothing else."""
    query = rows.query
    other = query.annotations or query.extra_tables or query.combinator or query.distinct or query.is_sliced
    tables = [alias for alias, references in query.alias_refcount.items() if references]
    return len(tables) <= 1 and not other


def _without_annotations(rows: QuerySet[Any], values: Mapping[str, object]) -> Mapping[str, object]:
    """The values with what they name in place of its name: `own` has no annotations of the caller's."""
    if not rows.query.annotations:
        return values
    query = rows.query.chain()
    return {
        name: value.resolve_expression(query, allow_joins=False) if hasattr(value, "resolve_expression") else value
        for name, value in values.items()
    }


def _difference(names: Sequence[str], values: Mapping[str, object] | None) -> Sum:
    """By how many there will be more rows in which all of these columns are NULL."""
    before = Case(When(Q(**dict.fromkeys(names)), then=1), default=0)
    return Sum(_after(names, values) - before, output_field=IntegerField(), default=0)


def _after(names: Sequence[str], values: Mapping[str, object] | None) -> Case | Value:
    """1 for rows in which all of these columns will be NULL."""
    if values is None or any(not may_be_null(values.get(name)) for name in names):
        return Value(0)
    given = [values.get(name, F(name)) for name in names]
    conditions = [IsNull(value, True) for value in given if value is not None]
    return Case(When(Q(*conditions), then=1), default=0) if conditions else Value(1)


def saved(types: Types, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """A message was saved: its columns before and after."""
    if before["thread"] is None:
        return
    items, unread = (_holds(after, names) - _holds(before, names) for names in (HIDING, MARKS))
    change = Change(before["recipient_id"], before["thread"], items, unread)
    add([change])
    if any(before[name] != after[name] for name in PLACING):
        place(types, [change.thread])


def marked(types: Types, owner: UserPk, rows: Iterable[Marked]) -> None:
    """The marks of these messages of one mailbox were changed. Nothing is read, unless a thread has lost one."""
    changes: dict[str, Change] = {}
    shrunk: dict[Key, None] = {}
    for row in rows:
        if row.thread is None:
            continue
        before = changes.get(row.thread) or Change(owner, row.thread)
        was_shown, is_shown = (_holds(columns, HIDING) for columns in (row.before, row.after))
        unread = _holds(row.after, MARKS) - _holds(row.before, MARKS)
        change = before._replace(items=before.items + is_shown - was_shown, unread=before.unread + unread)
        returned, rank = row.after["since"] != row.before["since"], rank_of(row.seq, row.after["since"])
        if is_shown and (returned or not was_shown) and rank > change.rank:
            moved_at = None if returned else row.created_at
            change = change._replace(rank=rank, moved_at=moved_at, type=row.type)
        changes[row.thread] = change
        if was_shown and not is_shown:
            shrunk[change.thread] = None
    add(changes.values())
    place(types, shrunk)


def _holds(row: Mapping[str, Any], names: Iterable[str]) -> bool:
    return all(row[name] is None for name in names)


def arrived(rows: Iterable[Arrival]) -> None:
    """These messages were inserted, with their numbers and keys."""
    changes: dict[Key, Change] = {}
    for row in sorted(rows, key=lambda row: row.seq):
        if row.thread is None or not _holds(vars(row), HIDING):
            continue
        before = changes.get((row.recipient_id, row.thread)) or Change(row.recipient_id, row.thread)
        changes[before.thread] = before._replace(
            items=before.items + 1,
            unread=before.unread + (row.read_at is None),
            rank=rank_of(row.seq),
            moved_at=row.created_at,
            type=row.event_type(),
        )
    add(list(changes.values()))


def insert_in_each(
    name: str, model: type[MailboxRow], insert: str, params: Sequence[Any], ids: Sequence[UserPk]
) -> None:
    """Run this INSERT of one message of this type into each of these mailboxes, as the newest one, and count the rows.

    PostgreSQL counts what the INSERT returns: where it takes the table for empty, a join with the new rows is a nested
    loop over all rows.
    """
    connection = connections[ledger.alias()]
    quote = connection.ops.quote_name
    columns = thread_rows.columns_of(connection, (*COUNTED, *HIDING), model)
    recipient, thread, seq, read, created, *hiding = [f"m.{column}" for column in columns]
    counts = f"1, CASE WHEN {read} IS NULL THEN 1 ELSE 0 END, {seq} * {CLOCK_UNIT + 1}"
    selected = f"SELECT {recipient}, {thread}, {counts}, {created}, %s"
    shown = " AND ".join(f"{column} IS NULL" for column in hiding)
    if connection.vendor == "postgresql":
        inserted = f"WITH m AS ({insert} RETURNING {', '.join(columns)})"
        thread_rows.upsert(connection, f"{selected} FROM m WHERE {shown}", [*params, name], inserted)
        return
    with connection.cursor() as cursor:
        cursor.execute(insert, params)
    here = f"{recipient} = b.{quote('user_id')} AND {seq} = b.{quote('version')}"
    tables = f"{quote(Mailbox._meta.db_table)} b JOIN {quote(model._meta.db_table)} m ON {here}"
    these, keys = among(connection, f"b.{quote('user_id')}", prepared(Mailbox._meta.pk, ids, connection))
    thread_rows.upsert(connection, f"{selected} FROM {tables} WHERE {these} AND {shown}", [name, *keys])


# Writing


def add(changes: Iterable[Change]) -> None:
    """Add these differences to their threads. Threads that are empty then are deleted.

    Where a thread has not more messages, it is not made: that of a stale mailbox may be missing.
    """
    connection, now = connections[ledger.alias()], timezone.now()
    changing = [change for change in changes if change.items or change.unread or change.rank]
    dated = [change._replace(moved_at=change.moved_at or now) for change in changing]
    for part in ledger.chunks([change for change in dated if change.items > 0], MOST):
        thread_rows.add(connection, part)
    for part in ledger.chunks([change for change in dated if change.items <= 0], MOST):
        thread_rows.add_to_existing(connection, part)
        thread_rows.delete_empty(connection, [change.thread for change in part if change.items])


def place(types: Types, threads: Iterable[Key]) -> None:
    """Find the newest message of each of these threads again, and store its rank, moment and type."""
    connection, now = connections[ledger.alias()], timezone.now()
    for some in ledger.chunks(list(dict.fromkeys(threads)), MOST):
        moved = _moved(types, thread_rows.existing(connection, some))
        returned = [(*row[:3], now, row[3]) for row in moved if row[4]]
        thread_rows.move(connection, returned)
        _date(connection, types, [row[:4] for row in moved if not row[4]])


def date(types: Types, threads: Sequence[Thread]) -> None:
    """Store when the newest message of each of these threads was created."""
    for some in ledger.chunks(threads, MOST):
        rows = [(row.recipient_id, row.key, row.rank, row.type) for row in some]
        _date(connections[ledger.alias()], types, rows)


def _date(connection: BaseDatabaseWrapper, types: Types, rows: Sequence[tuple[UserPk, str, int, str]]) -> None:
    """Store these ranks and types of threads, with the moment when the newest message was created."""
    for name, model in types.items():
        if of_type := [row for row in rows if row[3] == name]:
            thread_rows.set_dates(connection, model, of_type)


def _moved(types: Types, pks: Sequence[int]) -> list[tuple[UserPk, str, int, str, bool]]:
    """The threads whose newest message is not the stored one: owner, key, rank, type, and whether it is unread again
    since the version of this moment."""
    if not pks:
        return []
    moved = []
    for recipient, key, stored, version, *ranks in _compiled(ledger.alias(), tuple(types.items())).of_keys(pks):
        rank, name = max((rank or 0, name) for name, rank in zip(types, ranks, strict=True))
        order, seq = divmod(rank, CLOCK_UNIT)
        if rank not in {0, stored}:
            moved.append((recipient, key, rank, name, order == version != seq))
    return moved


@cache
def _compiled(alias: str, types: tuple[tuple[str, type[MailboxRow]], ...]) -> Compiled[Thread]:
    """Rows of (owner, key, rank, version of the mailbox, rank of the newest message of each type)."""
    version = Mailbox.objects.filter(pk=OuterRef("recipient")).values("version")
    shown = Q(PLAIN, recipient=OuterRef("recipient"), thread=OuterRef("key"))
    newest = {
        f"_{name}": Subquery(
            model.objects.filter(shown)
            .annotate(_order=ORDER)
            .order_by("-_order", "-seq")
            .values_list(ORDER * CLOCK_UNIT + F("seq"))[:1]
        )
        for name, model in types
    }
    rows = Thread.objects.using(alias).filter(Among("pk", KEYS)).annotate(_version=Subquery(version), **newest)
    return Compiled(rows.values_list("recipient_id", "key", "rank", "_version", *newest))
