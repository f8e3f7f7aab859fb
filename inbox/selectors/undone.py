"""Reports work that a read has found undone. The read does not do it, because it writes nothing and waits for no lock
(see `services/mending.py`)."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from ..core.snapshots import user_id
from ..core.users import UserPk
from ..models import BroadcastClock, Mailbox, ledger
from ..signals import undone_found


def report(next_due: datetime | None, users: Collection[UserPk] = ()) -> None:
    """Send `undone_found` if a broadcast is due or users are given. Inside a transaction, wait for the commit, because
    the read may have seen uncommitted changes of its own."""
    is_due = next_due is not None and next_due <= timezone.now()
    if is_due or users:
        keys = [user_id(pk) for pk in users]
        found = partial(undone_found.send_robust, Mailbox, is_due=is_due, user_ids=keys)
        transaction.on_commit(found, using=ledger.alias(), robust=True)


def report_due() -> None:
    """Report only whether a broadcast is due."""
    clocks = BroadcastClock.objects.using(ledger.alias()).filter(pk=BroadcastClock.THE_ONE)
    report(clocks.values_list("next_due", flat=True).first())
