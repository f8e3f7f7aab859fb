"""Tasks of the event loop that are started again after a failure, which is logged."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

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
        except asyncio.CancelledError:
            if _asked_to_end():
                raise
            logger.exception("What the %s of the hub waited for was cancelled; going on", name)
        except Exception:
            logger.exception("The %s of the hub failed; going on", name)
        if time.monotonic() - started > STEADY:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * 2, LONGEST_PAUSE)


async def cancel(tasks: "Collection[asyncio.Future[Any]]") -> None:
    """Cancel these tasks and wait for their end; whatever they raise is dropped.

    They are cancelled again every second: `asyncio.wait_for` of Python 3.11 drops a cancellation that comes together
    with its result (python/cpython#86296), and libraries use it.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=1)
    await asyncio.gather(*tasks, return_exceptions=True)


def _asked_to_end() -> bool:
    """A library may cancel a future that we wait for: that is a failure of the library, not the end of the task."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
