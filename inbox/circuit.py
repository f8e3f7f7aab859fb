"""A circuit breaker: what has just failed is left alone for a while, so that nobody queues behind its timeouts."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

BREAK_SECONDS = 5.0  # how long a failed broker or Redis is left alone


class Circuit:
    """Open for `BREAK_SECONDS` after each failure. Safe to use from several threads."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._until = float("-inf")

    @property
    def open(self) -> bool:
        return self._clock() < self._until

    def trip(self) -> None:
        """Call it while handling the failure: the failure is logged with it."""
        self._until = self._clock() + BREAK_SECONDS
        logger.warning("%s failed; not used for %g s", self._what, BREAK_SECONDS, exc_info=True)
