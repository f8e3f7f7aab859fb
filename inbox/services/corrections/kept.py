"""Messages that can't be removed: a table of the site refers to them (`PROTECT`), or a receiver of a deletion raises.

A recall removes all others, counts these, and has failed then.
"""

import time
from collections import deque
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from ...core.isolation import log_failure
from ...models import Correction, CorrectionKind, event_types, ledger
from .removal import Key, in_order, is_refused, remove
from .work import free, note_progress

MOST_SECONDS = 10.0  # of one call; then the worker can do other tasks


def recall_apart(pk: int, error: Exception) -> bool:
    """Remove the next messages of a recall in ever smaller parts, and pass over those that can't be removed, after a
    batch has failed with this error; returns whether there may be more to do.

    Each part is a transaction of its own, in the order of keys, so that any worker can go on from there. Raises the
    error if it was about something else.
    """
    correction = Correction.objects.pending().filter(pk=pk, kind=CorrectionKind.RECALL).first()
    keys = in_order(correction) if correction is not None else []
    if correction is None or not keys:
        raise error
    position, todo, end = correction.position, deque([keys]), time.monotonic() + MOST_SECONDS
    while todo:
        part = todo.popleft()
        try:
            is_mine = _remove(pk, position, part)
        except Exception as refusal:
            if not is_refused(refusal):
                raise
            if middle := len(part) // 2:
                todo.extendleft((part[middle:], part[:middle]))
                continue
            log_failure(f"Correction {pk}")
            is_mine = _pass_over(pk, position, part[0], refusal)
        if not is_mine:
            return False  # another worker goes on
        position = str(part[-1])
        if time.monotonic() > end:
            break
    return True


def _remove(pk: int, position: str, part: Sequence[Key]) -> bool:
    """Remove these messages, unless another worker has moved the position. It is not tried again at once, because that
    would not help most parts; a deadlock is tried again later."""
    with transaction.atomic(using=ledger.alias()):
        correction = free(pk)
        if correction is None or correction.position != position:
            return False
        remove([correction], part)
        correction.position = str(part[-1])
        note_progress(correction)
        return True


@ledger.retrying
def _pass_over(pk: int, position: str, key: Key, error: Exception) -> bool:
    with transaction.atomic(using=ledger.alias()):
        correction = free(pk)
        if correction is None or correction.position != position:
            return False
        correction.position = str(key)
        if event_types()[key.type].objects.filter(pk=key.pk).exists():
            if not correction.kept:
                said = {"ref": f"{key.type}-{key.pk}", "error": type(error).__name__}
                correction.reason = (_("“%(ref)s” can't be removed (%(error)s).") % said)[:300]
            correction.kept += 1
        note_progress(correction)
        return True
