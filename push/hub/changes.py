"""Whom a hub tells that something may have changed, whoever's it is: pages of administrators that count.

What changed they read themselves. They are told at once, and then at most every two seconds, all together.
"""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

from ..nudges.bus import Nudge

SECONDS = 2.0


class Changes:
    """The listeners of one event loop."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: dict[object, Callable[[], object]] = {}
        self._told_at = loop.time() - SECONDS
        self._timer: TimerHandle | None = None

    def listen(self, key: object, tell: Callable[[], object]) -> None:
        self._listeners[key] = tell

    def forget(self, key: object) -> None:
        """May be called twice."""
        self._listeners.pop(key, None)

    def nudged(self, nudge: Nudge) -> None:
        """The arrival of a message is of no interest here: what its reader does with it is."""
        is_arrival = nudge.users is not None and nudge.item is not None
        if self._listeners and self._timer is None and not is_arrival:
            self._timer = self._loop.call_at(self._told_at + SECONDS, self._tell)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self) -> None:
        self._timer, self._told_at = None, self._loop.time()
        for tell in list(self._listeners.values()):
            tell()
