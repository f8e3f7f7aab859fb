"""What happens by time: broadcasts start and end, and series publish their occurrences. The read or sweep that finds
`next_due` past has it done."""

import logging
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from .. import conf
from ..core.isolation import split_on_failure
from ..models import Broadcast, BroadcastClock, State, ledger
from ..models.broadcast import BroadcastQuerySet, reschedule
from ..models.ledger import Held
from ..selectors.approvals import is_approved
from .occurrences import publish_occurrences

logger = logging.getLogger(__name__)


def apply_due(now: datetime | None = None) -> bool:
    """Start and end the broadcasts that are due, and publish the occurrences of series; returns whether there were any.
    Called when `next_due` is past.

    If some of them can't be changed, it changes the others and then raises Held. Raises OperationalError if it can't
    lock the clock within 200 ms. In both cases the next read or sweep tries again.
    """
    turned, left = turn_due(now)
    if left:
        raise Held(f"{left} broadcasts are due and can't be started or ended")
    return bool(turned)


def turn_due(now: datetime | None = None) -> tuple[int, int]:
    """As `apply_due`, but without Held: returns how many broadcasts and series were due, and how many of them still are
    because of a failure."""
    now = now or timezone.now()
    if not BroadcastClock.objects.using(ledger.alias()).filter(next_due__lte=now).exists():
        return 0, 0
    with ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked_clock() as clock:
        over = Q(expires_at__lte=now)
        ended = _turn(Broadcast.objects.due(now).filter(over), state=State.EXPIRED)
        # `published_at` is when users see it, which may be later than planned.
        scheduled = Broadcast.objects.due(now).filter(state=State.SCHEDULED).exclude(over)
        held_back = _hold_back(scheduled)
        started = _turn(scheduled, state=State.LIVE, published_at=now)
        made, failed = publish_occurrences(now)
        reschedule(clock)  # every read would report a wrong `next_due` again
        return ended + held_back + started + made, Broadcast.objects.due(now).count() + failed


def _hold_back(scheduled: BroadcastQuerySet) -> int:
    """Make drafts of those that nobody has approved as they are now (`INBOX_FOUR_EYES`); returns how many."""
    if not conf.four_eyes():
        return 0
    unapproved = [row.pk for row in scheduled if not is_approved(row.pk)]
    if unapproved:
        logger.warning("Not published at their time, because nobody has approved them: broadcasts %s", unapproved)
    return _turn(scheduled.filter(pk__in=unapproved), state=State.DRAFT)


def _turn(rows: BroadcastQuerySet, **values: State | datetime) -> int:
    """Change the rows that no other transaction holds: this one holds the clock, so it must not wait for one row."""
    free = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True)
    keys = list(free.values_list("pk", flat=True))
    return split_on_failure(
        "Starting or ending broadcast", lambda some: rows.filter(pk__in=some).update(**values), keys
    )[0]
