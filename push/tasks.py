"""The Celery tasks that follow an event; `periodic.py` has those of beat. Running one twice does no harm."""

from datetime import timedelta

from celery import shared_task

from inbox import services
from inbox.core.isolation import attempt
from inbox.core.snapshots import UserId

from . import channels
from .nudges import bus, enqueue, heartbeats
from .nudges.bus import Nudge


@shared_task(ignore_result=True)
def fan_out(user_ids: list[UserId], item: str | None = None, nudge_id: str = "") -> None:
    """Publish that the state of these users (at most `conf.BULK`) may have changed, on the bus and to the channels."""
    bus.publish(Nudge(user_ids, item, id=nudge_id))
    channels.changed(user_ids)


@shared_task(ignore_result=True)
def fan_out_broadcast(item: str | None = None, nudge_id: str = "") -> None:
    """Publish that everybody's state may have changed, on the bus and to the channels."""
    bus.publish(Nudge(None, item, id=nudge_id))
    channels.changed(None)


@shared_task(ignore_result=True)
def work_off(send_id: int) -> None:
    """Write one chunk of a send and queue a task for the next, so that other tasks run in between."""
    if services.work_off(send_id):
        enqueue.enqueue(work_off, send_id)


@shared_task(ignore_result=True)
def correct(correction_id: int) -> None:
    """Recall or rewrite the next thousand messages, and queue a task for those after them."""
    if services.work_off_correction(correction_id):
        enqueue.enqueue(correct, correction_id)


@shared_task(ignore_result=True)
def forget_deleted_users() -> None:
    """Forget deleted users in one batch of messages, and queue a task for the next."""
    if services.forget_deleted_users():
        enqueue.enqueue(forget_deleted_users)


def resume_forgetting(after: timedelta = timedelta(seconds=10)) -> None:
    """Continue if there was no progress for so long: the worker may have died."""
    if services.is_forgetting_stalled(after):
        enqueue.enqueue(forget_deleted_users)


@shared_task(ignore_result=True)
def work_off_all() -> None:
    """Do what is left of every send, recall, rewrite and deleted user: asked for by a worker that starts, as one may
    have died over them. Of deleted users only if nobody is at it, or each worker that starts would begin another
    chain."""
    attempt("Finishing stalled sends", services.finish_stalled, timedelta(0))
    attempt("Finishing stalled recalls and rewrites", services.finish_corrections, timedelta(0))
    attempt("Going on with deleted users", resume_forgetting)


@shared_task(ignore_result=True)
def seen(queue: str) -> None:
    """Record a heartbeat: tasks of this queue are being done."""
    heartbeats.note(heartbeats.worker(queue))


def queues() -> set[str]:
    """The names of the queues that the site sends these tasks to."""
    return {enqueue.queue_of(task) for task in (fan_out, work_off, correct, work_off_all, forget_deleted_users, seen)}
