"""What happens by time: series make their occurrences, and broadcasts start and end. The read or sweep that finds
`next_due` past has it done."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ... import conf
from ...core.acting import acting
from ...core.isolation import split_on_failure
from ...models import Broadcast, BroadcastClock, BroadcastSeries, State, ledger
from ...models.broadcasts.broadcast import BroadcastQuerySet, reschedule
from ...models.ledger import Held
from ...selectors import has_readers
from ...selectors.approvals import is_approved
from .blocked import Obstacle, tell_author
from .occurrences import make_occurrences
from .preparing import prepare_occurrences

logger = logging.getLogger(__name__)


def apply_due(now: datetime | None = None) -> bool:
    """Start and end the broadcasts that are due, also those that series make; returns whether there were any.
    Called when `next_due` is past. An occurrence that is not prepared comes last: the others do not wait for it.

    If some of them can't be changed, it changes the others and then raises Held. Raises OperationalError if it can't
    lock the clock within 200 ms. In both cases the next read or sweep tries again.
    """
    now = now or timezone.now()
    if not _is_anything_due(now):
        return False
    turned, left = _turn(now)
    if left and BroadcastSeries.objects.due(now).exists():
        prepare_occurrences(now, ahead=timedelta(0))
        more, left = _turn(now)
        turned += more
    if left:
        raise Held(f"{left} broadcasts are due and can't be started or ended")
    return bool(turned)


def turn_due(now: datetime | None = None) -> tuple[int, int]:
    """As `apply_due`, but without Held: returns how many were started or ended, and how many broadcasts and series are
    still due because of a failure, or because they are not prepared: for a caller who may hold the clock."""
    now = now or timezone.now()
    return _turn(now) if _is_anything_due(now) else (0, 0)


def _turn(now: datetime) -> tuple[int, int]:
    # Nobody does it, also if it falls due in a request.
    with acting(None), ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked_clock() as clock:
        failed = make_occurrences(now)
        over = Q(expires_at__lte=now)
        ending = Broadcast.objects.due(now).filter(over)
        ended = _change_free(ending, lambda some: ending.filter(pk__in=some).update(state=State.EXPIRED))
        scheduled = Broadcast.objects.due(now).filter(state=State.SCHEDULED).exclude(over)
        started = _change_free(scheduled, partial(_start, scheduled, now))
        reschedule(clock)  # every read would report a wrong `next_due` again
        return ended + started, Broadcast.objects.due(now).count() + failed


def _is_anything_due(now: datetime) -> bool:
    return BroadcastClock.objects.using(ledger.alias()).filter(next_due__lte=now).exists()


def _change_free(rows: BroadcastQuerySet, change: Callable[[Sequence[int]], int]) -> int:
    """Change the rows that no other transaction holds: this one holds the clock, so it must not wait for one row."""
    free = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True)
    keys = list(free.values_list("pk", flat=True))
    return split_on_failure("Starting or ending broadcast", change, keys)[0]


def _start(scheduled: BroadcastQuerySet, now: datetime, keys: Sequence[int]) -> int:
    """Publish these broadcasts, or block them: then they are no longer due, and their authors decide. `published_at` is
    when users see it, which may be later than planned."""
    with transaction.atomic(using=ledger.alias()):
        rows = scheduled.filter(pk__in=keys)
        obstacles = [(row, obstacle) for row in rows if (obstacle := _obstacle(row))]
        blocked = rows.filter(pk__in=[row.pk for row, _obstacle in obstacles]).update(state=State.BLOCKED)
        for row, obstacle in obstacles:
            logger.warning("Not published at its time: broadcast %d (%s)", row.pk, obstacle)
            transaction.on_commit(partial(tell_author, row, obstacle), using=ledger.alias(), robust=True)
        return blocked + rows.update(state=State.LIVE, published_at=now)


def _obstacle(broadcast: Broadcast) -> Obstacle | None:
    """Why it can't be published now; None if it can."""
    if conf.four_eyes() and not is_approved(broadcast.pk):
        return Obstacle.UNAPPROVED
    return None if has_readers(broadcast) else Obstacle.NOBODY
