"""A circuit breaker: a server that has just failed is not called for a while, so that nobody waits for its timeouts."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

BREAK_SECONDS = 5.0  # how long a failed broker or Redis is not called


class Circuit:
    """Open for `BREAK_SECONDS` after each failure. After that one caller may try; until it reports the result, the
    circuit is open for the others. Thread-safe."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None  # None: closed

    def allows(self) -> bool:
        """Whether the caller may try. If so, it must call `succeeded` or `trip` afterwards."""
        with self._lock:
            if self._until is None:
                return True
            if self._clock() < self._until:
                return False
            self._until = self._clock() + BREAK_SECONDS  # in case that this caller never reports the result
            return True

    def succeeded(self) -> None:
        if self._until is not None:
            with self._lock:
                self._until = None

    def trip(self) -> None:
        """Report a failure. Call it in an `except` block, because it logs the exception."""
        with self._lock:
            self._until = self._clock() + BREAK_SECONDS
        logger.warning("%s failed; not used for %g s", self._what, BREAK_SECONDS, exc_info=True)
