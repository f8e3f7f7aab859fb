"""Sending: one message to any number of recipients, or many messages at once, in a few statements per thousand."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from django.db.models.expressions import DatabaseDefault
from django.utils.translation import gettext as _

from ..core.lookups import among, prepared
from ..core.users import UserOrPk, UserPk, user_pk, user_pks
from ..errors import BadValue
from ..models import Mailbox, Message, MutedType, ledger
from ..models.base import assign_versions
from ..models.message import clear_deleted_actors
from .recipients import Recipient

# SQLite allows one writer at a time: a loop without pauses would starve all others.
SQLITE_PAUSE_SECONDS = 0.02
# The columns of every message that a sender can't set.
OURS = {"recipient", "seq", "actor", "dedupe_key", "archived_at", "deleted_at", "since"}


def send(
    recipients: Iterable[UserOrPk],
    event_type: type[Message],
    *,
    actor: UserOrPk | None = None,
    url: str = "",
    dedupe_key: str | None = None,
    **columns: object,
) -> int:
    """Write one message of `event_type` into each recipient's mailbox; returns how many were written.

    Recipients are users or their ids. Unknown ids are skipped; duplicates count once. Each chunk of 1,000 is a
    transaction of its own, unless the caller has one open. With a `dedupe_key`, the message replaces the recipient's
    unread messages of this type with the same key. Raises BadValue for columns that the type does not allow.
    """
    ids = sorted(set(user_pks(recipients)))
    message = draft(event_type, actor=actor, url=url, dedupe_key=dedupe_key, **columns)
    written = 0
    for chunk in ledger.chunks(ids):
        if written:
            let_others_write()
        written += _write_retrying(chunk, message)
    return written


def draft(
    event_type: type[Message], *, actor: UserOrPk | None = None, dedupe_key: str | None = None, **columns: object
) -> Message:
    """An unsaved message without a recipient. Raises BadValue for columns that the type does not allow."""
    _require_columns(event_type, columns)
    actor_id = user_pk(actor) if actor is not None else None
    message = event_type(actor_id=actor_id, dedupe_key=dedupe_key or None, **columns)
    try:
        message.clean_fields(exclude={"recipient", "seq", "actor"})
    except ValidationError as error:
        raise BadValue("; ".join(f"{field}: {' '.join(said)}" for field, said in error.message_dict.items())) from error
    return message


@dataclass(frozen=True, slots=True)
class Order:
    """A drafted message and its recipients, any number of them.

    `recipients` are primary keys of users, sorted and unique. `unknown` are the recipients that do not exist, as given.
    """

    message: Message
    recipients: Sequence[UserPk]
    unknown: Sequence[Recipient] = ()


def write_orders(orders: Sequence[Order]) -> list[int]:
    """Write up to 1,000 messages in this order, in one transaction (or the caller's); returns how many of each order.

    The number of statements does not grow with the number of orders.
    """
    if not orders:
        return []
    if len(orders) == 1:
        return [write(orders[0].recipients, orders[0].message)]
    counts = Counter(pk for order in orders for pk in order.recipients)
    with ledger.locked(counts) as found:
        here = frozenset(found)
        rows = [copy_for(pk, order.message) for order in orders for pk in order.recipients if pk in here]
        assign_versions(rows, ledger.advance_each({pk: counts[pk] for pk in found}))
        _insert_each(rows)
        return [sum(pk in here for pk in order.recipients) for order in orders]


def _insert_each(rows: Sequence[Message]) -> None:
    for model in dict.fromkeys(type(row) for row in rows):
        arriving = _newest([row for row in rows if type(row) is model])
        ledger.announce(list(dict.fromkeys(row.recipient_id for row in arriving)), model.announced_as())
        model.objects.insert(arriving)


def _newest(rows: list[Message]) -> list[Message]:
    """Of rows with the same recipient and dedupe key only the last, because it would replace the others."""
    last = {(row.recipient_id, row.dedupe_key or id(row)): row for row in rows}
    return list(last.values())


def write(ids: Sequence[UserPk], message: Message) -> int:
    """Write a drafted message to up to 1,000 users, in one transaction (or the caller's); returns how many exist."""
    if message._meta.auto_field is None:
        return _write_one_by_one(ids, message)
    with ledger.advanced(ids, message.announced_as()) as found:
        if found:
            clear_deleted_actors([message])
            if message.dedupe_key is not None:
                message.delete_replaced({(pk, message.dedupe_key) for pk in found})
            _insert(found, message)
        return len(found)


_write_retrying = ledger.retrying(write)


def _write_one_by_one(ids: Sequence[UserPk], message: Message) -> int:
    """For primary keys that Python generates, such as UUIDs."""
    with ledger.locked(ids) as found:
        return len(type(message).objects.bulk_create([copy_for(pk, message) for pk in found]))


def copy_for(recipient_id: UserPk, message: Message) -> Message:
    """A copy of the drafted message for this recipient."""
    copy = deepcopy(message)
    copy.pk, copy.recipient_id = message._meta.pk.get_default(), recipient_id
    return copy


def _insert(ids: Sequence[UserPk], message: Message) -> None:
    """One INSERT … SELECT from the mailboxes: the version of each mailbox becomes the `seq` of its row."""
    connection = connections[ledger.alias()]
    quote = connection.ops.quote_name
    selected: dict[str, tuple[str, list[Any]]] = {"recipient_id": (quote("user_id"), [])}
    selected["seq"] = quote("version"), []
    fields = [field for field in message._meta.concrete_fields if _is_given(field, message)]
    for field in fields:
        value = field.get_db_prep_save(field.pre_save(message, add=True), connection)
        selected.setdefault(field.attname, ("%s", [value]))
    if message.can_be_muted:
        selected["read_at"] = _read_if_muted(message, connection)
    keys = prepared(Mailbox._meta.pk, ids, connection)
    these, of_these = among(connection, quote("user_id"), keys)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = ", ".join(selected[field.attname][0] for field in fields)
    params = [param for field in fields for param in selected[field.attname][1]]
    table, mailboxes = quote(message._meta.db_table), quote(Mailbox._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {mailboxes} WHERE {these}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *of_these])


def _is_given(field: "Field[Any, Any]", message: Message) -> bool:
    """Whether the value of the column comes from Python, and not from the database."""
    by_database = field.primary_key or field.generated
    return not by_database and not isinstance(getattr(message, field.attname), DatabaseDefault)


def _read_if_muted(message: Message, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """SQL and parameters for the column `read_at`: set if the mailbox has muted this type."""
    quote = connection.ops.quote_name
    table, owner = quote(MutedType._meta.db_table), f"{quote(Mailbox._meta.db_table)}.{quote('user_id')}"
    muted = f"SELECT 1 FROM {table} WHERE {quote('mailbox_id')} = {owner} AND {quote('type')} = %s"
    field = type(message).read_at.field
    moments = (message.read_at or message.created_at, message.read_at)
    read, unread = (field.get_db_prep_save(moment, connection) for moment in moments)
    return f"CASE WHEN EXISTS ({muted}) THEN %s ELSE %s END", [message.event_type(), read, unread]


def _require_columns(event_type: type[Message], names: Iterable[str]) -> None:
    fields = [field for field in event_type._meta.concrete_fields if not field.primary_key and field.name not in OURS]
    if unknown := sorted(set(names) - {name for field in fields for name in (field.name, field.attname)}):
        raise BadValue(_("A %(type)s has no %(names)s.") % {"type": event_type.event_type(), "names": unknown})


def let_others_write() -> None:
    """Pause between two chunks if the database is SQLite."""
    connection = connections[ledger.alias()]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(SQLITE_PAUSE_SECONDS)
