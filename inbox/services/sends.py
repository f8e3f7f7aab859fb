"""Sends: what another service asked for, written at once, or in parts by whoever gets to it.

A part is done in one transaction with the mark that says so: a worker that dies leaves it undone, and one that comes
second finds it done. So nobody gets a message twice or not at all, however often it is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.core import serializers
from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from .. import ledger
from ..models import Message, Send, SendChunk, ServiceToken
from ..signals import send_queued
from ..snapshots import user_id
from ..users import user_pk
from .batch import Delivery, write_all
from .send import let_others_write, write

STALLED = timedelta(seconds=10)  # without progress: its worker is dead, or has never heard of it


@dataclass(frozen=True, slots=True)
class Order:
    """A drafted message, the sorted ids of those who get it, and how many who should do not exist."""

    message: Message
    ids: Sequence[Any]
    unknown: int = 0


def start_sends(orders: Sequence[Order], token: ServiceToken | None = None) -> list[Send]:
    """Write orders for up to 1,000 recipients in all now, and queue the others; one transaction, or the caller's."""
    room, now = ledger.CHUNK, []
    for order in orders:
        if len(order.ids) <= room:
            now.append(order)
            room -= len(order.ids)
    with transaction.atomic(using=ledger.alias()):
        written = dict(zip(map(id, now), _write(now), strict=True))
        sends = Send.objects.bulk_create([_send(order, token, written.get(id(order))) for order in orders])
        queued = [(send, order) for send, order in zip(sends, orders, strict=True) if send.finished_at is None]
        SendChunk.objects.bulk_create(
            [_chunk(send, ids) for send, order in queued for ids in ledger.chunks(order.ids)], batch_size=50
        )
        for send, _order in queued:
            announce = partial(send_queued.send_robust, Send, send_id=send.pk)
            transaction.on_commit(announce, using=ledger.alias(), robust=True)
    return sends


def _write(orders: Sequence[Order]) -> list[int]:
    return write_all([Delivery(order.message, order.ids) for order in orders]) if orders else []


def _send(order: Order, token: ServiceToken | None, created: int | None) -> Send:
    """`created` is None for what is only queued."""
    send = Send(token=token, type=order.message.event_type(), recipients=len(order.ids), unknown=order.unknown)
    if created is None:
        send.message = serializers.serialize("json", [order.message])
    else:
        send.created, send.finished_at = created, send.created_at
    return send


def _chunk(send: Send, ids: Sequence[Any]) -> SendChunk:
    return SendChunk(send=send, recipients=[user_id(pk) for pk in ids])


def work_off(send_id: int) -> bool:
    """Write the first part of a send that nobody is at; whether there was one, so that there may be more.

    Any number of workers may do so at once.
    """
    if _write_next(send_id):
        let_others_write()
        return True
    pending = SendChunk.objects.filter(send=OuterRef("pk"), done_at=None)
    unfinished = Send.objects.filter(~Exists(pending), pk=send_id, finished_at=None)
    unfinished.update(finished_at=timezone.now(), message="")
    return False


def finish_stalled(after: timedelta = STALLED) -> int:
    """Work off the sends that have not come on for so long; returns how many there were. Run by sweeps."""
    late = Send.objects.filter(finished_at=None, progress_at__lt=timezone.now() - after)
    taken = [pk for pk, seen in late.order_by("progress_at").values_list("pk", "progress_at")[:100] if _take(pk, seen)]
    for pk in taken:
        while work_off(pk):
            pass
    return len(taken)


def _take(pk: int, seen: Any) -> bool:
    """Of all who have seen it standing still, one takes it over."""
    return bool(Send.objects.filter(pk=pk, finished_at=None, progress_at=seen).update(progress_at=timezone.now()))


@ledger.retrying
def _write_next(send_id: int) -> bool:
    """Write the first part that nobody is at; whether there was one."""
    with transaction.atomic(using=ledger.alias()):
        chunk = _free(send_id)
        if chunk is None:
            return False
        written = write([user_pk(user) for user in chunk.recipients], _event(chunk.send))
        undone = SendChunk.objects.filter(pk=chunk.pk, done_at=None)
        if undone.update(done_at=timezone.now(), recipients=[]):
            progress = {"created": F("created") + written, "progress_at": timezone.now()}
            Send.objects.filter(pk=send_id).update(**progress)
        else:  # a database without row locks
            transaction.set_rollback(True, using=ledger.alias())
        return True


def _free(send_id: int) -> Any:
    """A part to do, locked. What another worker holds is passed over: that one may be frozen."""
    undone = SendChunk.objects.filter(send=send_id, done_at=None).order_by("pk")
    features: Any = connections[ledger.alias()].features
    if features.has_select_for_update:
        skip, of = features.has_select_for_update_skip_locked, ("self",) if features.has_select_for_update_of else ()
        undone = undone.select_for_update(skip_locked=skip, of=of)
    return undone.select_related("send").first()


def _event(send: Send) -> Message:
    """The message as it was drafted."""
    [found] = serializers.deserialize("json", send.message)
    message: Any = found.object
    return message  # type: ignore[no-any-return]
