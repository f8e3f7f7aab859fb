"""The occurrences of series: each is a copy of the template, published when it is due.

After downtime only the latest one is published. One that can't be published (nobody is in its audience) stays a draft,
and the series says why.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.acting import acting
from ..core.isolation import split_on_failure
from ..errors import BadValue, InboxError
from ..models import BroadcastSeries, ledger
from ..selectors.audience import require_readers
from .broadcasts import publish
from .copies import copied

logger = logging.getLogger(__name__)

MOST = 50  # series at a time, because other writes wait; the others remain due, and follow a second later


def publish_occurrences(now: datetime) -> tuple[int, int]:
    """For the series that are due. The caller holds the clock. Returns how many were due, and how many have failed:
    these stay due."""
    due = BroadcastSeries.objects.due(now).order_by("next_at")[:MOST]
    keys = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    with acting(None):
        done, failed = split_on_failure("The occurrence of series", partial(_publish_each, now), keys)
    return done, len(failed)


def _publish_each(now: datetime, keys: Sequence[int]) -> int:
    with transaction.atomic(using=ledger.alias()):
        for series in BroadcastSeries.objects.filter(pk__in=keys):
            _publish_latest(series, now)
    return len(keys)


def _publish_latest(series: BroadcastSeries, now: datetime) -> None:
    """The latest occurrence until now, unless it would be over; then the series waits for the next one."""
    try:
        latest, series.next_at = series.recurrence.around(now)
        series.problem = "" if latest is None or _is_over(series, latest, now) else _published(series, latest)
    except BadValue as error:  # nothing can ever come of it
        series.is_active, series.next_at, series.problem = False, None, _shortened(error.detail)
    if series.problem:
        logger.warning("Recurring announcement %d: %s", series.pk, series.problem)
    series.save(update_fields=["is_active", "next_at", "problem"])


def _is_over(series: BroadcastSeries, occurrence: datetime, now: datetime) -> bool:
    return series.duration is not None and occurrence + series.duration <= now


def _published(series: BroadcastSeries, occurrence: datetime) -> str:
    """Why it could not be published; "" if it was. Raises BadValue if the template was deleted."""
    if series.template is None:
        raise BadValue(_("Its announcement was deleted."))
    if series.occurrences.filter(occurrence=occurrence).exists():
        return ""
    ends = None if series.duration is None else occurrence + series.duration
    made = copied(
        series.template,
        series.author,
        series=series,
        occurrence=occurrence,
        publish_at=occurrence,
        expires_at=ends,
    )
    try:
        require_readers(made)
        publish(made)
    except InboxError as error:
        return _shortened(error.detail)
    return ""


def _shortened(sentence: str) -> str:
    return sentence[:300]
