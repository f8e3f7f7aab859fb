"""Sends: messages of another service, written at once or, if there are many, in chunks by any worker.

One transaction writes the messages of a chunk and marks the chunk as done. If a worker dies, its chunk stays pending;
if a second worker takes the same chunk, it finds it done. So each recipient gets the message exactly once, however
often a chunk is tried.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.isolation import log_failure
from ..core.snapshots import user_id
from ..core.users import UserPk
from ..errors import BadValue
from ..models import Message, Send, SendChunk, ServiceToken, event_types, ledger
from ..signals import send_queued
from .attempts import PENDING, Outcome, failed, invalid_recipients, note_failure, ready, settle, valid_keys
from .sending import Order, let_others_write, write, write_orders

STALLED = timedelta(seconds=10)  # without progress for so long: its worker is dead, or its task was lost


def start_sends(orders: Sequence[Order], token: ServiceToken | None = None) -> list[Send]:
    """Write the orders that fit into 1,000 messages, and queue the others, in one transaction (or the caller's)."""
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
    """Try to write the first chunk of a send that no other worker holds; returns whether there was such a chunk.

    Call it until it returns False. Any number of workers may call it at the same time. If a chunk can't be written,
    it is retried later, and given up after the 8th attempt; the other chunks do not wait for it. Raises only if the
    database can't store the failure either.
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
    """Work off the sends that made no progress for this long; returns how many. Sweeps call it."""
    chunks = SendChunk.objects.filter(send=OuterRef("pk"))
    late = Send.objects.pending().filter(progress_at__lt=timezone.now() - after)
    late = late.filter(Exists(chunks.filter(ready())) | ~Exists(chunks.filter(PENDING)))
    rows = late.order_by("progress_at").values_list("pk", "progress_at")[:100]
    claimed = [pk for pk, progress_at in rows if _claim(pk, progress_at)]
    left = claimed
    while left := [pk for pk in left if _work_off_logged(pk)]:  # one chunk of each in turn, so that none has to wait
        pass
    return len(claimed)


def retry_send(send_id: int) -> bool:
    """Retry the failed chunks of a failed send; returns False if the send had not failed."""
    fresh = {"failed_at": None, "reason": ""}
    with transaction.atomic(using=ledger.alias()):
        found = Send.objects.failed().filter(pk=send_id).update(progress_at=timezone.now(), **fresh)
        if found:
            SendChunk.objects.filter(send=send_id, failed_at__isnull=False).update(attempts=0, retry_at=None, **fresh)
            _announce(send_id)
    return bool(found)


def _work_off_logged(send_id: int) -> bool:
    """As `work_off`, but logs what it raises, and returns False then."""
    try:
        return work_off(send_id)
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(f"Working off send {send_id}")
        return False


def _claim(pk: int, progress_at: datetime) -> bool:
    """Claim a stalled send. If several sweeps have found it, only one of them gets True."""
    return bool(Send.objects.pending().filter(pk=pk, progress_at=progress_at).update(progress_at=timezone.now()))


def _announce(send_id: int) -> None:
    announce = partial(send_queued.send_robust, Send, send_id=send_id)
    transaction.on_commit(announce, using=ledger.alias(), robust=True)


def _finish(send_id: int) -> None:
    """If no chunk is pending any more, mark the send as finished or, if a chunk has failed, as failed."""
    chunks = SendChunk.objects.filter(send=OuterRef("pk"))
    failures = chunks.filter(failed_at__isnull=False).order_by("pk")
    over = Send.objects.pending().filter(~Exists(chunks.filter(PENDING)), pk=send_id)
    over.filter(~Exists(failures)).update(finished_at=timezone.now(), message="", reason="")
    over.filter(Exists(failures)).update(failed_at=timezone.now(), reason=Subquery(failures.values("reason")[:1]))


@ledger.retrying
def _write_next(send_id: int, tried: list[SendChunk]) -> bool:
    """Write the first free chunk; returns whether there was one. Appends the chunk to `tried` before it writes."""
    with transaction.atomic(using=ledger.alias()):
        chunk = _free(send_id)
        if chunk is None:
            return False
        tried.append(chunk)
        keys, invalid = valid_keys(chunk.recipients)
        written, now = write(keys, _message(chunk.send)), timezone.now()
        reason = invalid_recipients(invalid) if invalid else ""
        outcome = failed(chunk, reason) if invalid else Outcome(done_at=now)
        if settle(chunk, {**outcome, "recipients": invalid}):
            Send.objects.filter(pk=send_id).update(created=F("created") + written, progress_at=now, reason=reason)
        else:  # another worker was faster, on a database without row locks
            transaction.set_rollback(True, using=ledger.alias())
        return True


def _free(send_id: int) -> SendChunk | None:
    """The first chunk that is ready, locked. Skips chunks that another worker holds, because it may be frozen."""
    undone = SendChunk.objects.filter(ready(), send=send_id).order_by("pk")
    features = connections[ledger.alias()].features
    if features.has_select_for_update:
        skip, of = features.has_select_for_update_skip_locked, ("self",) if features.has_select_for_update_of else ()
        undone = undone.select_for_update(skip_locked=skip, of=of)
    return undone.select_related("send").first()


def _message(send: Send) -> Message:
    """The stored message. Its class may have been renamed since, but not its event type.

    Raises BadValue if a deploy has removed the event type, or has changed it so that the message does not fit.
    """
    try:
        [document] = json.loads(send.message)
        document["model"] = event_types()[send.type]._meta.label
        [found] = serializers.deserialize("python", [document])
    except (DeserializationError, LookupError, ValueError, TypeError) as error:
        raise BadValue(_("There is no event type “%s” that this message could be.") % send.type) from error
    return cast(Message, found.object)
