"""What a user can do to an item: the columns that each action sets or clears."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ...errors import BadValue
from ...models import refs
from . import journal
from .journal import UNDO
from .marked import Marked

LONGEST_SNOOZE = timedelta(days=5 * 366)

# The columns that an action sets to the present (True), unless they are set already; clears (False); or sets to a
# moment. Reading, archiving or deleting an item ends its snooze, and so does marking it as unread.
Action = tuple[tuple[str, bool | datetime], ...]
READ: Action = (("read_at", True), ("snoozed_until", False))
UNREAD: Action = (("archived_at", False), ("read_at", False), ("snoozed_until", False))
ARCHIVE: Action = (("read_at", True), ("archived_at", True), ("snoozed_until", False))
UNARCHIVE: Action = (("archived_at", False),)
DELETE: Action = (("deleted_at", True), ("snoozed_until", False))
UNDELETE: Action = (("deleted_at", False),)
STAR: Action = (("starred_at", True),)
UNSTAR: Action = (("starred_at", False),)
UNSNOOZE: Action = (("snoozed_until", False),)
# Of broadcasts only. They have nothing to do with the item in the inbox, deleted or not.
CLOSE: Action = (("banner_closed_at", True),)
CONFIRM: Action = (("confirmed_at", True),)
OF_BROADCASTS = frozenset({CLOSE, CONFIRM})
# A star stays when a broadcast is shown again.
OF_EVERY_REVISION = frozenset({STAR, UNSTAR})


def check_end_of_snooze(until: datetime) -> None:
    """Raises BadValue for a moment without a time zone, one that is not in the future, or too far in it."""
    now = timezone.now()
    if timezone.is_naive(until):
        raise BadValue(_("A snooze ends at a time with a time zone."))
    if not now < until <= now + LONGEST_SNOOZE:
        raise BadValue(_("A snooze ends in the future, at most five years from now."))


def snooze_until(until: datetime) -> Action:
    """A snoozed item is unread and not archived, so whatever ends its snooze has nothing else to change."""
    return (("archived_at", False), ("read_at", False), ("snoozed_until", until))


# The action behind each change of an item's fields, in the order in which to perform them: a deleted item has to be
# restored before anything else can be done to it.
CHANGES: dict[tuple[str, bool | None], Action] = {
    ("deleted", False): UNDELETE,
    ("archived", True): ARCHIVE,
    ("archived", False): UNARCHIVE,
    ("read", True): READ,
    ("read", False): UNREAD,
    ("starred", True): STAR,
    ("starred", False): UNSTAR,
    ("snoozed_until", None): UNSNOOZE,
    ("deleted", True): DELETE,
}
Changes = Mapping[str, bool | datetime | None]


def actions_of(changes: Changes) -> list[Action]:
    """The actions for these changes of fields, in order. Raises BadValue for the end of a snooze, or for a snooze of
    what is deleted."""
    actions = [action for (name, value), action in CHANGES.items() if changes.get(name, ...) is value]
    until = changes.get("snoozed_until")
    if isinstance(until, datetime):
        check_end_of_snooze(until)
        if changes.get("deleted"):
            raise BadValue(_("A deleted item does not return: it can't be deleted and snoozed."))
        actions.append(snooze_until(until))
    return actions


def is_changeable(row: Marked, action: Action, *, deletes: bool = False) -> bool:
    """Whether the owner can do this to the row: it is visible or, for `undelete`, was deleted in the last minutes; or
    the act also `deletes`, is repeated, and has nothing left to do."""
    deleted_at = row.after["deleted_at"]
    if action in OF_BROADCASTS:
        return row.type == refs.BROADCAST
    if deleted_at is None:
        return True
    if deletes:
        return journal.goes_on()
    return action == UNDELETE and bool(deleted_at > timezone.now() - UNDO)


def perform(action: Action, row: Marked) -> bool:
    """Set or clear the columns of the row; returns whether that changes something."""
    now, before = journal.moment(), dict(row.after)
    for column, change in action:
        row.after[column] = (before[column] or now) if change is True else change or None
    return row.after != before


def marks_of(action: Action) -> dict[str, datetime]:
    """What an action sets in a row in which nothing is set."""
    now = journal.moment()
    return {column: now if change is True else change for column, change in action if change}
