"""Isolation of failures: in sweeps, batches and periodic jobs, one failure does not stop unrelated work."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ParamSpec, TypeVar

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

LOG_EVERY = 60.0  # seconds between two log records of the same work
# A batch is given up after this many failed attempts, if they have also taken this many seconds.
MOST_FAILURES, MOST_SECONDS = 50, 10.0
MOST_KNOWN = 1000  # names of failed work that are remembered

_lock = threading.Lock()
_logged: dict[str, tuple[float, int]] = {}  # name -> when it was last logged (monotonic seconds), failures since then


def attempt(what: str, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Run `work`; returns whether it succeeded. An exception is logged, with `what` as the name, and not raised."""
    try:
        work(*args, **kwargs)
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(what)
        return False
    return True


def split_on_failure(what: str, work: Callable[[Sequence[T]], int], items: Sequence[T]) -> tuple[int, list[T]]:
    """Call `work` with all items. If it fails, call it with each half, and so on, down to the single items that fail.

    `work` is a transaction (or savepoint) of its own, and returns how many rows it changed. Returns the sum of these,
    and the items that are left undone. Single items that fail are logged. One of them among n items costs some
    2·log2(n) attempts, n of them 2n. After 50 failed attempts that took ten seconds or more, the rest is left undone.
    Each run shuffles the items, so that none always waits behind the same others.
    """
    todo: deque[Sequence[T]] = deque([random.sample(items, len(items))] if items else [])
    done, failures, seconds = 0, 0, 0.0
    left: list[T] = []
    while todo and (failures < MOST_FAILURES or seconds < MOST_SECONDS):
        part, began = todo.popleft(), time.monotonic()
        try:
            done += work(part)
        except Exception:  # noqa: BLE001 (logged there)
            failures, seconds = failures + 1, seconds + time.monotonic() - began
            if middle := len(part) // 2:
                todo.extendleft((part[middle:], part[:middle]))
            else:
                log_failure(f"{what} {part[0]}")
                left += part
    return done, [*left, *(item for part in todo for item in part)]


def until_failure(what: str, items: Iterable[T]) -> Iterator[T]:
    """Yield the items. If the iterator raises, log the exception, and stop."""
    try:
        yield from items
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(what)


def log_failure(what: str, about: str = "") -> None:
    """Log the exception that is being handled, at most once a minute for each `what`. `about` is only logged."""
    now = time.monotonic()
    with _lock:
        last, failures = _logged.get(what, (float("-inf"), 0))
        if now - last < LOG_EVERY:
            _logged[what] = last, failures + 1
            return
        if len(_logged) > MOST_KNOWN:
            _logged.clear()
        _logged[what] = now, 0
    again = f" ({failures} more failures since the last record)" if failures else ""
    logger.exception("%s failed%s%s", what, about and f" ({about})", again)
