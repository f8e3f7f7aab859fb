"""A circuit breaker: what has just failed is left alone for a while, so that nobody queues behind its timeouts."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

BREAK_SECONDS = 5.0  # how long a failed broker or Redis is left alone


class Circuit:
    """Open for `BREAK_SECONDS` after each failure. After that one caller tries, and the others go on without waiting
    for what it finds. Safe to use from several threads."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None  # None: it works

    def allows(self) -> bool:
        """Whether to try. Whoever is told so says what came of it: `succeeded` or `trip`."""
        with self._lock:
            if self._until is None:
                return True
            if self._clock() < self._until:
                return False
            self._until = self._clock() + BREAK_SECONDS  # also if whoever tries now is never heard of again
            return True

    def succeeded(self) -> None:
        if self._until is not None:
            with self._lock:
                self._until = None

    def trip(self) -> None:
        """Call it while handling the failure: the failure is logged with it."""
        with self._lock:
            self._until = self._clock() + BREAK_SECONDS
        logger.warning("%s failed; not used for %g s", self._what, BREAK_SECONDS, exc_info=True)
