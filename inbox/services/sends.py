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
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.isolation import log_failure
from ..errors import BadValue, KeyTaken
from ..models import Correction, Message, Send, SendChunk, ServiceToken, event_types, ledger
from ..signals import send_queued
from .attempts import PENDING, Outcome, drop_chunks, failed, invalid_recipients, note_failure, ready, settle, valid_keys
from .choices.topics import chunks_of, has_more, number_of_others, with_followers, write_range
from .deletions import recalled_if_deleted
from .sending import Order, let_others_write, write, write_orders

THREAD_NAME = "first_thread_name"  # beside the columns of a stored message that was rewritten
STALLED = timedelta(seconds=10)  # without progress for so long: its worker is dead, or its task was lost


def start_sends(orders: Sequence[Order], token: ServiceToken | None = None) -> list[Send]:
    """Write the orders that fit into 1,000 messages, and queue the others, in one transaction (or the caller's).

    Raises KeyTaken if the token's service has used the key of one of the orders before.
    """
    room, fits = ledger.CHUNK, []
    orders = [with_followers(order) if order.topic else order for order in orders]
    for order in orders:
        fits.append(len(order.recipients) <= room and not has_more(order))
        room -= len(order.recipients) if fits[-1] else 0
    about = [order.message.subject for order in orders]
    with recalled_if_deleted(about), transaction.atomic(using=ledger.alias()):
        _require_free_keys(orders, token)
        # The sends first, because their messages name them.
        sends = Send.objects.bulk_create([_send(*each, token) for each in zip(orders, fits, strict=True)])
        for send, order in zip(sends, orders, strict=True):
            order.message.send_id = send.pk
        at_once = [send for send, now in zip(sends, fits, strict=True) if now]
        written = write_orders([order for order, now in zip(orders, fits, strict=True) if now])
        for send, created in zip(at_once, written, strict=True):
            if created != send.created:  # a user was deleted meanwhile
                send.created = created
                send.save(update_fields=["created"])
        queued = [(send, order) for send, order in zip(sends, orders, strict=True) if send.finished_at is None]
        SendChunk.objects.bulk_create(
            [chunk for send, order in queued for chunk in chunks_of(send, order)], batch_size=50
        )
        for send, _order in queued:
            announce(send.pk)
    return sends


def _require_free_keys(orders: Sequence[Order], token: ServiceToken | None) -> None:
    """Two requests with the same key at once: the second one fails at the constraint, is retried, and comes here."""
    keys = [order.key for order in orders if order.key is not None]
    if keys and (token is None or token.service_id is None):
        raise BadValue(_("Only a service can give a key to a message."))
    taken = Send.objects.filter(service=token.service_id, key__in=keys) if token is not None and keys else ()
    for send in taken:
        raise KeyTaken(str(send.key), send.pk)


def _send(order: Order, at_once: bool, token: ServiceToken | None) -> Send:
    """`created` is, of an order that is written at once, the number of messages if no user is deleted meanwhile."""
    message, recipients = order.message, len(order.recipients)
    if has_more(order):
        recipients += number_of_others(order)
    send = Send(token=token, type=message.event_type(), recipients=recipients, unknown=len(order.unknown))
    send.service_id, send.key = token.service_id if token is not None else None, order.key
    send.subject, send.topic, send.is_linked = message.subject or "", order.topic, True
    if at_once:
        send.created, send.finished_at = recipients, send.created_at
    else:
        send.message = text_of(message, order.topic)
    return send


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
            announce(send_id)
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


def announce(send_id: int) -> None:
    told = partial(send_queued.send_robust, Send, send_id=send_id)
    transaction.on_commit(told, using=ledger.alias(), robust=True)


def _finish(send_id: int) -> None:
    """If no chunk is pending any more, mark the send as finished or, if a chunk has failed, as failed. A chunk of a
    recalled send that was held at the time is dropped."""
    drop_chunks(send_id)
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
        message, topic = stored_message(chunk.send), chunk.send.topic
        written, rest = write_range(chunk, keys, message) if topic else (write(keys, message), Outcome())
        now = timezone.now()
        reason = invalid_recipients(invalid) if invalid else ""
        outcome = failed(chunk, reason) if invalid else Outcome(done_at=now)
        settled: Outcome = {**outcome, "recipients": invalid, **rest}
        progress = {"created": F("created") + written, "progress_at": now, "reason": reason}
        # Another worker has settled the chunk, on a database without row locks; or the send was recalled or rewritten
        # since its text was read. Whoever does that locks the send: this sees it, or it sees these messages.
        if not (settle(chunk, settled) and _unchanged(chunk.send).update(**progress)):
            transaction.set_rollback(True, using=ledger.alias())
        return True


def _unchanged(send: Send) -> QuerySet[Send]:
    return Send.objects.filter(pk=send.pk, recalled_at=None, rewrites=send.rewrites)


def _free(send_id: int) -> SendChunk | None:
    """The first chunk that is ready, locked. Skips chunks that another worker holds, because it may be frozen. None
    while a rewrite without an end (`until`) is pending, which would take what is written now for older messages."""
    endless = Correction.objects.pending().filter(send=send_id, again=True, until="")
    undone = SendChunk.objects.filter(ready(), ~Exists(endless), send=send_id, send__recalled_at=None).order_by("pk")
    features = connections[ledger.alias()].features
    if features.has_select_for_update:
        skip, of = features.has_select_for_update_skip_locked, ("self",) if features.has_select_for_update_of else ()
        undone = undone.select_for_update(skip_locked=skip, of=of)
    return undone.select_related("send").first()


def text_of(message: Message, topic: str) -> str:
    """The message as JSON. With a topic it is an object. Processes of the version before would write to the named
    recipients only; as it is, they fail to read it, and the chunk is tried again later."""
    documents = json.loads(serializers.serialize("json", [message]))
    if message.first_thread_name is not None:
        documents[0][THREAD_NAME] = message.first_thread_name
    return json.dumps({"topic": topic, "messages": documents} if topic else documents)


def stored_message(send: Send) -> Message:
    """The stored message. Its class may have been renamed since, but not its event type.

    Raises BadValue if a deploy has removed the event type, or has changed it so that the message does not fit.
    """
    try:
        text = json.loads(send.message)
        [document] = text["messages"] if send.topic else text
        first_thread_name = document.pop(THREAD_NAME, None)
        document["model"] = event_types()[send.type]._meta.label
        [found] = serializers.deserialize("python", [document])
    except (DeserializationError, LookupError, ValueError, TypeError) as error:
        raise BadValue(_("There is no event type “%s” that this message could be.") % send.type) from error
    message = cast(Message, found.object)
    message.first_thread_name = first_thread_name
    message.send_id = send.pk  # it is stored without, because it was made first
    return message
