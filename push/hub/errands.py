"""Errands: database work of the hub that no connection waits for, such as sweeps and repairs."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec

from inbox.core.isolation import log_failure

from ..concurrency.threads import DatabaseThreads

P = ParamSpec("P")


class Errands:
    """They have threads of their own: calls of clients must not wait for a long one."""

    def __init__(self) -> None:
        self._threads = DatabaseThreads("push-errand", 4)
        self.running: set[asyncio.Future[bool]] = set()
        self._last: dict[str, asyncio.Future[bool]] = {}

    def start(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[bool]":
        """Run it on a thread. A failure is logged; the result is whether it succeeded."""
        name = getattr(function, "__name__", "unnamed")
        task = asyncio.ensure_future(self._run(name, partial(function, *args, **kwargs)))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task

    def start_unless_running(
        self, name: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> "asyncio.Future[bool] | None":
        """The same, unless the last errand of this name is still running."""
        last = self._last.get(name)
        if last is not None and not last.done():
            return None
        self._last[name] = self.start(function, *args, **kwargs)
        return self._last[name]

    def stop(self) -> None:
        self._threads.stop()

    async def _run(self, name: str, work: Callable[[], object]) -> bool:
        try:
            await asyncio.wrap_future(self._threads.run(work))
        except Exception:  # noqa: BLE001 (logged there)
            log_failure(f"An errand of the hub ({name})")
            return False
        return True
