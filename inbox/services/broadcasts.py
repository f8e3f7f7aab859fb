"""The states of a broadcast (draft, scheduled, live, expired, withdrawn), and the broadcast clock."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.isolation import split_on_failure
from ..core.snapshots import CLOCK_UNIT, MAX_VERSION
from ..errors import BadValue
from ..models import Broadcast, BroadcastClock, State, ledger
from ..models.broadcast import BroadcastQuerySet, reschedule
from ..models.ledger import Held

PUBLISHED = frozenset({State.LIVE, State.SCHEDULED})  # users see it now, or will see it


def is_published(broadcast: Broadcast) -> bool:
    """Whether users see the broadcast, or will see it without further action. Then only those who may publish and
    withdraw can change or delete it, in the API and in the admin."""
    return broadcast.state in PUBLISHED


@ledger.retrying
def publish(broadcast: Broadcast) -> None:
    """Show a broadcast to its audience, now or at its `publish_at`. If it is live already, nothing changes.

    Raises BadValue if it would expire before it starts.
    """
    now = timezone.now()
    with ledger.locked_clock():
        broadcast.refresh_from_db(using=ledger.alias())
        if broadcast.expires_at and broadcast.expires_at <= max(now, broadcast.publish_at or now):
            raise BadValue(_("This broadcast would expire before it is published: change its dates first."))
        if broadcast.state != State.LIVE:
            later = broadcast.publish_at is not None and broadcast.publish_at > now
            _set_state(broadcast, State.SCHEDULED if later else State.LIVE)


@ledger.retrying
def withdraw(broadcast: Broadcast) -> None:
    """Withdraw a live or scheduled broadcast: nobody sees it any more. In any other state, nothing changes."""
    with ledger.locked_clock():
        broadcast.refresh_from_db(using=ledger.alias())
        if is_published(broadcast):
            _set_state(broadcast, State.WITHDRAWN)


@ledger.retrying
def expire(broadcast: Broadcast) -> None:
    """End a live broadcast now."""
    with ledger.locked_clock():
        broadcast.refresh_from_db(using=ledger.alias())
        if broadcast.state == State.LIVE:
            broadcast.expires_at = timezone.now()
            _set_state(broadcast, State.EXPIRED)


def apply_due(now: datetime | None = None) -> bool:
    """Start and end the broadcasts that are due; returns whether there were any. Called when `next_due` is past.

    If some of them can't be changed, it changes the others and then raises Held. Raises OperationalError if it can't
    lock the clock within 200 ms. In both cases the next read or sweep tries again.
    """
    turned, left = turn_due(now)
    if left:
        raise Held(f"{left} broadcasts are due and can't be started or ended")
    return bool(turned)


def turn_due(now: datetime | None = None) -> tuple[int, int]:
    """As `apply_due`, but without Held: returns how many were started or ended, and how many are still due."""
    now = now or timezone.now()
    if not BroadcastClock.objects.using(ledger.alias()).filter(next_due__lte=now).exists():
        return 0, 0
    with ledger.waiting_at_most(ledger.MEND_SECONDS), ledger.locked_clock() as clock:
        over = Q(expires_at__lte=now)
        ended = _turn(Broadcast.objects.due(now).filter(over), state=State.EXPIRED)
        # `published_at` is when users see it, which may be later than planned.
        scheduled = Broadcast.objects.due(now).filter(state=State.SCHEDULED).exclude(over)
        started = _turn(scheduled, state=State.LIVE, published_at=now)
        reschedule(clock)  # every read would report a wrong `next_due` again
        return ended + started, Broadcast.objects.due(now).count()


def _turn(rows: BroadcastQuerySet, **values: State | datetime) -> int:
    """Change the rows that no other transaction holds: this one holds the clock, so it must not wait for one row."""
    free = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True)
    keys = list(free.values_list("pk", flat=True))
    return split_on_failure(
        "Starting or ending broadcast", lambda some: rows.filter(pk__in=some).update(**values), keys
    )[0]


def raise_clock(version: int) -> bool:
    """Advance the clock beyond a snapshot version that the database has lost, by a restore or failover.

    Returns whether the clock was behind. Raises BadValue for an invalid version, OperationalError as `apply_due`.
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
    """Advance the clock, so that no version from before a restore is used again; returns the new value.

    Raises BadValue for a number below 1, or one that a version can't hold.
    """
    with ledger.locked_clock() as clock:
        return ledger.tick(clock, by=by)


def _set_state(broadcast: Broadcast, state: State) -> None:
    broadcast.state = state
    broadcast.published_at = timezone.now() if state == State.LIVE else broadcast.published_at
    broadcast.save()
