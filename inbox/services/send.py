"""Sending: one event, any number of mailboxes, a few statements per thousand."""

import time
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils.translation import gettext as _

from .. import ledger
from ..errors import BadValue
from ..lookups import among, prepared
from ..models import Mailbox, Message
from ..users import user_pk, user_pks

# SQLite has one writer: a tight loop of chunks would starve every other one.
SQLITE_PAUSE_SECONDS = 0.02
OURS = {"recipient", "seq", "actor", "archived_at", "deleted_at"}  # of a message's columns, not for the sender to set


def send(
    recipients: Iterable[Any], event_type: type[Message], *, actor: Any = None, url: str = "", **columns: Any
) -> int:
    """Write one message of `event_type` into each recipient's mailbox; returns how many were written.

    Recipients are users or their ids; ids of no user are passed over, duplicates count once. Chunks of 1,000 commit
    one by one unless the caller has a transaction open. Raises BadValue for columns that the type does not allow.
    """
    ids = sorted(set(user_pks(recipients)))
    _know(event_type, columns)
    message = event_type(actor_id=user_pk(actor) if actor is not None else None, url=url, **columns)
    _validate(message)
    written = 0
    for chunk in ledger.chunks(ids):
        if written:
            _let_others_write()
        written += _send_chunk(chunk, message)
    return written


@ledger.retrying
def _send_chunk(ids: Sequence[Any], message: Message) -> int:
    if message._meta.auto_field is None:
        return _send_one_by_one(ids, message)
    with ledger.advanced(ids, message.arrival()) as found:
        if found:
            _forget_deleted_actor(message)
            _insert(found, message)
        return len(found)


def _send_one_by_one(ids: Sequence[Any], message: Message) -> int:
    """For keys that are made in Python."""
    with ledger.locked(ids) as found:
        _forget_deleted_actor(message)
        return len(type(message).objects.bulk_create([_copy(message, pk) for pk in found]))


def _copy(message: Message, recipient_id: Any) -> Message:
    pk = message._meta.pk.get_default()
    copy = deepcopy(message)
    copy.pk, copy.recipient_id = pk, recipient_id
    return copy


def _insert(ids: Sequence[Any], message: Message) -> None:
    """One INSERT … SELECT from the mailboxes, whose version is each row's `seq`."""
    connection = connections[ledger.alias()]
    quote = connection.ops.quote_name
    sources = {"recipient_id": quote("user_id"), "seq": quote("version")}
    fields = [field for field in message._meta.concrete_fields if not field.primary_key]
    constants = [field for field in fields if field.attname not in sources]
    values = [field.get_db_prep_save(getattr(message, field.attname), connection) for field in constants]
    selected = ", ".join(sources.get(field.attname, "%s") for field in fields)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    keys = prepared(Mailbox._meta.pk, ids, connection)
    these, of_these = among(connection, quote("user_id"), keys)
    table, mailboxes = quote(message._meta.db_table), quote(Mailbox._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) SELECT {selected} FROM {mailboxes} WHERE {these}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *of_these])


def _know(event_type: type[Message], names: Iterable[str]) -> None:
    fields = [field for field in event_type._meta.concrete_fields if not field.primary_key and field.name not in OURS]
    if unknown := sorted(set(names) - {name for field in fields for name in (field.name, field.attname)}):
        raise BadValue(_("A %(type)s has no %(names)s.") % {"type": event_type.event_type(), "names": unknown})


def _validate(message: Message) -> None:
    try:
        message.clean_fields(exclude={"recipient", "seq", "actor"})
    except ValidationError as error:
        raise BadValue("; ".join(f"{field}: {' '.join(said)}" for field, said in error.message_dict.items())) from error


def _forget_deleted_actor(message: Message) -> None:
    """An actor deleted since the call began becomes "Someone", as it does in messages already sent."""
    if message.actor_id is None:
        return
    users = get_user_model()._base_manager.using(ledger.alias())
    if not users.filter(pk=message.actor_id).exists():
        message.actor = None


def _let_others_write() -> None:
    connection = connections[ledger.alias()]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(SQLITE_PAUSE_SECONDS)
