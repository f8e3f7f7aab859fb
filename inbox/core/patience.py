"""The retry budget of one request: a number of attempts and seconds for all of its calls together, nested or not.

Outside a request (in a task, a command, a WebSocket frame), each outermost call of `ledger.retrying` has a budget of
its own: a purge that runs for minutes may meet more than five conflicts.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import InterfaceError, InternalError, OperationalError

ATTEMPTS = 5
SECONDS = 8.0  # then there is no new attempt; a running one ends by the timeouts of its connection (lock: 5 s)
READ_ONLY = "25006"  # read_only_sql_transaction (PostgreSQL, Appendix A)


class Budget:
    """The attempts and the time that a request or call has left."""

    def __init__(self) -> None:
        self._attempts = ATTEMPTS
        self._end = time.monotonic() + SECONDS

    @property
    def spent(self) -> int:
        """How many attempts have failed."""
        return ATTEMPTS - self._attempts

    def may_go_on(self) -> bool:
        """Call it once for each failed attempt, nested or not; returns whether another one is allowed."""
        self._attempts = max(0, self._attempts - 1)
        return self._attempts > 0 and time.monotonic() < self._end


_current: ContextVar[Budget | None] = ContextVar("inbox_budget", default=None)


@contextmanager
def budget() -> Iterator[Budget]:
    """The budget of the current request or outermost call; a new one if there is none."""
    if (existing := _current.get()) is not None:
        yield existing
        return
    token = _current.set(Budget())
    try:
        yield _current.get() or Budget()
    finally:
        _current.reset(token)


def is_lost(error: BaseException) -> bool:
    """Whether PostgreSQL did not answer: the connection was lost, or could not be opened."""
    cause = error.__cause__
    return isinstance(error, OperationalError | InterfaceError) and getattr(cause, "sqlstate", "") is None


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the database can't be reached, is too busy, or is read-only (after a failover). Then the same request may
    succeed a moment later."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) == READ_ONLY
    return isinstance(error, OperationalError | InterfaceError)
