"""A user's actions on the items of their own mailbox: read, archive, delete, and undo each of these."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.snapshots import CLOCK_UNIT, MAX_VERSION
from ..core.users import UserOrPk, UserPk, user_pk
from ..errors import BadValue, NotFound
from ..models import Audience, BroadcastClock, BroadcastReceipt, Mailbox, Message, audiences, event_types, ledger, refs
from ..models.base import MailboxRowQuerySet

BATCH = 1000
UNDO = timedelta(minutes=10)
PURGE_AFTER = UNDO + timedelta(minutes=1)  # a minute more, so that an undo at the last second finds the row

Rows = MailboxRowQuerySet[Message] | MailboxRowQuerySet[BroadcastReceipt]
# The columns that an action sets (True) or clears (False), in an order that never leaves an archived item unread.
Action = tuple[tuple[str, bool], ...]
READ: Action = (("read_at", True),)
UNREAD: Action = (("archived_at", False), ("read_at", False))
ARCHIVE: Action = (("read_at", True), ("archived_at", True))
UNARCHIVE: Action = (("archived_at", False),)
DELETE: Action = (("deleted_at", True),)
UNDELETE: Action = (("deleted_at", False),)


def mark_read(user: UserOrPk, refs: Iterable[str]) -> int:
    """Mark these items as read; returns how many changed.

    This action and the five below change all of the items or none. They raise NotFound if one of the refs is not in
    this user's mailbox, and BadValue for more than 1,000 refs.
    """
    return _perform(READ, user, refs)


def mark_unread(user: UserOrPk, refs: Iterable[str]) -> int:
    """Mark these items as unread. An archived item returns to the inbox."""
    return _perform(UNREAD, user, refs)


def archive(user: UserOrPk, refs: Iterable[str]) -> int:
    """Move these items to the archive, and mark them as read."""
    return _perform(ARCHIVE, user, refs)


def unarchive(user: UserOrPk, refs: Iterable[str]) -> int:
    return _perform(UNARCHIVE, user, refs)


def delete(user: UserOrPk, refs: Iterable[str]) -> int:
    """Hide these items. For ten minutes, `undelete` can restore them."""
    return _perform(DELETE, user, refs)


def undelete(user: UserOrPk, refs: Iterable[str]) -> int:
    return _perform(UNDELETE, user, refs)


def mark_all_read(user: UserOrPk, up_to: int, type: str | None = None) -> int:
    """Mark as read every item that the snapshot of version `up_to` counted (only those of `type`, if given).

    Returns how many items changed. Works in batches of 1,000. The bound stays the same for all of them, so a message
    that arrives meanwhile stays unread. Raises BadValue for an invalid version or type, NotFound for an unknown user.
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


def _perform(action: Action, user: UserOrPk, items: Iterable[str]) -> int:
    wanted = list(dict.fromkeys(items))
    if len(wanted) > BATCH:
        raise BadValue(_("At most %(count)d refs at a time.") % {"count": BATCH})
    return _change(user_pk(user), refs.parse(wanted), action)


@ledger.retrying
def _change(pk: UserPk, wanted: Mapping[str, Collection[refs.RowPk]], action: Action) -> int:
    with _locked_mailbox(pk):
        found = [_rows_to_change(pk, name, keys, action) for name, keys in wanted.items()]
        return sum(created + _update(rows, action) for rows, created in found)


@contextmanager
def _locked_mailbox(pk: UserPk) -> Iterator[None]:
    """A transaction that locks this user's mailbox. Raises NotFound for an unknown user."""
    with ledger.locked([pk]) as found:
        if not found:
            raise NotFound(_("There is no such user."))
        yield


def _rows_to_change(pk: UserPk, name: str, keys: Collection[refs.RowPk], action: Action) -> tuple[Rows, int]:
    """The rows to update, and how many receipts were created. Raises NotFound if the user can't change one of them."""
    if name == refs.BROADCAST:
        return _receipts(pk, keys, action)
    rows = event_types()[name].objects.filter(recipient=pk, pk__in=keys)
    _require(name, keys, rows.filter(_changeable(action)).values_list("pk", flat=True))
    return rows, 0


def _receipts(
    pk: UserPk, keys: Collection[refs.RowPk], action: Action
) -> tuple[MailboxRowQuerySet[BroadcastReceipt], int]:
    receipts = BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=keys)
    dismissed = receipts.exclude(_changeable(action)).values("broadcast")
    visible = audiences.live_for(pk).filter(pk__in=keys).exclude(pk__in=dismissed)
    _require(refs.BROADCAST, keys, visible.values_list("pk", flat=True))
    return receipts, _create_receipts(pk, keys, action)


def _create_receipts(pk: UserPk, broadcasts: Collection[refs.RowPk], action: Action) -> int:
    known = set(
        BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=broadcasts).values_list("broadcast", flat=True)
    )
    marks = {column: timezone.now() for column, is_set in action if is_set}
    missing = sorted(set(broadcasts) - known) if marks else []
    BroadcastReceipt.objects.bulk_create(
        [BroadcastReceipt(recipient_id=pk, broadcast_id=key, **marks) for key in missing]
    )
    return len(missing)


def _changeable(action: Action) -> Q:
    """The rows that the owner can change: the visible ones and, for `undelete`, those deleted in the last minutes."""
    undo = Q(deleted_at__gt=timezone.now() - UNDO) if action == UNDELETE else Q()
    return Q(deleted_at=None) | undo if undo else Q(deleted_at=None)


def _require(name: str, keys: Collection[refs.RowPk], found: Iterable[refs.RowPk]) -> None:
    if missing := sorted(set(keys) - set(found), key=str):
        raise refs.missing(f"{name}-{missing[0]}")


def _update(rows: Rows, action: Action) -> int:
    now = timezone.now()
    return max(
        rows.filter(**{f"{column}__isnull": is_set}).update(**{column: now if is_set else None})
        for column, is_set in action
    )


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
    shown = model.objects.unread().filter(recipient=pk, seq__lte=version).order_by("seq")
    keys = list(shown.values_list("pk", flat=True)[:limit])
    return model.objects.filter(pk__in=keys).update(read_at=timezone.now()) if keys else 0


def _mark_broadcasts(pk: UserPk, clock: int, version: int, limit: int) -> int:
    """If the user joined or left an audience after `version`, mark only broadcasts for everyone: the snapshot did not
    count the others."""
    shown = audiences.unread_for(pk).filter(clock__lte=clock)
    if Mailbox.objects.filter(pk=pk, audience_version__gt=version).exists():
        shown = shown.filter(audience=Audience.EVERYONE)
    keys = list(shown.values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    return _create_receipts(pk, keys, READ) + _update(
        BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=keys), READ
    )
