"""Handing a task over without hurting the one who writes: the commit's request waits for nothing here.

A thread of this process hands tasks to the broker. If there is none, or it has just failed, the task runs on that
thread instead (not in Celery's eager mode, which runs inside the request): hubs of this process learn at once, those of
others over the bus if it can be reached, and whoever is missed by the resync.
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Task, current_app
from django.db import close_old_connections

from inbox.circuit import Circuit

logger = logging.getLogger(__name__)

# One retry: a kept connection that died is noticed by the first try only.
RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}

_broker = Circuit("The task broker")
_thread: ThreadPoolExecutor | None = None


def enqueue(task: "Task[Any, Any]", *args: Any) -> None:
    """Have `task` done soon, somewhere. Returns at once and never raises."""
    run_soon(_hand_over, task, args)


def run_soon(call: Callable[..., object], *args: Any) -> None:
    """Have `call` run on that thread, without a broker. Returns at once and never raises."""
    try:
        _one_thread().submit(_run, call, args)
    except RuntimeError:  # the interpreter is going down
        logger.warning("%s was not run: this process is ending", call)


def has_broker() -> bool:
    """Whether there are workers, and so a beat that sends them what is due."""
    return bool(current_app.conf.broker_url)


def _one_thread() -> ThreadPoolExecutor:
    global _thread
    if _thread is None:
        _thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="push-enqueue")
    return _thread


def _hand_over(task: "Task[Any, Any]", args: tuple[Any, ...]) -> None:
    if not _to_broker(task, args):
        task.run(*args)


def _run(call: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        call(*args)
    except Exception:
        logger.exception("%s failed", call)
    finally:
        close_old_connections()


def _to_broker(task: "Task[Any, Any]", args: tuple[Any, ...]) -> bool:
    """Whether the broker has it. Its timeouts (2 s) are settings of the site's Celery application."""
    if not task.app.conf.broker_url or _broker.open:
        return False
    try:
        task.apply_async(args, retry=True, retry_policy=RETRY_POLICY)
    except Exception:  # noqa: BLE001 (whatever the broker's library raises; the circuit logs it)
        _broker.trip()
        return False
    return True


def _forget_thread() -> None:
    global _thread
    _thread = None


os.register_at_fork(after_in_child=_forget_thread)
