"""What workers and sweeps do for corrections: the next thousand messages, by whoever is free."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ...core.isolation import log_failure
from ...errors import InboxError
from ...models import Correction, Send, ledger
from ..attempts import ATTEMPTS, pause
from ..sending import let_others_write
from .batches import from_before
from .kept import recall_apart
from .recall import recall
from .removal import is_refused
from .together import UNWRITTEN, recall_together
from .work import correct, free, ready

STALLED = timedelta(seconds=10)  # without progress for so long: its worker is dead, or its task was lost


def work_off_correction(pk: int) -> bool:
    """Correct the next messages; returns whether there may be more. Call it until it returns False.

    Any number of workers may call it at the same time: one of them works, the others return at once. What fails is
    tried again later, and given up after the 8th attempt.
    """
    try:
        recall_together(pk)
        _recall_unwritten(pk)
        has_more = _work_off_some(pk)
    except Exception as error:  # noqa: BLE001 (logged there)
        _note_failure(pk, error)
        return False
    let_others_write()
    return has_more


def _work_off_some(pk: int) -> bool:
    try:
        return _work_off_next(pk)
    except Exception as error:
        if not is_refused(error):
            raise
        return recall_apart(pk, error)


def finish_corrections(after: timedelta = STALLED) -> int:
    """Work off the corrections that made no progress for this long; returns how many. Sweeps call it."""
    late = Correction.objects.filter(ready(), progress_at__lt=timezone.now() - after)
    rows = late.order_by("progress_at").values_list("pk", "progress_at")[:100]
    claimed = [pk for pk, progress_at in rows if _claim(pk, progress_at)]
    left = claimed
    while left := [pk for pk in left if work_off_correction(pk)]:  # some of each in turn, so that none has to wait
        pass
    return len(claimed)


def _claim(pk: int, progress_at: datetime) -> bool:
    rows = Correction.objects.pending().filter(pk=pk, progress_at=progress_at)
    return bool(rows.update(progress_at=timezone.now()))


def _recall_unwritten(pk: int) -> None:
    """Recall the sends about a deleted object that are not written yet."""
    correction = Correction.objects.pending().filter(pk=pk).exclude(subject="").first()
    if correction is None:
        return
    about = from_before(correction)
    for condition in UNWRITTEN:
        for send in Send.objects.filter(condition, about, subject=correction.subject, is_linked=True):
            recall(send.pk)


@ledger.retrying
def _work_off_next(pk: int) -> bool:
    with transaction.atomic(using=ledger.alias()):
        correction = free(pk)
        return correction is not None and correct(correction)


def _note_failure(pk: int, error: Exception) -> None:
    """Log the exception, and store a reason that an administrator may read."""
    log_failure(f"Correction {pk}")
    reason = error.detail if isinstance(error, InboxError) else type(error).__name__
    rows = Correction.objects.pending().filter(pk=pk)
    attempts = rows.values_list("attempts", flat=True).first()
    if attempts is None:
        return
    attempts, now = attempts + 1, timezone.now()
    over = {"failed_at": now} if attempts >= ATTEMPTS else {"retry_at": now + pause(attempts)}
    rows.update(attempts=F("attempts") + 1, reason=reason[:300], **over)
