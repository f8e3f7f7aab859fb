"""The occurrences of series: each is a copy of the template, scheduled for when it is due. So it is published at once,
or blocked, as any scheduled broadcast (`due.py`). After downtime only the latest one is made.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from ...core.isolation import split_on_failure
from ...errors import BadValue
from ...models import Broadcast, BroadcastMember, BroadcastSeries, State, ledger
from .approvals import approve_copy
from .copies import copied

logger = logging.getLogger(__name__)

MOST = 50  # series at a time, because other writes wait; the others remain due, and follow a second later
MOST_PEOPLE = 10_000  # on the lists of a template: they are copied while the clock is locked


def require_template(series: BroadcastSeries) -> Broadcast:
    """Raises BadValue if no occurrence can be made of it."""
    template = Broadcast.objects.filter(repeated_by=series.pk).first()  # `series.template` may be read from a replica
    if template is None:
        raise BadValue(_("Its announcement was deleted."))
    people = BroadcastMember.objects.filter(broadcast=template.pk).order_by()
    if people[: MOST_PEOPLE + 1].count() > MOST_PEOPLE:
        raise BadValue(
            _("More than %d people are on its lists. Address them as a group: an announcement for groups can recur.")
            % MOST_PEOPLE
        )
    if template.filters.using(ledger.alias()).exists():  # they find people while no lock is held, not at a time
        raise BadValue(_("It has saved filters, which find people when somebody publishes it: it can't recur."))
    return template


def make_occurrences(now: datetime) -> int:
    """For the series that are due. The caller holds the clock. Returns how many have failed: these stay due."""
    due = BroadcastSeries.objects.due(now).order_by("next_at")[:MOST]
    keys = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    return len(split_on_failure("The occurrence of series", partial(_make_each, now), keys)[1])


def _make_each(now: datetime, keys: Sequence[int]) -> int:
    with transaction.atomic(using=ledger.alias()):
        for series in BroadcastSeries.objects.filter(pk__in=keys):
            _make_latest(series, now)
    return len(keys)


def _make_latest(series: BroadcastSeries, now: datetime) -> None:
    """The latest occurrence until now, unless it would be over; then the series waits for the next one."""
    try:
        latest, series.next_at = series.recurrence.around(now)
        if latest is not None and not _is_over(series, latest, now):
            _make(series, latest)
    except BadValue as error:  # nothing can ever come of it
        series.is_active, series.next_at, series.problem = False, None, error.detail[:300]
        logger.warning("Recurring announcement %d stops: %s", series.pk, error.detail)
    series.save(update_fields=["is_active", "next_at", "problem"])


def _is_over(series: BroadcastSeries, occurrence: datetime, now: datetime) -> bool:
    return series.duration is not None and occurrence + series.duration <= now


def _make(series: BroadcastSeries, occurrence: datetime) -> None:
    """Raises BadValue as `require_template`."""
    template = require_template(series)
    if Broadcast.objects.filter(series=series.pk, occurrence=occurrence).exists():
        return
    copy = copied(
        template,
        series.author,
        state=State.SCHEDULED,
        publish_at=occurrence,
        expires_at=None if series.duration is None else occurrence + series.duration,
        series=series,
        occurrence=occurrence,
    )
    approve_copy(template, copy)
