"""What users do with broadcasts: creates, changes and renews receipts. The caller has locked the user's mailbox.

A broadcast may be shown again meanwhile, because its row is not locked. So each receipt gets the revision that was read
together with the broadcast: if it is too old when the transaction commits, the receipt does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Case, QuerySet, When
from django.utils import timezone

from ..core.snapshots import CLOCK_UNIT
from ..core.users import UserPk
from ..errors import Changed
from ..models import Broadcast, BroadcastReceipt, audiences, refs
from .actions import CLOSE, CONFIRM, READ, Action, changeable, update

BLANK = dict.fromkeys(("read_at", "archived_at", "deleted_at", "since", "banner_closed_at", "confirmed_at"))
COLUMNS = ("revision", "again", "again_clock")


class Receipt(NamedTuple):
    """Whether it counts: it is not from before the broadcast was shown again; and whether the action can change it."""

    counts: bool
    can_change: bool

    @property
    def is_in_the_way(self) -> bool:
        return self.counts and not self.can_change


Receipts = Mapping[int, Receipt]  # by the primary key of the broadcast


def act(pk: UserPk, keys: Collection[int], action: Action, seen: int | None) -> int:
    """Do this to broadcasts; returns how many changed.

    Raises NotFound if one of them is not where the action applies, and Changed if the user, who has seen them as of the
    version `seen`, has to see one of them again.
    """
    found = list(_reachable(action)(pk).filter(pk__in=keys).only(*COLUMNS))
    receipts = _receipts(pk, found, action)
    in_the_way = {key for key, receipt in receipts.items() if receipt.is_in_the_way}
    refs.require(refs.BROADCAST, keys, {row.pk for row in found} - in_the_way)
    if seen is not None and (again := [row.ref for row in found if row.again_clock > seen // CLOCK_UNIT]):
        raise Changed(again)
    return _write(pk, found, receipts, action)


def read(pk: UserPk, rows: QuerySet[Broadcast], limit: int) -> int:
    """Mark up to `limit` of these unread broadcasts as read; returns how many there were."""
    found = list(rows.only(*COLUMNS)[:limit])
    return _write(pk, found, _receipts(pk, found, READ), READ)


def _reachable(action: Action) -> Callable[[UserPk], QuerySet[Broadcast]]:
    if action == CLOSE:
        return lambda pk: audiences.live_for(pk).filter(as_banner=True)
    if action == CONFIRM:
        return lambda pk: audiences.live_for(pk).filter(as_dialog=True)
    return audiences.inbox_for


def _receipts(pk: UserPk, found: Iterable[Broadcast], action: Action) -> Receipts:
    again = {row.pk: row.again for row in found}
    mine = BroadcastReceipt.objects.filter(recipient=pk, broadcast__in=again)
    can_change = Case(When(changeable(action), then=True), default=False)
    rows = mine.annotate(can_change=can_change).values_list("broadcast", "revision", "can_change")
    return {key: Receipt(revision >= again[key], can_change) for key, revision, can_change in rows}


def _write(pk: UserPk, found: Iterable[Broadcast], receipts: Receipts, action: Action) -> int:
    revision_of = attrgetter("revision")
    return sum(
        _write_at(pk, revision, {row.pk for row in rows}, receipts, action)
        for revision, rows in groupby(sorted(found, key=revision_of), key=revision_of)
    )


def _write_at(pk: UserPk, revision: int, keys: set[int], receipts: Receipts, action: Action) -> int:
    """Do this to broadcasts of the same revision. What only clears marks changes nothing without a receipt."""
    mine, now = BroadcastReceipt.objects.filter(recipient=pk), timezone.now()
    counting = {key for key in keys & receipts.keys() if receipts[key].counts}
    changed = update(mine.filter(broadcast__in=counting), action, revision=revision) if counting else 0
    if not (marks := {column: now for column, is_set in action if is_set}):
        return changed
    if old := (keys & receipts.keys()) - counting:
        changed += mine.filter(broadcast__in=old).update(**BLANK | marks, revision=revision)
    new = sorted(keys - receipts.keys())
    rows = [BroadcastReceipt(recipient_id=pk, broadcast_id=key, revision=revision, **marks) for key in new]
    BroadcastReceipt.objects.bulk_create(rows)
    return changed + len(rows)
