"""Snoozes that end by time.

A snoozed row is hidden until this job has cleared `snoozed_until`, also if the job is late: time alone changes nothing
(rule 5), so badge, list and mark-all have one answer at each version. `since` becomes the new version of the mailbox,
so the mark-all of a page that was shown before spares the row.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db.models import Q
from django.utils import timezone

from ..core.isolation import split_on_failure
from ..core.lookups import Among
from ..models import BroadcastReceipt, Mailbox, Message, event_types, ledger, refs
from ..models.base import AWAKE, MailboxRowQuerySet
from ..models.ledger import Held
from .sending import let_others_write

Table = type[Message] | type[BroadcastReceipt]


def wake_due(now: datetime | None = None) -> int:
    """Let the items return whose snooze is over, unread, and announce each as if it had just arrived; returns how many.

    A thousand rows per transaction, which locks their mailboxes for milliseconds. It waits for no mailbox that another
    transaction holds, a second job included: those rows are left to the next run, and then it raises Held.
    """
    now = now or timezone.now()
    tables: dict[str, Table] = {**event_types(), refs.BROADCAST: BroadcastReceipt}
    found = woken = 0
    for name, table in tables.items():
        for keys in _due(table, now):
            done, _failed = split_on_failure("Ending snooze of row", partial(_wake, table, refs.BACK + name, now), keys)
            found, woken = found + len(keys), woken + done
            let_others_write()
    left = sum(table.objects.filter(snoozed_until__lte=now).count() for table in tables.values()) if found else 0
    if left:
        raise Held(f"{left} snoozes are over and could not be ended")
    return woken


def _due(table: Table, now: datetime) -> Iterator[Sequence[int]]:
    """The keys of due rows, a thousand at a time, in the order in which they fall due."""
    rows = table.objects.filter(snoozed_until__lte=now).order_by("snoozed_until", "pk")
    position = Q()
    while chunk := list(rows.filter(position).values_list("pk", "snoozed_until")[: ledger.CHUNK]):
        yield [pk for pk, _until in chunk]
        pk, until = chunk[-1]
        position = Q(snoozed_until__gt=until) | Q(snoozed_until=until, pk__gt=pk)


def _wake(table: Table, item: str, now: datetime, keys: Sequence[int]) -> int:
    """Lock the free mailboxes of these rows, sorted, and wake those that are still due; returns how many."""
    rows: MailboxRowQuerySet[Message] | MailboxRowQuerySet[BroadcastReceipt] = table.objects.filter(
        Among("pk", keys), snoozed_until__lte=now
    )
    with ledger.waiting_at_most(ledger.MEND_SECONDS):
        mailboxes = Mailbox.objects.filter(Among("pk", rows._recipients())).order_by("pk")
        free = list(mailboxes.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
        due = rows.filter(Among("recipient", free)) if free else rows.none()
        ledger.advance(sorted(due._recipients()), item)
        return due.change(**AWAKE)
