"""What users do with broadcasts: creates, changes and renews receipts. The caller has locked the user's mailbox.

A broadcast may be shown again meanwhile, because its row is not locked. So each receipt gets the revision that was read
together with the broadcast: if it is too old when the transaction commits, the receipt does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from django.db.models import QuerySet

from ...core.snapshots import CLOCK_UNIT
from ...core.users import UserPk
from ...errors import Changed
from ...models import Broadcast, BroadcastReceipt, audiences, refs
from . import journal
from .actions import CLOSE, CONFIRM, OF_EVERY_REVISION, Action, is_changeable, marks_of, perform
from .marked import Marked, of_receipts, write

BLANK = dict.fromkeys(
    ("read_at", "archived_at", "deleted_at", "snoozed_until", "since", "banner_closed_at", "confirmed_at")
)
COLUMNS = ("revision", "again", "again_clock")

Receipts = Mapping[int, Marked]  # by the primary key of the broadcast


def act(pk: UserPk, keys: Collection[int], action: Action, seen: int | None, *, deletes: bool) -> int:
    """Do this to broadcasts; returns how many changed. `deletes`: as of `is_changeable`.

    Raises NotFound if one of them is not where the action applies, and Changed if the user, who has seen them as of the
    version `seen`, has to see one of them again.
    """
    found = list(_reachable(action)(pk).filter(pk__in=keys).only(*COLUMNS))
    receipts = _receipts(pk, found)
    counting = [(key, receipt) for key, receipt in receipts.items() if receipt.counts]
    in_the_way = {key for key, receipt in counting if not is_changeable(receipt, action, deletes=deletes)}
    refs.require(refs.BROADCAST, keys, {row.pk for row in found} - in_the_way)
    if seen is not None and (again := [row.ref for row in found if row.again_clock > seen // CLOCK_UNIT]):
        raise Changed(again)
    return _write(pk, found, receipts, action)


def change(pk: UserPk, rows: QuerySet[Broadcast], actions: Iterable[Action]) -> list[int]:
    """Do this to visible broadcasts; returns their keys."""
    found = list(rows.only(*COLUMNS))
    for action in actions:
        _write(pk, found, _receipts(pk, found), action)
    return [row.pk for row in found]


def _reachable(action: Action) -> Callable[[UserPk], QuerySet[Broadcast]]:
    if action == CLOSE:
        return lambda pk: audiences.live_for(pk).filter(as_banner=True)
    if action == CONFIRM:
        return lambda pk: audiences.live_for(pk).filter(as_dialog=True)
    return audiences.inbox_for


def _receipts(pk: UserPk, found: Iterable[Broadcast]) -> Receipts:
    mine = BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=[row.pk for row in found])
    return {row.key.pk: row for row in of_receipts(mine)}


def _write(pk: UserPk, found: Iterable[Broadcast], receipts: Receipts, action: Action) -> int:
    """Do this to broadcasts. What only clears marks changes nothing without a receipt."""
    of_every_revision, marks = action in OF_EVERY_REVISION, marks_of(action)
    new = []
    for row in found:
        if (receipt := receipts.get(row.pk)) is None:
            new.append(BroadcastReceipt(recipient_id=pk, broadcast_id=row.pk, revision=row.revision, **marks))
            continue
        if not (receipt.counts or of_every_revision):
            receipt.replace(BLANK)
        if perform(action, receipt) and not of_every_revision:
            receipt.after["revision"] = row.revision
    changed = write(pk, receipts.values())
    if not marks:
        return changed
    BroadcastReceipt.objects.bulk_create(new)
    for each in new:
        journal.note(journal.Key(refs.BROADCAST, each.broadcast_id), dict.fromkeys(marks), marks)
    return changed + len(new)
