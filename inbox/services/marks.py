"""A user's actions on the items of their own mailbox: read, archive, delete, and undo each of these; close the
banner of a broadcast, and confirm its dialog."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Exists
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.snapshots import CLOCK_UNIT, MAX_VERSION
from ..core.users import UserOrPk, UserPk, user_pk
from ..errors import BadValue, NotFound
from ..models import BroadcastClock, Mailbox, audiences, event_types, ledger, refs
from . import receipts
from .actions import (
    ARCHIVE,
    CLOSE,
    CONFIRM,
    DELETE,
    OF_BROADCASTS,
    READ,
    UNARCHIVE,
    UNDELETE,
    UNDO,
    UNREAD,
    Action,
    changeable,
    update,
)

BATCH = 1000
PURGE_AFTER = UNDO + timedelta(minutes=1)  # a minute more, so that an undo at the last second finds the row


def mark_read(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Mark these items as read; returns how many changed.

    This action and those below change all of the items or none. `seen` is the version of the snapshot that the user
    acts on: if a broadcast was shown again since, they raise Changed. They raise NotFound if one of the refs is not in
    this user's mailbox, and BadValue for more than 1,000 refs.
    """
    return _perform(READ, user, refs, seen)


def mark_unread(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Mark these items as unread. An archived item returns to the inbox."""
    return _perform(UNREAD, user, refs, seen)


def archive(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Move these items to the archive, and mark them as read."""
    return _perform(ARCHIVE, user, refs, seen)


def unarchive(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    return _perform(UNARCHIVE, user, refs, seen)


def delete(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Hide these items. For ten minutes, `undelete` can restore them."""
    return _perform(DELETE, user, refs, seen)


def undelete(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    return _perform(UNDELETE, user, refs, seen)


def close_banner(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Close the banners of these broadcasts. What they are in the inbox stays as it is."""
    return _perform(CLOSE, user, refs, seen)


def confirm(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Confirm the dialogs of these broadcasts. What they are in the inbox stays as it is."""
    return _perform(CONFIRM, user, refs, seen)


def mark_all_read(user: UserOrPk, up_to: int, type: str | None = None) -> int:
    """Mark as read every item that the snapshot of version `up_to` counted (only those of `type`, if given).

    Returns how many items changed. Works in batches of 1,000. The bound stays the same for all of them, so a message
    that arrives meanwhile stays unread, and so does one that becomes unread again. Raises BadValue for an invalid
    version or type, NotFound for an unknown user.
    """
    if not 0 <= up_to <= MAX_VERSION:
        raise BadValue(_("up_to is not a version."))
    if type not in {None, refs.BROADCAST, *event_types()}:
        raise BadValue(_("There is no such type of message."))
    pk = user_pk(user)
    names = [name for name in (*event_types(), refs.BROADCAST) if type in {None, name}]
    clock, version = _bounds(pk, up_to)
    marked = 0
    while batch := _mark_batch(pk, names, clock, version):
        marked += batch
    return marked


def _perform(action: Action, user: UserOrPk, items: Iterable[str], seen: int | None) -> int:
    wanted = list(dict.fromkeys(items))
    if len(wanted) > BATCH:
        raise BadValue(_("At most %(count)d refs at a time.") % {"count": BATCH})
    return _change(user_pk(user), refs.parse(wanted), action, seen)


@ledger.retrying
def _change(pk: UserPk, wanted: Mapping[str, Collection[refs.RowPk]], action: Action, seen: int | None) -> int:
    with _locked_mailbox(pk):
        return sum(_act(pk, name, keys, action, seen) for name, keys in wanted.items())


@contextmanager
def _locked_mailbox(pk: UserPk) -> Iterator[None]:
    """A transaction that locks this user's mailbox. Raises NotFound for an unknown user."""
    with ledger.locked([pk]) as found:
        if not found:
            raise NotFound(_("There is no such user."))
        yield


def _act(pk: UserPk, name: str, keys: Collection[refs.RowPk], action: Action, seen: int | None) -> int:
    """Returns how many items changed. Raises NotFound if the user can't change one of them."""
    if name == refs.BROADCAST:
        return receipts.act(pk, keys, action, seen)
    if action in OF_BROADCASTS:
        raise refs.missing(f"{name}-{min(keys)}")
    rows = event_types()[name].objects.filter(recipient=pk, pk__in=keys)
    refs.require(name, keys, rows.filter(changeable(action)).values_list("pk", flat=True))
    return update(rows, action)


def _bounds(pk: UserPk, up_to: int) -> tuple[int, int]:
    """The broadcast clock and the mailbox version in `up_to`, neither greater than the current one."""
    clock, version = divmod(up_to, CLOCK_UNIT)
    current_version = Mailbox.objects.using(ledger.alias()).filter(pk=pk).values_list("version", flat=True).first()
    current_clock = BroadcastClock.objects.using(ledger.alias()).values_list("value", flat=True).first()
    return min(clock, current_clock or 0), min(version, current_version or 0)


@ledger.retrying
def _mark_batch(pk: UserPk, names: Iterable[str], clock: int, version: int) -> int:
    """Mark up to 1,000 items of all these types in one transaction, so that a badge changes once."""
    marked = 0
    with _locked_mailbox(pk):
        for name in names:
            if name == refs.BROADCAST:
                marked += _mark_broadcasts(pk, clock, version, BATCH - marked)
            else:
                marked += _mark_messages(pk, name, version, BATCH - marked)
    return marked


def _mark_messages(pk: UserPk, name: str, version: int, limit: int) -> int:
    model = event_types()[name]
    shown = model.objects.unread().filter(recipient=pk, seq__lte=version).exclude(since__gt=version)
    keys = list(shown.order_by("seq").values_list("pk", flat=True)[:limit])
    return model.objects.filter(pk__in=keys).update(read_at=timezone.now()) if keys else 0


def _mark_broadcasts(pk: UserPk, clock: int, version: int, limit: int) -> int:
    """If the user joined or left an audience after `version`, mark only broadcasts whose audiences nobody joins or
    leaves: the snapshot may not have counted the others."""
    returned = Exists(audiences.receipts(pk).filter(since__gt=version))
    shown = audiences.unread_for(pk).filter(~returned, clock__lte=clock)
    if Mailbox.objects.filter(pk=pk, audience_version__gt=version).exists():
        shown = audiences.lasting(shown)
    return receipts.read(pk, shown, limit)
