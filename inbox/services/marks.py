"""What owners do with their items: read, archive, delete, and back again."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import audiences, ledger, refs
from ..core.snapshots import CLOCK_UNIT, MAX_VERSION
from ..core.users import UserOrPk, UserPk, user_pk
from ..errors import BadValue, NotFound
from ..models import Audience, BroadcastClock, BroadcastReceipt, Mailbox, event_types
from ..models.base import MailboxRowQuerySet

BATCH = 1000
UNDO = timedelta(minutes=10)
PURGE_AFTER = UNDO + timedelta(minutes=1)  # a minute's grace: an undo at the last second wins

# An act is steps of (column, set or cleared), in an order that never leaves an archived item unread.
Steps = tuple[tuple[str, bool], ...]
READ: Steps = (("read_at", True),)
UNREAD: Steps = (("archived_at", False), ("read_at", False))
ARCHIVE: Steps = (("read_at", True), ("archived_at", True))
UNARCHIVE: Steps = (("archived_at", False),)
DELETE: Steps = (("deleted_at", True),)
UNDELETE: Steps = (("deleted_at", False),)


def mark_read(user: UserOrPk, refs: Iterable[str]) -> int:
    """Mark these items read. As the five acts below: returns how many items changed; NotFound, and nothing changed,
    if one of the refs is not in this user's mailbox; BadValue for more than 1,000 refs."""
    return _act(user, refs, READ)


def mark_unread(user: UserOrPk, refs: Iterable[str]) -> int:
    """Mark these items unread; an archived one returns to the inbox."""
    return _act(user, refs, UNREAD)


def archive(user: UserOrPk, refs: Iterable[str]) -> int:
    """Move these items out of the inbox; archiving reads."""
    return _act(user, refs, ARCHIVE)


def unarchive(user: UserOrPk, refs: Iterable[str]) -> int:
    return _act(user, refs, UNARCHIVE)


def delete(user: UserOrPk, refs: Iterable[str]) -> int:
    """Hide these items; `undelete` brings them back for ten minutes."""
    return _act(user, refs, DELETE)


def undelete(user: UserOrPk, refs: Iterable[str]) -> int:
    return _act(user, refs, UNDELETE)


def mark_all_read(user: UserOrPk, up_to: int, type: str | None = None) -> int:
    """Mark read what the user had been shown at snapshot version `up_to`, of one type if given; returns how many.

    Batches of 1,000 items under that fixed bound, so that a message arriving meanwhile stays unread. BadValue for what
    is no version or no type, NotFound for an unknown user.
    """
    if not 0 <= up_to <= MAX_VERSION:
        raise BadValue(_("up_to is not a version."))
    if type not in {None, refs.BROADCAST, *event_types()}:
        raise BadValue(_("There is no such type of message."))
    pk = user_pk(user)
    names = [name for name in (*event_types(), refs.BROADCAST) if type in {None, name}]
    clock, version = _shown(pk, up_to)
    marked = 0
    while batch := _mark_batch(pk, names, clock, version):
        marked += batch
    return marked


def _act(user: UserOrPk, items: Iterable[str], steps: Steps) -> int:
    wanted = list(dict.fromkeys(items))
    if len(wanted) > BATCH:
        raise BadValue(_("At most %(count)d refs at a time.") % {"count": BATCH})
    return _change(user_pk(user), refs.parse(wanted), steps)


@ledger.retrying
def _change(pk: UserPk, wanted: Mapping[str, Collection[refs.RowPk]], steps: Steps) -> int:
    with _mailbox(pk):
        found = [_owned(pk, name, keys, steps) for name, keys in wanted.items()]
        return sum(created + _take(rows, steps) for rows, created in found)


@contextmanager
def _mailbox(pk: UserPk) -> Iterator[None]:
    """A transaction that holds this user's mailbox."""
    with ledger.locked([pk]) as found:
        if not found:
            raise NotFound(_("There is no such user."))
        yield


def _owned(pk: UserPk, name: str, keys: Collection[refs.RowPk], steps: Steps) -> tuple[MailboxRowQuerySet[Any], int]:
    """The rows to change and how many had to be made for it; NotFound if one is not the user's to change."""
    if name == refs.BROADCAST:
        return _receipts(pk, keys, steps)
    rows = event_types()[name].objects.filter(recipient=pk, pk__in=keys)
    _require(name, keys, rows.filter(_reachable(steps)).values_list("pk", flat=True))
    return rows, 0


def _receipts(pk: UserPk, keys: Collection[refs.RowPk], steps: Steps) -> tuple[MailboxRowQuerySet[Any], int]:
    receipts = BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=keys)
    out_of_reach = receipts.exclude(_reachable(steps)).values("broadcast")
    visible = audiences.live_for(pk).filter(pk__in=keys).exclude(pk__in=out_of_reach)
    _require(refs.BROADCAST, keys, visible.values_list("pk", flat=True))
    return receipts, _make_receipts(pk, keys, steps)


def _make_receipts(pk: UserPk, broadcasts: Collection[refs.RowPk], steps: Steps) -> int:
    known = set(
        BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=broadcasts).values_list("broadcast", flat=True)
    )
    marks = {column: timezone.now() for column, is_set in steps if is_set}
    missing = sorted(set(broadcasts) - known) if marks else []
    BroadcastReceipt.objects.bulk_create(
        [BroadcastReceipt(recipient_id=pk, broadcast_id=key, **marks) for key in missing]
    )
    return len(missing)


def _reachable(steps: Steps) -> Q:
    """What the owner can act on: what is visible; and, to undo a deletion, what was deleted just now."""
    undo = Q(deleted_at__gt=timezone.now() - UNDO) if steps == UNDELETE else Q()
    return Q(deleted_at=None) | undo if undo else Q(deleted_at=None)


def _require(name: str, keys: Collection[refs.RowPk], found: Iterable[refs.RowPk]) -> None:
    if missing := sorted(set(keys) - set(found), key=str):
        raise refs.missing(f"{name}-{missing[0]}")


def _take(rows: MailboxRowQuerySet[Any], steps: Steps) -> int:
    now = timezone.now()
    return max(
        rows.filter(**{f"{column}__isnull": is_set}).update(**{column: now if is_set else None})
        for column, is_set in steps
    )


def _shown(pk: UserPk, up_to: int) -> tuple[int, int]:
    """Both bounds in `up_to`, neither beyond what exists now."""
    clock, version = divmod(up_to, CLOCK_UNIT)
    now = Mailbox.objects.using(ledger.alias()).filter(pk=pk).values_list("version", flat=True).first() or 0
    ticks = BroadcastClock.objects.using(ledger.alias()).values_list("value", flat=True).first() or 0
    return min(clock, ticks), min(version, now)


@ledger.retrying
def _mark_batch(pk: UserPk, names: Iterable[str], clock: int, version: int) -> int:
    """Up to 1,000 of what was shown, whatever its types, in one transaction: one change on every screen."""
    marked = 0
    with _mailbox(pk):
        for name in names:
            if name == refs.BROADCAST:
                marked += _mark_broadcasts(pk, clock, version, BATCH - marked)
            else:
                marked += _mark_messages(pk, name, version, BATCH - marked)
    return marked


def _mark_messages(pk: UserPk, name: str, version: int, room: int) -> int:
    model = event_types()[name]
    shown = model.objects.unread().filter(recipient=pk, seq__lte=version).order_by("seq")
    keys = list(shown.values_list("pk", flat=True)[:room])
    return model.objects.filter(pk__in=keys).update(read_at=timezone.now()) if keys else 0


def _mark_broadcasts(pk: UserPk, clock: int, version: int, room: int) -> int:
    """Who joined an audience after `version` was not shown what it reached before: that stays unread."""
    shown = audiences.unread_for(pk).filter(clock__lte=clock)
    if Mailbox.objects.filter(pk=pk, audience_version__gt=version).exists():
        shown = shown.filter(audience=Audience.EVERYONE)
    keys = list(shown.values_list("pk", flat=True)[:room])
    if not keys:
        return 0
    return _make_receipts(pk, keys, READ) + _take(
        BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=keys), READ
    )
