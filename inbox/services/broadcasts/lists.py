"""The people on the lists of a broadcast: chosen one by one, uploaded, or found by a filter."""

from collections.abc import Collection

from ...core.lookups import Among, existing_users
from ...core.users import UserPk
from ...models import Broadcast, BroadcastMember, Source, aim, ledger
from .states import existing, require_changeable


def has_list(broadcast: Broadcast) -> bool:
    """Whether people are in the audience besides those who were chosen one by one."""
    rows = BroadcastMember.objects.filter(broadcast=broadcast.pk, is_excluded=False)
    return rows.exclude(source=Source.PEOPLE).exists()


@ledger.retrying
def set_people(broadcast: Broadcast, users: Collection[UserPk], *, is_excluded: bool = False) -> None:
    """Make these users the chosen people of a broadcast, in place of those before: the ones whom it is for, or the ones
    who are left out. Unknown users are skipped. Raises NotApproved if it is published and the four-eyes rule holds,
    NotFound if it was deleted."""
    with ledger.locked_clock() as clock:
        stored = existing(broadcast.pk)
        rows = BroadcastMember._base_manager.using(ledger.alias()).filter(
            broadcast=broadcast.pk, is_excluded=is_excluded, source=Source.PEOPLE
        )
        before = set(rows.values_list("user_id", flat=True))
        wanted = existing_users(set(users)) if users else set()
        if wanted != before:
            require_changeable(stored)
        if gone := before - wanted:
            rows.filter(Among("user", gone)).delete()
        rows.bulk_create(
            BroadcastMember(broadcast_id=broadcast.pk, user_id=pk, is_excluded=is_excluded)
            for pk in sorted(wanted - before)
        )
        if wanted != before:
            name = "excluded_people" if is_excluded else "people"
            aim.changed(clock, broadcast.pk, {name: len(before)}, {name: len(wanted)})
