"""Deleted objects: what was about them is recalled, also what is being sent just then."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..models import Correction, CorrectionKind, ledger
from ..signals import correction_queued

LONGEST = timedelta(hours=1)  # from a deletion to the end of its recall, if neither waits; by an index
registered: set[str] = set()  # the models whose objects take with them what was about them, as in subjects


def announce(correction: Correction) -> None:
    told = partial(correction_queued.send_robust, Correction, correction_id=correction.pk)
    transaction.on_commit(told, using=ledger.alias(), robust=True)


def recall_subjects(subjects: Iterable[str]) -> None:
    """Queue the recall of all messages about these subjects, in the caller's transaction. Locks nothing.

    Only the first one is announced: who has done it announces the next.
    """
    _queue([Correction(subject=subject, kind=CorrectionKind.RECALL) for subject in dict.fromkeys(subjects)])


@contextmanager
def recalled_if_deleted(subjects: Iterable[str | None]) -> Iterator[None]:
    """Around a send about these subjects: if one of them is deleted meanwhile, what was about it is recalled again.

    The first recall may be done before the last message is committed. One statement more, if a subject is that of a
    registered model.
    """
    known = {subject for subject in subjects if subject is not None and subject.partition(":")[0] in registered}
    again = partial(_recall_again, known, timezone.now())
    try:
        yield
    finally:
        if known:
            transaction.on_commit(again, using=ledger.alias(), robust=True)


def _recall_again(subjects: Collection[str], since: datetime) -> None:
    """Queue again the recalls that were at work since then. They keep the time of the deletion: later messages
    are about a new object with the same key."""
    at_work = Q(finished_at=None, failed_at=None) | Q(progress_at__gte=since, created_at__gte=since - LONGEST)
    recalls = Correction.objects.filter(at_work, subject__in=subjects, kind=CorrectionKind.RECALL)
    times = dict(recalls.order_by("created_at").values_list("subject", "created_at"))
    _queue([Correction(subject=each, kind=CorrectionKind.RECALL, created_at=at) for each, at in times.items()])


def _queue(recalls: list[Correction]) -> None:
    if recalls:
        announce(min(Correction.objects.bulk_create(recalls, batch_size=ledger.CHUNK), key=attrgetter("pk")))
