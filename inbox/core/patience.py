"""How long one request goes on trying: so many attempts and seconds in all, however many its calls and however deep.

Outside of a request (in a task, a command, a frame of a WebSocket) that holds for each outermost call of
`ledger.retrying`: a purge of minutes may be disturbed more than five times.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import InterfaceError, InternalError, OperationalError

ATTEMPTS = 5
SECONDS = 8.0  # after them nothing is begun anew; what is under way has the timeouts of its connection (lock: 5 s)
READ_ONLY = "25006"  # read_only_sql_transaction (PostgreSQL, Appendix A)


class Budget:
    """What is left to a request or call."""

    def __init__(self) -> None:
        self._attempts = ATTEMPTS
        self._end = time.monotonic() + SECONDS

    @property
    def spent(self) -> int:
        """How many attempts have failed."""
        return ATTEMPTS - self._attempts

    def may_go_on(self) -> bool:
        """Call it when an attempt has failed: whether there may be another. Nested, each failure counts once."""
        self._attempts = max(0, self._attempts - 1)
        return self._attempts > 0 and time.monotonic() < self._end


_current: ContextVar[Budget | None] = ContextVar("inbox_budget", default=None)


@contextmanager
def budget() -> Iterator[Budget]:
    """The budget of the request or call that this belongs to; a new one if it has none."""
    if (existing := _current.get()) is not None:
        yield existing
        return
    token = _current.set(Budget())
    try:
        yield _current.get() or Budget()
    finally:
        _current.reset(token)


def is_lost(error: BaseException) -> bool:
    """Whether PostgreSQL did not answer: the connection is gone, or there was none to be had."""
    cause = error.__cause__
    return isinstance(error, OperationalError | InterfaceError) and getattr(cause, "sqlstate", "") is None


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the database is away, busy beyond our patience, or takes no writes (after a failover): the same may work
    in a moment."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) == READ_ONLY
    return isinstance(error, OperationalError | InterfaceError)
