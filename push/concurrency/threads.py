"""Threads for database work beside the event loop. An idle thread holds no database connection."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThreads:
    """A small pool. `run` gives the connection back after the call, `keep` leaves it for the call that follows."""

    def __init__(self, name: str, workers: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=name)

    def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return self._pool.submit(partial(_then_release, call, *args, **kwargs))

    def keep(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return self._pool.submit(call, *args, **kwargs)

    def release(self) -> None:
        """Give back what `keep` kept (pools of one worker only)."""
        self._pool.submit(close_old_connections)

    def stop(self) -> None:
        """End the threads, and their connections, after what is under way; waits for nothing."""
        self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=False)


def _then_release(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return call(*args, **kwargs)
    finally:
        close_old_connections()


def release() -> None:
    """Give back this thread's connections, unless a transaction is open. Django does so when a request has ended: a
    stream's may last for days."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
