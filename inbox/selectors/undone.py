"""Reports work that a read has found undone. The read does not do it, because it writes nothing and waits for no lock
(see `services/mending.py`)."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ..core.snapshots import user_id
from ..core.users import UserPk
from ..models import BroadcastClock, BroadcastReceipt, Mailbox, event_types, ledger
from ..models.base import MailboxRow
from ..signals import undone_found


def next_wake() -> "QuerySet[Any, Any]":
    """When the first snooze of all users ends, as a queryset of one moment; the beginning of an index for each table.

    It counts for no state: a snoozed row stays hidden until `services.wake_due` has cleared it.
    """
    tables: tuple[type[MailboxRow], ...] = (*event_types().values(), BroadcastReceipt)
    ends = [table.objects.filter(snoozed_until__isnull=False).order_by().values("snoozed_until") for table in tables]
    return ends[0].union(*ends[1:], all=True).order_by("snoozed_until")[:1]


def report(next_due: datetime | None, next_wake: datetime | None = None, users: Collection[UserPk] = ()) -> None:
    """Send `undone_found` if a broadcast or a snooze is due, or users are given. Inside a transaction, wait for the
    commit, because the read may have seen uncommitted changes of its own."""
    now = timezone.now()
    is_due = any(moment is not None and moment <= now for moment in (next_due, next_wake))
    if is_due or users:
        _send(is_due, users)


def report_settings() -> None:
    """Report that this process has to record its settings (`recorded.py`), which `services.mend(is_due=True)` does."""
    _send(is_due=True)


def _send(is_due: bool, users: Collection[UserPk] = ()) -> None:
    keys = [user_id(pk) for pk in users]
    found = partial(undone_found.send_robust, Mailbox, is_due=is_due, user_ids=keys)
    transaction.on_commit(found, using=ledger.alias(), robust=True)


def report_due() -> None:
    """Report only whether a broadcast is due."""
    clocks = BroadcastClock.objects.using(ledger.alias()).filter(pk=BroadcastClock.THE_ONE)
    report(clocks.values_list("next_due", flat=True).first())
