"""What happens by time: broadcasts start and end, and series publish their occurrences. The read or sweep that finds
`next_due` past has it done."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from ..core.isolation import split_on_failure
from ..models import Broadcast, BroadcastClock, State, ledger
from ..models.broadcast import BroadcastQuerySet, reschedule
from ..models.ledger import Held
from .occurrences import publish_occurrences


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
        started = _turn(scheduled, state=State.LIVE, published_at=now)
        made, failed = publish_occurrences(now)
        reschedule(clock)  # every read would report a wrong `next_due` again
        return ended + started + made, Broadcast.objects.due(now).count() + failed


def _turn(rows: BroadcastQuerySet, **values: State | datetime) -> int:
    """Change the rows that no other transaction holds: this one holds the clock, so it must not wait for one row."""
    free = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True)
    keys = list(free.values_list("pk", flat=True))
    return split_on_failure(
        "Starting or ending broadcast", lambda some: rows.filter(pk__in=some).update(**values), keys
    )[0]
