"""The one connection from the inbox to delivery: its signals, sent after commit, become nudges and tasks.

A nudge waits for no worker, as one may be dead, frozen or busy: this process tells its own hubs at once and publishes
to those of others. The task does the rest of the fan-out, and publishes the same nudge once more.
"""

from functools import partial
from typing import Any

from celery.signals import worker_ready
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.signals import post_delete

from inbox.core.snapshots import UserId, user_id
from inbox.signals import (
    broadcast_changed,
    correction_queued,
    credentials_changed,
    mailbox_changed,
    send_queued,
    ticket_minted,
    users_deleted,
)

from . import channels, tasks
from .channels.mqtt import access
from .conf import BULK
from .nudges import bus, enqueue
from .nudges.bus import Nudge


def connect() -> None:
    mailbox_changed.connect(on_mailbox_changed, dispatch_uid="push")
    broadcast_changed.connect(on_broadcast_changed, dispatch_uid="push")
    send_queued.connect(on_send_queued, dispatch_uid="push")
    correction_queued.connect(on_correction_queued, dispatch_uid="push")
    credentials_changed.connect(on_credentials_changed, dispatch_uid="push")
    users_deleted.connect(on_users_deleted, dispatch_uid="push")
    worker_ready.connect(on_worker_ready, dispatch_uid="push")
    ticket_minted.connect(on_ticket_minted, dispatch_uid="push")
    post_delete.connect(on_user_deleted, sender=get_user_model(), dispatch_uid="push")


def on_mailbox_changed(sender: Any, user_ids: list[UserId], item: str | None, **kwargs: Any) -> None:
    for start in range(0, len(user_ids), BULK):
        nudge = Nudge(user_ids[start : start + BULK], item, id=bus.new_id())
        tell(nudge)
        enqueue.enqueue(tasks.fan_out, nudge.users, item, nudge.id, here=partial(channels.changed, nudge.users))


def on_broadcast_changed(sender: Any, item: str | None, **kwargs: Any) -> None:
    nudge = Nudge(None, item, id=bus.new_id())
    tell(nudge)
    enqueue.enqueue(tasks.fan_out_broadcast, item, nudge.id, here=partial(channels.changed, None))


def tell(nudge: Nudge) -> None:
    """Publish a nudge to every hub, of this process and of all others."""
    bus.publish_here(nudge)
    enqueue.publish(nudge)


def on_send_queued(sender: Any, send_id: int, **kwargs: Any) -> None:
    enqueue.enqueue(tasks.work_off, send_id)


def on_correction_queued(sender: Any, correction_id: int, **kwargs: Any) -> None:
    enqueue.enqueue(tasks.correct, correction_id)


def on_users_deleted(sender: Any, **kwargs: Any) -> None:
    enqueue.enqueue(tasks.forget_deleted_users)


def on_credentials_changed(sender: Any, user_ids: list[UserId] | None, **kwargs: Any) -> None:
    """Without a worker: until these connections end, the wrong person may read on them."""
    for start in range(0, 1 if user_ids is None else len(user_ids), BULK):
        nudge = Nudge(user_ids and user_ids[start : start + BULK], recheck=True)
        tell(nudge)
        channels.recheck(nudge.users)


def on_worker_ready(**kwargs: Any) -> None:
    enqueue.enqueue(tasks.work_off_all)


def on_ticket_minted(sender: Any, user_id: UserId, purpose: str, ticket: str, **kwargs: Any) -> None:
    if purpose == access.PURPOSE:
        access.expect(user_id, ticket)


def on_user_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    """The channels remove what they hold of a deleted user, after the commit."""
    transaction.on_commit(partial(channels.changed, [user_id(instance.pk)]))
