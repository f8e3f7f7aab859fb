"""What a recall removes, up to a thousand rows in one transaction: messages, and with a deleted object also its follows
and silences."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import Error, IntegrityError, connections
from django.db.models import DO_NOTHING, Count, Q, QuerySet

from ...core.lookups import Among
from ...models import Correction, Following, Message, Silence, event_types, ledger
from ..attempts import drop_chunks
from .batches import Messages, messages_of

Choices = list[tuple[QuerySet[Any], list[Any]]]  # rows of a table, and the keys of up to a thousand of them


class Key(NamedTuple):
    """A message: its type and its primary key."""

    type: str
    pk: Any

    def __str__(self) -> str:
        return f"{self.type}:{self.pk}"


def recall_some(correction: Correction) -> bool:
    """Remove up to a thousand messages; returns whether there may be more. Those that their recipients have deleted go,
    too, but do not count.

    Once a message could not be removed, `position` is set, and the recall goes on from there, in the order of types and
    keys. When it comes to the end without one that is kept, it looks once more at all.
    """
    if correction.send_id is not None:
        drop_chunks(correction.send_id)  # what a worker held when the send was marked
    keys = in_order(correction) if correction.position else _any(correction)
    choices = _choices(correction, ledger.CHUNK - len(keys))
    remove([correction], keys, choices)
    if keys and correction.position:
        correction.position = str(keys[-1])
    if len(keys) + sum(len(pks) for _rows, pks in choices) >= ledger.CHUNK:
        return True
    if not correction.position or correction.kept:
        return False
    correction.position = ""
    return True


def _any(correction: Correction) -> list[Key]:
    found: list[Key] = []
    for rows in messages_of(correction):
        if room := ledger.CHUNK - len(found):
            found += _keys(rows.order_by(), room)
    return found


def in_order(correction: Correction) -> list[Key]:
    """The next messages after its position, in the order of types and keys."""
    kind, _colon, pk = correction.position.partition(":")
    found: list[Key] = []
    for rows in sorted(messages_of(correction), key=lambda rows: rows.model.event_type()):
        if (name := rows.model.event_type()) == kind:
            rows = rows.filter(pk__gt=rows.model._meta.pk.to_python(pk))
        if name >= kind and (room := ledger.CHUNK - len(found)):
            found += _keys(rows.order_by("pk"), room)
    return found


def _keys(rows: Messages, most: int) -> list[Key]:
    name = rows.model.event_type()
    return [Key(name, pk) for pk in rows.values_list("pk", flat=True)[:most]]


def _choices(correction: Correction, most: int) -> Choices:
    """Up to so many follows and silences of a deleted object, from before its deletion."""
    found: Choices = []
    for table in (Following, Silence) if correction.send_id is None else ():
        rows = table.objects.filter(subject=correction.subject, created_at__lte=correction.created_at).order_by()
        pks = list(rows.values_list("pk", flat=True)[:most])
        most -= len(pks)
        if pks:
            found.append((rows, pks))
    return found


def remove(corrections: Sequence[Correction], keys: Sequence[Key], choices: Choices | tuple[()] = ()) -> None:
    """Remove these messages, follows and silences, and count the messages for the recall, or of several for the one
    about their subject. All mailboxes are locked at once, sorted."""
    by_subject = {correction.subject: correction for correction in corrections}
    messages = [_rows(name, keys) for name in dict.fromkeys(key.type for key in keys)]
    owners = [pk for rows in messages for pk in rows._recipients()]
    chosen = [rows.filter(Among("pk", pks)) for rows, pks in choices]
    owners += [pk for table in chosen for pk in table.values_list("mailbox_id", flat=True)]
    with ledger.locked(owners):
        for rows in messages:
            had = {"_found": Count("pk"), "_read": Count("pk", filter=Q(read_at__isnull=False))}
            counts = rows.filter(deleted_at=None).order_by().values_list("subject").annotate(**had)
            for subject, found, read in list(counts):
                correction = by_subject.get(subject or "", corrections[0])
                correction.found += found
                correction.read += read
            rows.delete()
        for table in chosen:
            table.delete()  # except those that were renewed meanwhile


def _rows(name: str, keys: Sequence[Key]) -> Messages:
    model: type[Message] = event_types()[name]
    return model.objects.filter(Among("pk", [key.pk for key in keys if key.type == name]))


def is_refused(error: Exception) -> bool:
    """Whether a message could not be removed. Other errors of the database may be over when it is tried again."""
    return isinstance(error, IntegrityError) or not isinstance(error, Error)


def require_unreferenced(correction: Correction) -> None:
    """Raise IntegrityError if rows of the site refer to messages that this transaction has removed, and neither go with
    them nor protect them (`DO_NOTHING`). Otherwise its commit would raise it."""
    tables = [
        relation.related_model._meta.db_table  # type: ignore[union-attr]
        for rows in messages_of(correction)
        for relation in rows.model._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and getattr(relation, "on_delete", None) is DO_NOTHING
    ]
    if tables:
        connections[ledger.alias()].check_constraints(table_names=tables)
