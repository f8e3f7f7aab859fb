"""What an act does to the rows of one mailbox, of all types together: they are read by one statement, changed in
memory, and written by one statement for each type. The mailbox is locked, so nobody else writes them meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connections
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast

from ...core.given import given
from ...core.lookups import KEYS, RECIPIENT, Among, Parameter, array, prepared
from ...core.sql import unions
from ...core.sql.compiled import Compiled
from ...core.sql.unions import Values
from ...core.users import UserPk
from ...models import BroadcastReceipt, Mailbox, Message, event_types, ledger, refs, thread_counts
from ...models.base import NULL_IF_UNREAD
from ...models.refs import RowPk
from . import journal
from .journal import Key

MARKS = ("read_at", "archived_at", "deleted_at", "snoozed_until", "starred_at", "since")
OF_MESSAGES = (*MARKS, "pressed")
OF_RECEIPTS = (*MARKS, "banner_closed_at", "confirmed_at", "revision")


@dataclass(slots=True)
class Marked:
    """A message, or the receipt of a broadcast: what its columns were when it was read, and what they shall be."""

    key: Key  # of the item; `pk` is that of the row
    pk: RowPk
    before: dict[str, Any]
    seq: int = 0
    thread: str | None = None
    created_at: datetime | None = None
    counts: bool = True  # a receipt from before the broadcast was shown again does not
    after: dict[str, Any] = field(init=False)
    is_replaced: bool = False

    def __post_init__(self) -> None:
        self.after = dict(self.before)

    def replace(self, columns: Mapping[str, Any]) -> None:
        """Take these for its columns, and not what is stored: an undo shall not restore that."""
        self.is_replaced, self.before = True, {**self.before, **columns}
        self.after = dict(self.before)

    @property
    def type(self) -> str:
        return self.key.type

    @property
    def is_unread(self) -> bool:
        return _is_unread(self.after)


def read(pk: UserPk, wanted: Mapping[str, Collection[RowPk]]) -> dict[Key, Marked]:
    """The user's messages with these keys, and the receipts of broadcasts with these. A type that the site does not
    have any more has none."""
    connection = connections[ledger.alias()]
    messages = [
        (
            _by_key(connection.alias, model),
            {**owned_by(pk), KEYS: array(connection, prepared(model._meta.pk, keys, connection))},
        )
        for name, model in event_types().items()
        if (keys := wanted.get(name))
    ]
    receipts = BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=wanted.get(refs.BROADCAST, ()))
    return {row.key: row for row in [*of_messages(messages), *of_receipts(receipts)]}


@cache
def _by_key(alias: str, model: type[Message]) -> Compiled[Any]:
    return compiled(model.objects.using(alias).filter(Among("pk", KEYS), recipient=Value(RECIPIENT)))


def compiled(messages: QuerySet[Any]) -> Compiled[Any]:
    """What `of_messages` reads of these messages of one type. Raises EmptyResultSet if there can be none."""
    rows = messages.order_by().annotate(_key=Cast("pk", TextField()))  # a name that no column of a site has
    return Compiled(rows.values_list("seq", "_key", "thread", "created_at", *OF_MESSAGES))


def owned_by(pk: UserPk) -> dict[Parameter, object]:
    return {RECIPIENT: Mailbox._meta.pk.get_db_prep_value(pk, connections[ledger.alias()])}


def of_messages(parts: Sequence[tuple[Compiled[Any], Values]], most: int | None = None) -> list[Marked]:
    """The messages of these types by `seq`, the first so many of them. One statement, or none."""
    types = [(part.model.event_type(), part.model._meta.pk.to_python) for part, _values in parts]
    return [
        Marked(Key(name, key), key, dict(zip(OF_MESSAGES, marks, strict=True)), seq, thread, created_at)
        for number, seq, text, thread, created_at, *marks in unions.tuples(parts, 1, most)
        for name, to_python in [types[number]]
        for key in [to_python(text)]
    ]


def of_receipts(receipts: QuerySet[BroadcastReceipt]) -> list[Marked]:
    found = receipts.order_by().values_list("pk", "broadcast", "broadcast__again", *OF_RECEIPTS)
    return [
        Marked(Key(refs.BROADCAST, key), pk, columns, counts=columns["revision"] >= again)
        for pk, key, again, *marks in found
        for columns in [dict(zip(OF_RECEIPTS, marks, strict=True))]
    ]


def write(pk: UserPk, rows: Iterable[Marked]) -> int:
    """Write those rows of the user whose columns differ, under a new version of the mailbox, and note it for undo;
    returns how many those are."""
    by_type: defaultdict[str, list[Marked]] = defaultdict(list)
    for row in rows:
        if row.after != row.before:
            by_type[row.type].append(row)
    if not by_type:
        return 0
    ledger.advance([pk])
    version = Mailbox.objects.values_list("version", flat=True).get(pk=pk)
    changed = [row for of_type in by_type.values() for row in of_type]
    for row in changed:
        if row.is_unread and not _is_unread(row.before):
            row.after["since"] = version
        journal.note(row.key, row.before, row.after)
    for name, of_type in by_type.items():
        _update(BroadcastReceipt if name == refs.BROADCAST else event_types()[name], of_type)
    thread_counts.marked(event_types(), pk, changed)
    return len(changed)


def _is_unread(columns: Mapping[str, Any]) -> bool:
    return all(columns[name] is None for name in NULL_IF_UNREAD)


def _update(model: type[Message] | type[BroadcastReceipt], rows: Sequence[Marked]) -> None:
    """One statement, which writes the columns that differ in any of the rows."""
    connection = connections[ledger.alias()]
    names = [
        name for name in rows[0].after if any(row.is_replaced or row.after[name] != row.before[name] for row in rows)
    ]
    columns = {field.attname: field for field in model._meta.concrete_fields}
    fields = [model._meta.pk, *(columns[name] for name in names)]
    source, params = given(connection, fields, [(row.pk, *(row.after[name] for name in names)) for row in rows])
    quote = connection.ops.quote_name
    table, key, *written = [quote(str(name)) for name in (model._meta.db_table, *(each.column for each in fields))]
    sets = ", ".join(f"{column} = given.{column}" for column in written)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sets} FROM {source} WHERE {table}.{key} = given.{key}", params)
