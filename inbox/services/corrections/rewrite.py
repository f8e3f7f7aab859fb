"""Rewrites: the messages of a send get new values in some of their columns."""

from collections.abc import Mapping

from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ...errors import BadValue, NotCorrectable
from ...models import Correction, CorrectionKind, Message, Send, event_types, ledger
from ..sending import OURS, require_columns, stored_button
from ..sends import stored_message, text_of
from .batches import attnames_of
from .work import begin, locked_send, require_linked

# A sender may say that a message arrives read, and when it was made. Later, that is the act of its recipient, and its
# place.
OURS_SINCE = {*OURS, "read_at", "created_at"}


@ledger.retrying
def rewrite(send_id: int, columns: Mapping[str, object], *, again: bool = False) -> Correction:
    """Give every message of this send these values; also those that are still to be written.

    What recipients have done with a message stays: it is read, archived, starred as before, and in the same thread.
    With `again` it arrives a second time: unread, in the inbox, with a toast; not for those who deleted it or have
    muted its type. Returns how far that has come. Raises NotFound; BadValue for values that the type does not allow;
    NotCorrectable if the send was recalled, or its messages do not name it.
    """
    with transaction.atomic(using=ledger.alias()):
        send = locked_send(send_id)
        require_linked(send)
        if send.recalled_at is not None:
            raise NotCorrectable(_("This message was recalled."))
        new = _drafted(send, columns)
        values = _serialized(new, columns) if columns else "{}"
        correction = Correction(send=send, kind=CorrectionKind.REWRITE, values=values, again=again)
        if send.finished_at is not None:
            return begin(correction, at_once=True)
        _rewrite_stored(send, new, columns)
        # A chunk that was written from the old text is committed by now, or will be rolled back. The others have it.
        last = type(new).objects.filter(send_id=send.pk).order_by("-pk").values_list("pk", flat=True).first()
        # Random keys don't tell which: where the messages arrive again, the chunks wait (`sends._free`).
        ascend = type(new)._meta.auto_field is not None
        correction.until = str(last) if last is not None and (ascend or not again) else ""
        return begin(correction, at_once=False, is_empty=last is None)


def _drafted(send: Send, columns: Mapping[str, object]) -> Message:
    """A message with these values, and no others. Raises BadValue."""
    event_type = event_types().get(send.type)
    if event_type is None:
        raise BadValue(_("There is no event type “%s” any more.") % send.type)
    require_columns(event_type, columns, ours=OURS_SINCE)
    message = event_type(**columns)
    if "buttons" in columns:
        message.buttons = [stored_button(button) for button in message.buttons or ()] or None
    given = {field.name for field in event_type._meta.concrete_fields if {field.name, field.attname} & set(columns)}
    try:
        message.clean_fields(exclude={field.name for field in event_type._meta.concrete_fields} - given)
    except ValidationError as error:
        raise BadValue("; ".join(f"{field}: {' '.join(said)}" for field, said in error.message_dict.items())) from error
    return message


def _serialized(message: Message, columns: Mapping[str, object]) -> str:
    """Only these columns, as Django serializes them."""
    names = [message._meta.get_field(name).name for name in columns]
    return str(serializers.serialize("json", [message], fields=names))


def _rewrite_stored(send: Send, new: Message, columns: Mapping[str, object]) -> None:
    """The text for the chunks that are still to be written."""
    message = stored_message(send)
    message.first_thread_name = message.lasting_thread_name()
    for attname in attnames_of(type(message), columns):
        setattr(message, attname, getattr(new, attname))
    message.send_id = None
    text = text_of(message, send.topic)
    Send.objects.filter(pk=send.pk).update(message=text, rewrites=F("rewrites") + 1)
