"""The occurrences of series: each is a copy of the template, scheduled for when it is due. So it is published at once,
or blocked, as any scheduled broadcast (`due.py`). After downtime only the latest one is made. Where to copy the people
takes long, that has been done before (`preparing.py`).
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...core.isolation import split_on_failure
from ...errors import BadValue
from ...models import Broadcast, BroadcastSeries, State, ledger
from .approvals import approve_copy
from .copies import columns_of, copied, copy_sets
from .preparing import needs_preparation, source_of

logger = logging.getLogger(__name__)

MOST = 50  # series at a time, because other writes wait; the others remain due, and follow a second later


class NotPrepared(Exception):
    """Its people are not written yet, or others than it would have now: it stays due until they are."""


def require_template(series: BroadcastSeries) -> Broadcast:
    """Raises BadValue if no occurrence can be made of it."""
    template = Broadcast.objects.filter(repeated_by=series.pk).first()  # `series.template` may be read from a replica
    if template is None:
        raise BadValue(_("Its announcement was deleted."))
    return template


def make_occurrences(now: datetime) -> int:
    """For the series that are due. The caller holds the clock. Returns how many have failed, or are not prepared: these
    stay due."""
    due = BroadcastSeries.objects.due(now).order_by("next_at")[:MOST]
    keys = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    return len(keys) - split_on_failure("The occurrence of series", partial(_make_each, now), keys)[0]


def _make_each(now: datetime, keys: Sequence[int]) -> int:
    with transaction.atomic(using=ledger.alias()):
        return sum(_make_latest(series, now) for series in BroadcastSeries.objects.filter(pk__in=keys))


def _make_latest(series: BroadcastSeries, now: datetime) -> bool:
    """The latest occurrence until now, unless it would be over; then the series waits for the next one. Returns whether
    it was prepared, if it has to be."""
    try:
        latest, series.next_at = series.recurrence.around(now)
        if latest is not None and not _is_over(series, latest, now):
            _make(series, latest)
    except NotPrepared:
        return False
    except BadValue as error:  # nothing can ever come of it
        series.is_active, series.next_at, series.problem = False, None, error.detail[:300]
        logger.warning("Recurring announcement %d stops: %s", series.pk, error.detail)
    series.save(update_fields=["is_active", "next_at", "problem"])
    return True


def _is_over(series: BroadcastSeries, occurrence: datetime, now: datetime) -> bool:
    return series.duration is not None and occurrence + series.duration <= now


def _make(series: BroadcastSeries, occurrence: datetime) -> None:
    """Raises BadValue as `require_template`, and NotPrepared."""
    template = require_template(series)
    made = Broadcast.objects.filter(series=series.pk, occurrence=occurrence).first()
    if made is not None and made.state != State.PREPARING:
        return
    if made is None and needs_preparation(template.pk):
        raise NotPrepared(f"Series {series.pk} has nothing for {occurrence}")
    own: dict[str, Any] = {
        "author": series.author,
        "state": State.SCHEDULED,
        "publish_at": occurrence,
        "expires_at": None if series.duration is None else occurrence + series.duration,
        "series": series,
        "occurrence": occurrence,
    }
    copy = copied(template, **own) if made is None else _completed(made, template, own)
    approve_copy(template, copy)


def _completed(made: Broadcast, template: Broadcast, own: dict[str, Any]) -> Broadcast:
    """A prepared one, as the template is now. Raises NotPrepared if its people are not those of the template."""
    if made.prepared_from != source_of(template.pk):
        raise NotPrepared(f"Broadcast {made.pk} has not the people of its template")
    for name, value in (columns_of(template) | own).items():
        setattr(made, name, value)
    made.save()
    copy_sets(template, made)
    return made
