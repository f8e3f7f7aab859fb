"""The states of a broadcast (draft, scheduled, live, expired, withdrawn), and the broadcast clock."""

from django.utils import timezone
from django.utils.translation import gettext as _

from ... import conf
from ...core.snapshots import CLOCK_UNIT, MAX_VERSION
from ...errors import BadValue, NotApproved, NotFound
from ...models import Broadcast, State, ledger
from ...selectors.audience import filters_digest
from .approvals import approve

PUBLISHED = frozenset({State.LIVE, State.SCHEDULED})  # users see it now, or will see it


def existing(pk: int) -> Broadcast:
    """The stored row. Raises NotFound."""
    row = Broadcast.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("There is no such broadcast."))
    return row


def renew(broadcast: Broadcast) -> None:
    """Read its columns again. Raises NotFound."""
    try:
        broadcast.refresh_from_db(using=ledger.alias())
    except Broadcast.DoesNotExist as error:
        raise NotFound(_("There is no such broadcast.")) from error


def is_published(broadcast: Broadcast) -> bool:
    """Whether users see the broadcast, or will see it without further action."""
    return broadcast.state in PUBLISHED


def has_its_people(broadcast: Broadcast) -> bool:
    """Whether its saved filters have found people, and will find no others."""
    return broadcast.state in PUBLISHED | {State.PREPARING}


def is_for_publishers(broadcast: Broadcast) -> bool:
    """Whether users see the broadcast, or will see it or copies of it without further action. Then only those who may
    publish and withdraw can change or delete it, in the API and in the admin."""
    return has_its_people(broadcast) or broadcast.repeated_by.active().exists()


def frozen(broadcast: Broadcast) -> str:
    """Why the broadcast can't change: it is being prepared, or published (`INBOX_FOUR_EYES`); "" if it can."""
    if broadcast.state == State.PREPARING:
        return _("A recurring announcement is preparing it, and publishes it at its time: change that one instead.")
    if not (conf.four_eyes() and is_published(broadcast)):
        return ""
    return _(
        "Under the four-eyes rule, a published announcement can't change. Withdraw it first, or duplicate it, let "
        "somebody else publish the copy, and withdraw this one."
    )


def require_changeable(broadcast: Broadcast) -> None:
    """Raises NotApproved if the four-eyes rule forbids it, BadValue if the broadcast is being prepared."""
    if sentence := frozen(broadcast):
        raise (BadValue if broadcast.state == State.PREPARING else NotApproved)(sentence)


@ledger.retrying
def publish_frozen(broadcast: Broadcast, *, show_again: bool = False) -> None:
    """Show a broadcast to its audience, now or at its `publish_at`. If it is live already, nothing changes. The people
    of its saved filters are those whom `freeze` has found.

    One that was withdrawn stays read for those who had read it, unless `show_again` makes it new to everybody.

    Raises BadValue if it would expire before it starts, or is being prepared; NotApproved if the four-eyes rule asks
    for another publisher; NotFound if it was deleted; Held if other filters were chosen since `freeze`.
    """
    now = timezone.now()
    with ledger.locked_clock():
        renew(broadcast)
        if broadcast.state == State.PREPARING:
            raise BadValue(frozen(broadcast))
        if broadcast.expires_at and broadcast.expires_at <= max(now, broadcast.publish_at or now):
            raise BadValue(_("This announcement would expire before it is published: change its dates first."))
        if not is_published(broadcast) and filters_digest(broadcast.pk) not in {"", broadcast.prepared_from}:
            raise ledger.Held(f"Broadcast {broadcast.pk} has not the people of its filters")
        if broadcast.state != State.LIVE:
            approve(broadcast)
            later = broadcast.publish_at is not None and broadcast.publish_at > now
            broadcast.shows_again = show_again
            _set_state(broadcast, State.SCHEDULED if later else State.LIVE)


@ledger.retrying
def withdraw(broadcast: Broadcast) -> None:
    """Withdraw a live or scheduled broadcast: nobody sees it any more. In any other state, nothing changes."""
    with ledger.locked_clock():
        renew(broadcast)
        if is_published(broadcast):
            _set_state(broadcast, State.WITHDRAWN)


@ledger.retrying
def expire(broadcast: Broadcast) -> None:
    """End a live broadcast now."""
    with ledger.locked_clock():
        renew(broadcast)
        if broadcast.state == State.LIVE:
            broadcast.expires_at = timezone.now()
            _set_state(broadcast, State.EXPIRED)


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
