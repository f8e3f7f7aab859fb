"""Sends: what another service asked for, written at once, or in parts by whoever gets to it.

A part is done in one transaction with the mark that says so: a worker that dies leaves it undone, and one that comes
second finds it done. So nobody gets a message twice or not at all, however often it is tried.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import ledger
from ..core.isolation import log_failure
from ..core.snapshots import user_id
from ..core.users import UserPk
from ..errors import BadValue
from ..models import Message, Send, SendChunk, ServiceToken, event_types
from ..signals import send_queued
from .attempts import PENDING, failed, keys_in, no_users, note_failure, ready, settle
from .sending import Order, let_others_write, write, write_orders

STALLED = timedelta(seconds=10)  # without progress: its worker is dead, or has never heard of it


def start_sends(orders: Sequence[Order], token: ServiceToken | None = None) -> list[Send]:
    """Write the orders that fit into 1,000 messages now, and queue the others; one transaction, or the caller's."""
    room, fits = ledger.CHUNK, []
    for order in orders:
        fits.append(len(order.recipients) <= room)
        room -= len(order.recipients) if fits[-1] else 0
    with transaction.atomic(using=ledger.alias()):
        written = iter(write_orders([order for order, now in zip(orders, fits, strict=True) if now]))
        counts = [next(written) if now else None for now in fits]
        sends = Send.objects.bulk_create(
            [_send(order, token, count) for order, count in zip(orders, counts, strict=True)]
        )
        queued = [(send, order) for send, order in zip(sends, orders, strict=True) if send.finished_at is None]
        SendChunk.objects.bulk_create(
            [_chunk(send, ids) for send, order in queued for ids in ledger.chunks(order.recipients)], batch_size=50
        )
        for send, _order in queued:
            _announce(send.pk)
    return sends


def _send(order: Order, token: ServiceToken | None, created: int | None) -> Send:
    """`created` is the number of messages written; None for an order that is queued."""
    kind, recipients, unknown = order.message.event_type(), len(order.recipients), len(order.unknown)
    send = Send(token=token, type=kind, recipients=recipients, unknown=unknown)
    if created is None:
        send.message = serializers.serialize("json", [order.message])
    else:
        send.created, send.finished_at = created, send.created_at
    return send


def _chunk(send: Send, ids: Sequence[UserPk]) -> SendChunk:
    return SendChunk(send=send, recipients=[user_id(pk) for pk in ids])


def work_off(send_id: int) -> bool:
    """Try the first part of a send that nobody is at; whether there was one, so that there may be more.

    Any number of workers may do so at once. A part that can't be written is tried again later, and fails with the 8th
    try; the other parts do not wait for it. Raises only what the database raises when not even that can be noted.
    """
    tried: list[SendChunk] = []
    try:
        found = _write_next(send_id, tried)
    except Exception as error:
        if not tried:
            raise
        note_failure(tried[-1], error)
        found = True
    if found:
        let_others_write()
    else:
        _finish(send_id)
    return found


def finish_stalled(after: timedelta = STALLED) -> int:
    """Work off the sends that have not come on for so long; returns how many there were. Run by sweeps."""
    parts = SendChunk.objects.filter(send=OuterRef("pk"))
    late = Send.objects.pending().filter(progress_at__lt=timezone.now() - after)
    late = late.filter(Exists(parts.filter(ready())) | ~Exists(parts.filter(PENDING)))
    taken = [pk for pk, seen in late.order_by("progress_at").values_list("pk", "progress_at")[:100] if _take(pk, seen)]
    left = taken
    while left := [pk for pk in left if _come_on(pk)]:  # a part of each in turn: the largest keeps no other back
        pass
    return len(taken)


def retry_send(send_id: int) -> bool:
    """Try a failed send again, from where it stopped; whether it had failed."""
    fresh = {"failed_at": None, "reason": ""}
    with transaction.atomic(using=ledger.alias()):
        found = Send.objects.failed().filter(pk=send_id).update(progress_at=timezone.now(), **fresh)
        if found:
            SendChunk.objects.filter(send=send_id, failed_at__isnull=False).update(attempts=0, retry_at=None, **fresh)
            _announce(send_id)
    return bool(found)


def _come_on(send_id: int) -> bool:
    """Whether there may be more to do."""
    try:
        return work_off(send_id)
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(f"Working off send {send_id}")
        return False


def _take(pk: int, seen: datetime) -> bool:
    """Of all who have seen it standing still, one takes it over."""
    return bool(Send.objects.pending().filter(pk=pk, progress_at=seen).update(progress_at=timezone.now()))


def _announce(send_id: int) -> None:
    announce = partial(send_queued.send_robust, Send, send_id=send_id)
    transaction.on_commit(announce, using=ledger.alias(), robust=True)


def _finish(send_id: int) -> None:
    """Nothing is left that could be tried, now or later: it is done, or has failed."""
    parts = SendChunk.objects.filter(send=OuterRef("pk"))
    gone = parts.filter(failed_at__isnull=False).order_by("pk")
    over = Send.objects.pending().filter(~Exists(parts.filter(PENDING)), pk=send_id)
    over.filter(~Exists(gone)).update(finished_at=timezone.now(), message="", reason="")
    over.filter(Exists(gone)).update(failed_at=timezone.now(), reason=Subquery(gone.values("reason")[:1]))


@ledger.retrying
def _write_next(send_id: int, tried: list[SendChunk]) -> bool:
    """Write the first part that nobody is at; whether there was one. It is appended to `tried` before."""
    with transaction.atomic(using=ledger.alias()):
        chunk = _free(send_id)
        if chunk is None:
            return False
        tried.append(chunk)
        keys, strange = keys_in(chunk.recipients)
        written, now = write(keys, _event(chunk.send)), timezone.now()
        reason = no_users(strange) if strange else ""
        outcome = failed(chunk, reason) if strange else {"done_at": now}
        if settle(chunk, recipients=strange, **outcome):
            Send.objects.filter(pk=send_id).update(created=F("created") + written, progress_at=now, reason=reason)
        else:  # a database without row locks
            transaction.set_rollback(True, using=ledger.alias())
        return True


def _free(send_id: int) -> SendChunk | None:
    """A part to do, locked. What another worker holds is passed over: that one may be frozen."""
    undone = SendChunk.objects.filter(ready(), send=send_id).order_by("pk")
    features: Any = connections[ledger.alias()].features
    if features.has_select_for_update:
        skip, of = features.has_select_for_update_skip_locked, ("self",) if features.has_select_for_update_of else ()
        undone = undone.select_for_update(skip_locked=skip, of=of)
    return undone.select_related("send").first()


def _event(send: Send) -> Message:
    """The message as it was drafted; its class may have been renamed since, but not its type. BadValue if there is no
    such type any more, or it can't hold the message: a deploy may have changed it."""
    try:
        [document] = json.loads(send.message)
        document["model"] = event_types()[send.type]._meta.label
        [found] = serializers.deserialize("python", [document])
    except (DeserializationError, LookupError, ValueError, TypeError) as error:
        raise BadValue(_("There is no event type “%s” that this message could be.") % send.type) from error
    message: Any = found.object
    return message  # type: ignore[no-any-return]
