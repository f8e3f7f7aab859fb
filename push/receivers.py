"""The one door between the inbox and delivery: its signals, sent after commit, become tasks."""

from typing import Any

from inbox.signals import broadcast_changed, mailbox_changed
from inbox.snapshots import UserId

from . import enqueue, tasks
from .conf import BULK


def connect() -> None:
    mailbox_changed.connect(on_mailbox_changed, dispatch_uid="push")
    broadcast_changed.connect(on_broadcast_changed, dispatch_uid="push")


def on_mailbox_changed(sender: Any, user_ids: list[UserId], item: str | None, **kwargs: Any) -> None:
    for start in range(0, len(user_ids), BULK):
        enqueue.enqueue(tasks.fan_out, user_ids[start : start + BULK], item)


def on_broadcast_changed(sender: Any, item: str | None, **kwargs: Any) -> None:
    enqueue.enqueue(tasks.fan_out_broadcast, item)
