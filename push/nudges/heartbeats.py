"""When Celery workers and beat were last seen at work, in the database, which they share with the web processes.

A worker is seen on a queue by a task that has passed through it (`consumer.py`): its main process may be well and take
no task, or its pool may do none. Beat is seen by what it puts on the broker.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery.signals import after_task_publish, beat_init
from django.utils import timezone

from ..concurrency.singleflight import SingleFlight
from ..conf import sweep_seconds
from ..models import Heartbeat

logger = logging.getLogger(__name__)

WORKER, BEAT = "worker", "beat"
MISSED = 3  # sweep periods without a sign: dead
LEAST = timedelta(seconds=10)  # of patience: where sweeps are more frequent, a worker's heartbeats are not
LOOK_EVERY = 5.0  # seconds


class Pulse:
    """Writes a heartbeat about once per sweep period, on a thread: a database that hangs delays nothing."""

    def __init__(self, name: str, give: Callable[[], None]) -> None:
        self._last = float("-inf")
        self._writing = SingleFlight(f"push-{name}-heartbeat", give)

    def beat(self) -> None:
        """Call it as often as you like; it writes when a heartbeat is due."""
        now = time.monotonic()
        if now - self._last >= 0.9 * sweep_seconds():  # less, or jitter would leave out every other beat
            self._last = now
            self._writing.call().add_done_callback(log_failure)


def log_failure(written: "Future[None]") -> None:
    if error := written.exception():
        logger.warning("A heartbeat could not be written", exc_info=error)


def note(name: str) -> None:
    """Record that a process of this name is alive."""
    row = Heartbeat(name=name, seen_at=timezone.now())
    Heartbeat.objects.bulk_create([row], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at"])


def seen() -> dict[str, datetime]:
    """Name of a process -> when its last heartbeat was written."""
    return dict(Heartbeat.objects.values_list("name", "seen_at"))


def patience() -> timedelta:
    """A process without a heartbeat for so long counts as dead."""
    return max(timedelta(seconds=MISSED * sweep_seconds()), LEAST)


def is_recent(seen_at: datetime | None) -> bool:
    """Whether a process with its last heartbeat at this time (None: never) counts as alive."""
    return seen_at is not None and seen_at > timezone.now() - patience()


def worker(queue: str) -> str:
    """The name of the workers that take tasks from that queue."""
    return f"{WORKER} {queue}"


class Lookout:
    """Whether workers were seen lately, asked of the database every `LOOK_EVERY` seconds at most."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")
        self._seen: dict[str, datetime] | None = None

    def sees_worker(self, queue: str) -> bool:
        """Whether a worker of this queue is alive; True if the database does not answer. May wait for the database."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at, self._seen = now, self._look()
        return self._seen is None or is_recent(self._seen.get(worker(queue)))

    def _look(self) -> dict[str, datetime] | None:
        try:
            return seen()
        except Exception:
            logger.warning("It is not known when a worker was last seen", exc_info=True)
            return None


lookout = Lookout()
_beat = Pulse(BEAT, partial(note, BEAT))
_beats_thread: int | None = None  # the thread on which beat runs here, if it does (`worker -B` may have both)


def connect() -> None:
    beat_init.connect(on_beat_init, dispatch_uid="push")
    after_task_publish.connect(on_task_published, dispatch_uid="push")


def on_beat_init(**kwargs: Any) -> None:
    global _beats_thread
    _beats_thread = threading.get_ident()


def on_task_published(**kwargs: Any) -> None:
    """Celery sends this signal in every process that publishes; beat publishes on a thread of its own."""
    if _beats_thread == threading.get_ident():
        _beat.beat()
