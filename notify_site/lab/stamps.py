"""When a commit happened, to the microsecond at which the inbox announces it.

The time after a service has returned would be too late: on a busy process its push may be on the wire by then.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from inbox.signals import broadcast_changed, mailbox_changed

_stamps: ContextVar[list[float] | None] = ContextVar("stamps", default=None)


def connect() -> None:
    for signal in (mailbox_changed, broadcast_changed):
        signal.connect(_stamp, dispatch_uid="lab")


@contextmanager
def stamping() -> Iterator[list[float]]:
    """Collects the moments (epoch milliseconds) of the commits that this thread makes meanwhile."""
    stamps: list[float] = []
    token = _stamps.set(stamps)
    try:
        yield stamps
    finally:
        _stamps.reset(token)


def now() -> float:
    """Epoch milliseconds."""
    return time.time() * 1000


def _stamp(sender: Any, **kwargs: Any) -> None:
    stamps = _stamps.get()
    if stamps is not None:
        stamps.append(now())
