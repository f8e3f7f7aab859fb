"""The life of a broadcast: draft, scheduled, live, expired or withdrawn; and the clock that orders them."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import ledger
from ..core.isolation import apart
from ..core.ledger import Held
from ..core.snapshots import CLOCK_UNIT, MAX_VERSION
from ..errors import BadValue
from ..models import Broadcast, BroadcastClock, State
from ..models.broadcast import reschedule

OUT = frozenset({State.LIVE, State.SCHEDULED})  # seen, or about to be


def is_out(broadcast: Broadcast) -> bool:
    """Whether people see it, or are about to: then it is changed and deleted only by those who may publish and
    withdraw, in the API and in the admin."""
    return broadcast.state in OUT


@ledger.retrying
def publish(broadcast: Broadcast) -> None:
    """Show a broadcast to its audience, now or at its `publish_at`; publishing what is out already changes nothing.

    Raises BadValue if it has expired before it could start.
    """
    now = timezone.now()
    with ledger.locked_clock():
        broadcast.refresh_from_db(using=ledger.alias())
        if broadcast.expires_at and broadcast.expires_at <= max(now, broadcast.publish_at or now):
            raise BadValue(_("This broadcast would expire before it is published: change its dates first."))
        if broadcast.state != State.LIVE:
            later = broadcast.publish_at is not None and broadcast.publish_at > now
            _move(broadcast, State.SCHEDULED if later else State.LIVE)


@ledger.retrying
def withdraw(broadcast: Broadcast) -> None:
    """Take a live or scheduled broadcast back from everybody; any other stays as it is."""
    with ledger.locked_clock():
        broadcast.refresh_from_db(using=ledger.alias())
        if broadcast.state in OUT:
            _move(broadcast, State.WITHDRAWN)


@ledger.retrying
def expire(broadcast: Broadcast) -> None:
    """End a live broadcast now."""
    with ledger.locked_clock():
        broadcast.refresh_from_db(using=ledger.alias())
        if broadcast.state == State.LIVE:
            broadcast.expires_at = timezone.now()
            _move(broadcast, State.EXPIRED)


def apply_due(now: datetime | None = None) -> bool:
    """Start and end what is due: called by whoever finds a `next_due` in the past. Returns whether anything was.

    A broadcast that can't be changed keeps no other back; if there was one, raises Held when the others are done.
    Raises OperationalError if the clock is not free in 200 ms. The next read or sweep comes back to it.
    """
    turned, left = turn_due(now)
    if left:
        raise Held(f"{left} broadcasts are due and can't be started or ended")
    return bool(turned)


def turn_due(now: datetime | None = None) -> tuple[int, int]:
    """As `apply_due`, for whoever would not be stopped by other broadcasts: returns how many were started or ended, and
    how many are still due."""
    now = now or timezone.now()
    if not BroadcastClock.objects.using(ledger.alias()).filter(next_due__lte=now).exists():
        return 0, 0
    with ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked_clock() as clock:
        over = Q(expires_at__lte=now)
        ended = _turn(Broadcast.objects.due(now).filter(over), state=State.EXPIRED)
        # Dated when it really came out, which may be later than planned: that is when people see it.
        scheduled = Broadcast.objects.due(now).filter(state=State.SCHEDULED).exclude(over)
        started = _turn(scheduled, state=State.LIVE, published_at=now)
        reschedule(clock)  # a `next_due` that was wrong would be found again by every read
        return ended + started, Broadcast.objects.due(now).count()


def _turn(rows: Any, **values: Any) -> int:
    """Change those that nobody holds: waiting for one would keep the clock from everybody."""
    free = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True)
    keys = list(free.values_list("pk", flat=True))
    return apart("Starting or ending broadcast", lambda some: int(rows.filter(pk__in=some).update(**values)), keys)[0]


def raise_clock(version: int) -> bool:
    """Set the clock past the one in a snapshot version that the database has forgotten (after a restore or failover).

    Returns whether it was behind. Raises BadValue for what is no version, OperationalError as `apply_due`.
    """
    if not 0 <= version <= MAX_VERSION:
        raise BadValue(_("This is no version of a snapshot."))
    beyond = version // CLOCK_UNIT + 1
    with ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked_clock() as clock:
        if clock.value >= beyond:
            return False
        ledger.tick(clock, by=beyond - clock.value)
        return True


@ledger.retrying
def bump_clock(by: int = 1000) -> int:
    """Advance the clock far enough that no version handed out before a restore comes again; returns the new value.

    Raises BadValue, and advances nothing, for a number below 1 or beyond what a version can hold.
    """
    with ledger.locked_clock() as clock:
        return ledger.tick(clock, by=by)


def _move(broadcast: Broadcast, state: str) -> None:
    broadcast.state = state
    broadcast.published_at = timezone.now() if state == State.LIVE else broadcast.published_at
    broadcast.save()
