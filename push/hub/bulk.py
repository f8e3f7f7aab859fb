"""Reads for many keys at once, in which an error of one key affects that key only."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from inbox.core.isolation import log_failure

logger = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")

BUDGET_SECONDS = 2.0  # for finding out whose fault it is; an outage that costs a timeout for each is everybody's
NAMED = 10  # keys in a log record


def each(
    read: Callable[[Collection[K]], Mapping[K, V]], keys: Iterable[K], what: str, name: Callable[[K], object] = str
) -> tuple[dict[K, V], set[K]]:
    """What `read` returns for these keys, and the keys for which it raises, logged by their `name`.

    It reads all at once; if that fails, halves, and halves of these. Raises what a database raises that is away.
    """
    found: dict[K, V] = {}
    failed: list[K] = []
    waiting = [list(keys)]
    deadline: float | None = None  # monotonic seconds
    while waiting:
        batch = waiting.pop()
        if deadline is not None and time.monotonic() > deadline:
            failed += batch
            continue
        try:
            found |= read(batch)
        except Exception as raised:
            if is_away(raised):
                raise
            if deadline is None:
                deadline = time.monotonic() + BUDGET_SECONDS
                log_failure(what)
            if len(batch) == 1:
                failed += batch
            else:
                waiting += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
    if failed:
        names = ", ".join(str(name(key)) for key in failed[:NAMED])
        logger.error("%s failed for %d of them: %s", what, len(failed), names)
    return found, set(failed)


def is_away(error: Exception) -> bool:
    """Whether the database is unavailable, rather than one row at fault."""
    return isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, DataError | IntegrityError)
