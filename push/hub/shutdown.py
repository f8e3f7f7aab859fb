"""A clean end: on SIGTERM or SIGINT every open connection is told to come back before the server closes it.

ASGI has no word for it that comes in time: uvicorn waits for open streams before it sends `lifespan.shutdown`, and
daphne has no lifespan. So the server's own signal handler is kept and called after ours.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_watching: dict[int, Handler] = {}


def watch(stop: Callable[[], None]) -> None:
    """Have `stop` called before the server's handlers, which are there by now. Only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        present = signal.getsignal(number)
        if callable(present) and present is not _watching.get(number):
            _watching[number] = _before(present, stop)
            signal.signal(number, _watching[number])


def _before(present: Handler, stop: Callable[[], None]) -> Handler:
    def handler(number: int, frame: FrameType | None) -> Any:
        stop()
        return present(number, frame)

    return handler
