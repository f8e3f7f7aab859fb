"""Tasks that may fail but never die silently."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds; what has come back is found again well within a resync interval
STEADY = 10.0  # seconds without failure after which the next one counts as the first


async def supervise(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` until it returns. A failure is logged, and tried again after a growing, jittered pause."""
    pause = FIRST_PAUSE
    while True:
        started = time.monotonic()
        try:
            await work()
            return
        except Exception:
            logger.exception("The %s of the hub failed; going on", name)
        if time.monotonic() - started > STEADY:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * 2, LONGEST_PAUSE)
