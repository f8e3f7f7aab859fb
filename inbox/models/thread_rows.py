"""SQL that writes the rows of threads. All rows of one statement are one parameter (`core/given.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

from ..core.given import given
from ..core.snapshots import CLOCK_UNIT
from ..core.users import UserPk
from .base import MailboxRow
from .thread import Thread

Key = tuple[UserPk, str]  # of a thread: its owner and its key

MOVED = ("rank", "moved_at", "type")  # of the newest message
COLUMNS = ("recipient", "key", "items", "unread", *MOVED)


def add(connection: BaseDatabaseWrapper, rows: Sequence[Sequence[object]]) -> None:
    """Insert these rows of `COLUMNS`, or add their counts to the threads that exist."""
    source, params = given(connection, _fields(COLUMNS), rows)
    upsert(connection, f"SELECT * FROM {source} WHERE 1 = 1", params)  # SQLite needs a WHERE before ON CONFLICT


def upsert(connection: BaseDatabaseWrapper, selected: str, params: Sequence[Any], expressions: str = "") -> None:
    """The same for the rows that are selected. The common table expressions come first."""
    table, columns = _table(connection), columns_of(connection, COLUMNS)
    into = f"INSERT INTO {table} ({', '.join(columns)}) {selected}"
    conflict = f"ON CONFLICT ({', '.join(columns[:2])}) DO UPDATE SET {_added(connection, 'excluded')}"
    with connection.cursor() as cursor:
        cursor.execute(f"{expressions} {into} {conflict}", params)


def _added(connection: BaseDatabaseWrapper, source: str) -> str:
    """What adds the counts of `source` to those of threads, and moves the threads that have a newer message there."""
    table, (_recipient, _key, *counts, rank, moved_at, kind) = _table(connection), columns_of(connection, COLUMNS)
    added = [f"{name} = {table}.{name} + {source}.{name}" for name in counts]
    newer = f"CASE WHEN {source}.{rank} > {table}.{rank} THEN {source}.%s ELSE {table}.%s END"
    return ", ".join([*added, *(f"{name} = " + newer % (name, name) for name in (rank, moved_at, kind))])


def add_to_existing(connection: BaseDatabaseWrapper, rows: Sequence[Sequence[object]]) -> None:
    """Add the counts of these rows of `COLUMNS` to the threads that exist."""
    _update(connection, COLUMNS, rows, _added(connection, "given"))


def move(connection: BaseDatabaseWrapper, rows: Sequence[Sequence[object]]) -> None:
    """Store another newest message: a row is the owner, the key, and the new `MOVED`."""
    sets = ", ".join(f"{name} = given.{name}" for name in columns_of(connection, MOVED))
    _update(connection, ("recipient", "key", *MOVED), rows, sets)


def _update(connection: BaseDatabaseWrapper, names: Sequence[str], rows: Sequence[Sequence[object]], sets: str) -> None:
    if not rows:
        return
    source, params = given(connection, _fields(names), rows)
    table = _table(connection)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sets} FROM {source} WHERE {_same(connection, table)}", params)


def set_dates(connection: BaseDatabaseWrapper, model: type[MailboxRow], rows: Sequence[Sequence[object]]) -> None:
    """Store the newest message of threads, all of one type, and when it was created. A row is the owner, the key, the
    rank and the type."""
    quote, table = connection.ops.quote_name, _table(connection)
    source, params = given(connection, _fields(("recipient", "key", "rank", "type")), rows)
    recipient, _key, rank, kind, moment = columns_of(connection, ("recipient", "key", "rank", "type", "moved_at"))
    newest = f"m.{quote('recipient_id')} = given.{recipient} AND m.{quote('seq')} = given.{rank} %% {CLOCK_UNIT}"
    source = f"{source} JOIN {quote(model._meta.db_table)} m ON {newest}"
    sets = f"{rank} = given.{rank}, {kind} = given.{kind}, {moment} = m.{quote('created_at')}"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sets} FROM {source} WHERE {_same(connection, table)}", params)


def delete_empty(connection: BaseDatabaseWrapper, threads: Sequence[Sequence[object]]) -> None:
    """Delete those of these threads that have no messages left."""
    if not threads:
        return
    table, pk, items = _table(connection), *columns_of(connection, ("id", "items"))
    source, params = given(connection, _fields(("recipient", "key")), threads)
    empty = f"SELECT t.{pk} FROM {source} JOIN {table} t ON {_same(connection, 't')} WHERE t.{items} <= 0"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {pk} IN ({empty})", params)


def existing(connection: BaseDatabaseWrapper, threads: Sequence[Key]) -> list[int]:
    """The primary keys of those of these threads that exist."""
    source, params = given(connection, _fields(("recipient", "key")), threads)
    [pk] = columns_of(connection, ("id",))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t.{pk} FROM {source} JOIN {_table(connection)} t ON {_same(connection, 't')}", params)
        return [row[0] for row in cursor.fetchall()]


def _same(connection: BaseDatabaseWrapper, table: str) -> str:
    return " AND ".join(f"{table}.{name} = given.{name}" for name in columns_of(connection, ("recipient", "key")))


def _table(connection: BaseDatabaseWrapper) -> str:
    return connection.ops.quote_name(Thread._meta.db_table)


def columns_of(connection: BaseDatabaseWrapper, names: Iterable[str], model: type[Model] = Thread) -> list[str]:
    return [connection.ops.quote_name(str(field.column)) for field in _fields(names, model)]


def _fields(names: Iterable[str], model: type[Model] = Thread) -> list[Field[Any, Any]]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return [by_name[name] for name in names]
