"""The messages that a correction is about, and how up to a thousand of them are rewritten in one transaction."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.serializers.base import DeserializationError
from django.db import router
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.lookups import Among
from ...errors import BadValue
from ...models import Correction, Level, Mailbox, Message, MutedType, Silence, event_types, ledger, refs
from ...models.base import MailboxRowQuerySet
from ...models.message import wake_threads
from ...models.subjects import in_force

Messages = MailboxRowQuerySet[Message]


def messages_of(correction: Correction) -> Iterator[Messages]:
    """The messages that it is about, of each event type. None of a type that is no longer installed."""
    if correction.send is not None:
        model = event_types().get(correction.send.type)
        if model is not None:
            yield model.objects.filter(send_id=correction.send_id)
        return
    about = from_before(correction)
    for model in event_types().values():
        yield model.objects.filter(about, subject=correction.subject)


def from_before(correction: Correction) -> Q:
    """If there is a new object with the key of the deleted one, only messages and sends from before the deletion are
    about the deleted one.

    So they are if nobody can tell, because a subject does not say the key of several columns, for example.
    """
    label, _colon, key = correction.subject.partition(":")
    try:
        model = apps.get_model(label)
        is_new = model._base_manager.using(router.db_for_write(model)).filter(pk=key).exists()
    except LookupError:
        is_new = False
    except (ValueError, TypeError, ValidationError):
        is_new = True
    return Q(created_at__lte=correction.created_at) if is_new else Q()


def rewrite_some(correction: Correction) -> bool:
    """Rewrite up to a thousand messages, in the order of their keys."""
    for rows in messages_of(correction):
        values = _values(correction, rows.model)
        keys = list(_following(correction, rows).values_list("pk", flat=True)[: ledger.CHUNK])
        if not keys:
            return False
        batch = rows.model.objects.filter(Among("pk", keys))
        with ledger.locked(batch._recipients()) as found:
            correction.found += batch.filter(deleted_at=None).count()
            if correction.again:
                _let_arrive(batch, found, values)
            elif values:
                batch.update(**values)
        correction.position = str(keys[-1])
        return len(keys) == ledger.CHUNK
    return False


def _following(correction: Correction, rows: Messages) -> Messages:
    key = rows.model._meta.pk
    if correction.position:
        rows = rows.filter(pk__gt=key.to_python(correction.position))
    if correction.until:
        rows = rows.filter(pk__lte=key.to_python(correction.until))
    return rows.order_by("pk")


def _values(correction: Correction, model: type[Message]) -> dict[str, Any]:
    """The new values by column. Raises BadValue if a deploy has changed the type so that they do not fit."""
    try:
        [document] = json.loads(correction.values) or [{"fields": {}}]
        [found] = serializers.deserialize("python", [{**document, "pk": None, "model": model._meta.label}])
    except (DeserializationError, LookupError, ValueError, TypeError) as error:
        raise BadValue(_("There is no event type “%s” that this message could be.") % model.event_type()) from error
    attnames = attnames_of(model, document["fields"])
    values = {attname: getattr(found.object, attname) for attname in attnames}
    return values | ({"pressed": None} if "buttons" in values else {})  # it was one of the old buttons


def attnames_of(model: type[Message], names: Iterable[str]) -> list[str]:
    """The columns of these fields: `post` is stored in `post_id`."""
    columns = {name: field.attname for field in model._meta.concrete_fields for name in (field.name, field.attname)}
    return [columns[name] for name in names]


def _let_arrive(batch: Messages, recipients: list[Any], values: dict[str, Any]) -> None:
    """Rewrite messages, and let them arrive again for those who may hear of them. Their mailboxes are locked."""
    model = batch.model
    muted = MutedType.objects.filter(type=model.event_type(), mailbox__in=recipients).values("mailbox")
    quiet = Q(deleted_at__isnull=False) | (
        Q(recipient__in=list(muted.values_list("mailbox", flat=True))) & _mutable(model)
    )
    if not model.breaks_silence:
        silences = Silence.objects.filter(in_force(timezone.now()), mailbox=OuterRef("recipient"))
        quiet |= Q(Exists(silences.filter(subject=OuterRef("subject")))) & _mutable(model)
    silent = list(batch.filter(quiet).values_list("pk", flat=True))
    if values and silent:
        batch.filter(Among("pk", silent)).update(**values)
    loud = batch.exclude(pk__in=silent) if silent else batch
    told = loud._recipients()
    fresh = {"read_at": None, "archived_at": None, "snoozed_until": None}
    version = Mailbox.objects.filter(pk=OuterRef("recipient")).values("version")
    ledger.advance(told)  # also for those that have returned at this very version and are not changed otherwise
    loud.change(**values, **fresh, since=Subquery(version))
    wake_threads(set(loud.values_list("recipient_id", "thread")))
    ledger.announce(told, refs.BACK + model.event_type())


def _mutable(model: type[Message]) -> Q:
    """The messages whose level allows their recipients to mute them."""
    if "level" in {field.name for field in model._meta.concrete_fields}:
        return ~Q(level=Level.CRITICAL)
    return Q() if model.level != Level.CRITICAL else Q(pk__in=())
