"""Periodic work, in one table. Beat sends the tasks `due`, `sweep` and `purge`, which run it on a worker.

Hubs run it as well: without a broker nobody else does, and with one a broadcast appears on time even if beat is dead.
So every job may run twice, or in two processes at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from celery import shared_task

from inbox import services
from inbox.core.isolation import attempt

from . import channels, tasks
from .conf import sweep_seconds
from .nudges import enqueue

PURGE_BATCHES = 1000  # per run, of a thousand rows: some minutes' work, and the next run is an hour away
PURGE_BATCHES_IN_HUB = 100  # some seconds' work: the process can end soon
STALLED_IN_HUB = timedelta(seconds=20)  # without progress: no worker, nor its sweep, has continued this send


def sweep_channels() -> None:
    channels.sweep()


def apply_due() -> None:
    services.mend(is_due=True)


def prepare_occurrences() -> None:
    services.prepare_occurrences()


def purge_deleted_messages() -> None:
    services.purge_deleted()


def resume_departures() -> None:
    tasks.resume_forgetting()


def finish_stalled_sends() -> None:
    services.finish_stalled(timedelta(seconds=sweep_seconds()))


def finish_stalled_sends_in_hub() -> None:
    services.finish_stalled(STALLED_IN_HUB)


def finish_corrections() -> None:
    services.finish_corrections(timedelta(seconds=sweep_seconds()))


def finish_corrections_in_hub() -> None:
    services.finish_corrections(STALLED_IN_HUB)


def purge_old() -> None:
    services.purge(most=PURGE_BATCHES)


def purge_old_in_hub() -> None:
    services.purge(most=PURGE_BATCHES_IN_HUB)


@dataclass(frozen=True, slots=True)
class Job:
    """The task of beat named `task` does `run`; every `seconds`, a hub does `in_hub` (by default the same)."""

    name: str
    task: str
    run: Callable[[], None]
    seconds: int | Callable[[], int]
    in_hub: Callable[[], None] | None = None
    offset: int = 0  # seconds: a site that is up for minutes at a time does hourly jobs too
    is_beats_alone: bool = False  # where there is a broker

    def is_due(self, second: int) -> bool:
        """Whether a hub that has been running for so many seconds does it now."""
        every = self.seconds if isinstance(self.seconds, int) else self.seconds()
        return second % every == self.offset and not (self.is_beats_alone and enqueue.has_broker())


JOBS = (
    Job("The sweep of the channels", "sweep", sweep_channels, sweep_seconds),
    Job("Starting and ending broadcasts and snoozes", "sweep", apply_due, 1),
    Job("Preparing recurring broadcasts", "sweep", prepare_occurrences, 15),
    Job("Purging deleted messages", "sweep", purge_deleted_messages, 60),
    Job("Forgetting deleted users", "sweep", resume_departures, 5),
    Job("Finishing stalled sends", "sweep", finish_stalled_sends, 5, finish_stalled_sends_in_hub),
    Job("Finishing stalled recalls and rewrites", "sweep", finish_corrections, 5, finish_corrections_in_hub),
    Job("Purging old messages", "purge", purge_old, 3600, purge_old_in_hub, offset=300, is_beats_alone=True),
)


def due_in_hub(second: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Names and functions of what a hub does in this second of its life."""
    return ((job.name, job.in_hub or job.run) for job in JOBS if job.is_due(second))


@shared_task(name="push.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """What is due by time, what a channel has missed, and what workers have left undone. One failure stops no other."""
    for job in JOBS:
        if job.task == "sweep":
            attempt(job.name, job.run)


@shared_task(name="push.tasks.due", ignore_result=True)
def due() -> None:
    """What is due by time. Beat sends it more often than `sweep`, which also does it, because it reads little."""
    apply_due()


@shared_task(name="push.tasks.purge", ignore_result=True)
def purge() -> None:
    """Delete what is kept no longer."""
    for job in JOBS:
        if job.task == "purge":
            job.run()
