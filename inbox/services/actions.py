"""What a user can do to an item: the columns that each action sets or clears."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from ..models import BroadcastReceipt, Message
from ..models.base import MailboxRowQuerySet

UNDO = timedelta(minutes=10)

Rows = MailboxRowQuerySet[Message] | MailboxRowQuerySet[BroadcastReceipt]

# The columns that an action sets (True) or clears (False), in an order that never leaves an archived item unread.
Action = tuple[tuple[str, bool], ...]
READ: Action = (("read_at", True),)
UNREAD: Action = (("archived_at", False), ("read_at", False))
ARCHIVE: Action = (("read_at", True), ("archived_at", True))
UNARCHIVE: Action = (("archived_at", False),)
DELETE: Action = (("deleted_at", True),)
UNDELETE: Action = (("deleted_at", False),)
# Of broadcasts only. They have nothing to do with the item in the inbox, deleted or not.
CLOSE: Action = (("banner_closed_at", True),)
CONFIRM: Action = (("confirmed_at", True),)
OF_BROADCASTS = frozenset({CLOSE, CONFIRM})


def changeable(action: Action) -> Q:
    """The rows that the owner can change: the visible ones and, for `undelete`, those deleted in the last minutes."""
    if action in OF_BROADCASTS:
        return ~Q(pk=None)
    undo = Q(deleted_at__gt=timezone.now() - UNDO) if action == UNDELETE else Q()
    return Q(deleted_at=None) | undo if undo else Q(deleted_at=None)


def update(rows: Rows, action: Action, **values: Any) -> int:
    """Set or clear the columns of rows where that changes something, and these values with them; returns how many."""
    now = timezone.now()
    return max(
        rows.filter(**{f"{column}__isnull": is_set}).update(**{column: now if is_set else None}, **values)
        for column, is_set in action
    )
