"""Publishing nudges and queueing tasks on threads of their own: the request that wrote never waits for them.

Two threads of this process do it. One publishes nudges for the hubs of other processes. The other hands tasks to the
broker, and does them itself if there is no broker, or if it has just failed (not in Celery's eager mode, which runs
inside the request). They are two so that a nudge waits neither for a frozen broker nor for a task that is done here.
Both end with the process, after their work: a command that writes and ends has told everybody.
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from celery import Task, current_app
from django.db import close_old_connections
from kombu import Queue

from inbox.core.circuit import Circuit

from . import bus, heartbeats
from .bus import Nudge

logger = logging.getLogger(__name__)

# One retry: a kept connection that died is noticed by the first try only.
RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}

NUDGES, TASKS = "push-nudges", "push-enqueue"

_broker = Circuit("The task broker")
_threads: dict[str, ThreadPoolExecutor] = {}


def publish(nudge: Nudge) -> None:
    """Publish a nudge to the hubs of other processes. Returns at once and never raises."""
    if bus.crossing_layer() is not None:
        _submit(NUDGES, "A nudge", partial(bus.publish_elsewhere, nudge))


def enqueue(task: "Task[Any, Any]", *args: Any, here: Callable[[], None] | None = None) -> None:
    """Queue a task for the workers. Returns at once and never raises.

    `here`: all that is left to do if no worker can do it. Without it this process does the task, if no broker has it.
    """
    _submit(TASKS, f"Task {task.name}", partial(_hand_over, task, args, here))


def has_broker() -> bool:
    """Whether the site has a broker, and so workers and beat."""
    return bool(current_app.conf.broker_url)


def queue_of(task: "Task[Any, Any]") -> str:
    """The name of the queue to which the site sends a task.

    Only looked up: Celery's own router adds a queue that it doesn't know yet, and a worker would then take from it.
    """
    amqp = task.app.amqp
    queues: Any = _Queues(amqp.queues)
    return str(amqp.Router(queues=queues).route({}, task.name)["queue"].name)


class _Queues(dict[str, Queue]):
    def __missing__(self, name: str) -> Queue:
        return Queue(name)


def _submit(thread: str, what: str, work: Callable[[], None]) -> None:
    try:
        _executor(thread).submit(_logged, what, work)
    except RuntimeError:  # the interpreter is going down
        logger.warning("%s was not enqueued: this process is ending", what)


def _executor(thread: str) -> ThreadPoolExecutor:
    if thread not in _threads:
        _threads.setdefault(thread, ThreadPoolExecutor(max_workers=1, thread_name_prefix=thread))
    return _threads[thread]


def _logged(what: str, work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        logger.exception("%s failed", what)
    finally:
        close_old_connections()


def _hand_over(task: "Task[Any, Any]", args: tuple[Any, ...], here: Callable[[], None] | None) -> None:
    if here is not None and task.app.conf.broker_url and not heartbeats.lookout.sees_worker(queue_of(task)):
        here()  # on the broker it would only wait, with all the others
    elif not _to_broker(task, args):
        (here or partial(task.run, *args))()


def _to_broker(task: "Task[Any, Any]", args: tuple[Any, ...]) -> bool:
    """Whether the broker has it. Its timeouts (2 s) are settings of the site's Celery application."""
    if not task.app.conf.broker_url or not _broker.allows():
        return False
    try:
        task.apply_async(args, retry=True, retry_policy=RETRY_POLICY)
    except Exception:  # noqa: BLE001 (whatever the broker's library raises; the circuit logs it)
        _broker.trip()
        return False
    _broker.succeeded()
    return True


os.register_at_fork(after_in_child=_threads.clear)
