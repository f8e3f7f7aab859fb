"""A user's actions on the items of their own mailbox: read, archive, delete, star, snooze, and undo each of these;
close the banner of a broadcast, and confirm its dialog."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from ...core.snapshots import CLOCK_UNIT, MAX_VERSION
from ...core.users import UserOrPk, UserPk, user_pk
from ...errors import BadValue, Changed
from ...models import BroadcastClock, Mailbox, event_types, ledger, refs
from ...selectors.sends import rewritten_since
from . import receipts
from .actions import (
    ARCHIVE,
    CLOSE,
    CONFIRM,
    DELETE,
    READ,
    STAR,
    UNARCHIVE,
    UNDELETE,
    UNREAD,
    UNSNOOZE,
    UNSTAR,
    Action,
    Changes,
    actions_of,
    check_end_of_snooze,
    is_changeable,
    perform,
    snooze_until,
)
from .journal import UNDO, locked_mailbox
from .marked import Marked, read, write

BATCH = 1000
PURGE_AFTER = UNDO + timedelta(minutes=1)  # a minute more, so that an undo at the last second finds the row


def mark_read(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Mark these items as read; returns how many changed.

    This action and those below change all of the items or none. `seen` is the version of the snapshot that the user
    acts on: if a broadcast was shown again since, or a message was rewritten and has arrived again, they raise Changed.
    They raise NotFound if one of the refs is not in this user's mailbox, and BadValue for more than 1,000 refs.
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


def change(user: UserOrPk, refs: Iterable[str], changes: Changes, *, seen: int | None = None) -> None:
    """Do several of these at once: `changes` has some of the names in `actions.CHANGES`, {"archived": True}.

    How many items changed, the act says that records it (`recording`).
    """
    _perform_all(actions_of(changes), user, refs, seen)


def star(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Star these items: they are listed together, and kept until the star is taken off."""
    return _perform(STAR, user, refs, seen)


def unstar(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    return _perform(UNSTAR, user, refs, seen)


def snooze(user: UserOrPk, refs: Iterable[str], until: datetime, *, seen: int | None = None) -> int:
    """Hide these items until this moment, when they return unread (`wake_due`).

    Also raises BadValue for a moment without a time zone, in the past, or more than five years from now.
    """
    check_end_of_snooze(until)
    return _perform(snooze_until(until), user, refs, seen)


def unsnooze(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Let these snoozed items return now, unread."""
    return _perform(UNSNOOZE, user, refs, seen)


def close_banner(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Close the banners of these broadcasts. What they are in the inbox stays as it is."""
    return _perform(CLOSE, user, refs, seen)


def confirm(user: UserOrPk, refs: Iterable[str], *, seen: int | None = None) -> int:
    """Confirm the dialogs of these broadcasts. What they are in the inbox stays as it is."""
    return _perform(CONFIRM, user, refs, seen)


def _perform(action: Action, user: UserOrPk, items: Iterable[str], seen: int | None) -> int:
    return _perform_all([action], user, items, seen)


def _perform_all(actions: Sequence[Action], user: UserOrPk, items: Iterable[str], seen: int | None) -> int:
    wanted = list(dict.fromkeys(items))
    if len(wanted) > BATCH:
        raise BadValue(_("At most %(count)d refs at a time.") % {"count": BATCH})
    return _change(user_pk(user), refs.parse(wanted), actions, seen)


@ledger.retrying
def _change(
    pk: UserPk, wanted: Mapping[str, Collection[refs.RowPk]], actions: Sequence[Action], seen: int | None
) -> int:
    with locked_mailbox(pk):
        messages = {name: keys for name, keys in wanted.items() if name != refs.BROADCAST}
        changed = _act_on_messages(pk, messages, actions, seen)
        if broadcasts := wanted.get(refs.BROADCAST):
            deletes = DELETE in actions
            changed += sum(receipts.act(pk, broadcasts, action, seen, deletes=deletes) for action in actions)
        return changed


def _act_on_messages(
    pk: UserPk, wanted: Mapping[str, Collection[refs.RowPk]], actions: Sequence[Action], seen: int | None
) -> int:
    """Returns how many messages changed. Raises NotFound if the user can't change one of them."""
    found, changed, deletes = read(pk, wanted), 0, DELETE in actions
    for number, action in enumerate(actions):
        ready = [key for key, row in found.items() if is_changeable(row, action, deletes=deletes)]
        for name, keys in wanted.items():
            refs.require(name, keys, [key.pk for key in ready if key.type == name])
        if number == 0:  # by the first action a message may return
            require_unchanged(found.values(), seen)
        changed += sum(perform(action, row) for row in found.values())
    write(pk, found.values())
    return changed


def require_unchanged(rows: Iterable[Marked], seen: int | None) -> None:
    """Raise Changed if a message was rewritten, and has arrived again, since the snapshot of version `seen`."""
    if seen is None:
        return
    version = seen % CLOCK_UNIT
    returned: defaultdict[str, list[refs.RowPk]] = defaultdict(list)
    for row in rows:
        if (row.before["since"] or 0) > version:
            returned[row.type].append(row.pk)
    types = event_types()
    again = [
        ref
        for name, keys in returned.items()
        for ref in rewritten_since(types[name].objects.filter(pk__in=keys), version)
    ]
    if again:
        raise Changed(again)


def bounds(pk: UserPk, up_to: int) -> tuple[int, int]:
    """The broadcast clock and the mailbox version in `up_to`, neither greater than the current one. Raises BadValue."""
    if not 0 <= up_to <= MAX_VERSION:
        raise BadValue(_("up_to is not a version."))
    clock, version = divmod(up_to, CLOCK_UNIT)
    current_version = Mailbox.objects.using(ledger.alias()).filter(pk=pk).values_list("version", flat=True).first()
    current_clock = BroadcastClock.objects.using(ledger.alias()).values_list("value", flat=True).first()
    return min(clock, current_clock or 0), min(version, current_version or 0)
