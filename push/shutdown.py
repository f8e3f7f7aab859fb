"""A clean end: on SIGTERM or SIGINT every open connection is told to come back before the server closes it.

ASGI has no word for it that comes in time: uvicorn waits for open streams before it sends `lifespan.shutdown`, and
daphne has no lifespan. So the server's own signal handler is kept and called after ours.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from . import hub

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_watching: dict[int, Callable[..., Any]] = {}


def watch() -> None:
    """Step in before the server's handlers, once they are there. Only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        present = signal.getsignal(number)
        if callable(present) and present is not _watching.get(number):
            _watching[number] = _before(present)
            signal.signal(number, _watching[number])


def stop_hubs() -> None:
    """Ask every hub of this process to send its clients elsewhere. Safe in a signal handler."""
    hub.stop_all()


def _before(present: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], Any]:
    def handler(number: int, frame: FrameType | None) -> Any:
        stop_hubs()
        return present(number, frame)

    return handler
