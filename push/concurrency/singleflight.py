"""A call that may hang occupies one thread, however often it is called. Callers choose how long they wait."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """One call of `function` at a time, on a thread of its own; whoever asks while it is under way gets its result.

    A frozen database or broker so costs one thread and one connection, however often it is probed. The thread is a
    daemon: a process that ends does not wait for it.
    """

    def __init__(self, name: str, function: Callable[[], T]) -> None:
        self.name = name
        self._function = function
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    def call(self) -> "Future[T]":
        """The result of the call that is under way, or of a new one."""
        with self._lock:
            if self._under_way is None or self._under_way.done():
                future: Future[T] = Future()
                threading.Thread(target=self._run, args=(future,), name=self.name, daemon=True).start()
                self._under_way = future
            return self._under_way

    def _run(self, future: "Future[T]") -> None:
        try:
            result = self._called()
        except Exception as error:  # noqa: BLE001 (raised again by the future)
            future.set_exception(error)
        else:
            future.set_result(result)

    def _called(self) -> T:
        try:
            return self._function()
        finally:
            connections.close_all()  # this thread's
