"""The deletion of groups: their members leave audiences, and nobody sees what was hidden from them."""

from collections.abc import Collection, Iterable

from django.contrib.auth.models import Group
from django.db import OperationalError, connections, transaction
from django.db.models import QuerySet

from ..core.patience import ATTEMPTS
from ..core.users import UserPk
from ..models import aim, audiences, ledger


class Leaving:
    """The groups that one `delete()` call is about to delete, and for which this transaction holds all locks.

    It is registered with `on_commit`, where it does nothing: in this way Django drops it together with the locks, also
    after a rollback to a savepoint.
    """

    def __init__(self, origin: object, groups: set[int]) -> None:
        self.origin, self.groups = origin, groups

    def __call__(self) -> None:
        pass


def group_deleting(instance: Group, origin: object = None, **kwargs: object) -> None:
    """Django has looked for broadcasts that leave out the group before; one may have been published meanwhile.

    At the first group of a queryset, lock what the deletion of all of them needs, in the order of locks. The query may
    match other groups now than when Django ran it: the locks of those do no harm.
    """
    if origin is not None and _is_locked(instance.pk, origin):
        return
    groups = {instance.pk}
    if isinstance(origin, QuerySet) and issubclass(origin.model, Group):
        groups |= set(origin.using(ledger.alias()).order_by().values_list("pk", flat=True))
    aim.require_deletable(groups)
    all_leave(groups)
    transaction.on_commit(Leaving(origin, groups), using=ledger.alias())


def _is_locked(group: int, origin: object) -> bool:
    calls = (call for _savepoints, call, *_ in connections[ledger.alias()].run_on_commit if isinstance(call, Leaving))
    return any(call.origin is origin and group in call.groups for call in calls)


def all_leave(groups: Collection[int]) -> None:
    audience_changed(_lock_members(groups))


def audience_changed(users: Iterable[UserPk]) -> None:
    with ledger.locked(users) as found:
        ledger.advance(found, audience=True)


def _lock_members(groups: Collection[int]) -> list[UserPk]:
    """Lock the mailboxes of the members of these groups, then the groups, so that nobody can join them; returns the
    members.

    By the lock order, mailboxes come before groups. So if a user has joined meanwhile, it starts again.
    """
    rows = Group._base_manager.using(ledger.alias()).filter(pk__in=groups).order_by("pk")
    for _attempt in range(ATTEMPTS):
        with ledger.locked(audiences.members(groups)) as found:
            list(rows.select_for_update().values_list("pk"))
            if set(audiences.members(groups)) <= set(found):
                return found
            transaction.set_rollback(True, using=ledger.alias())
    raise OperationalError(f"Too many people are joining groups {sorted(groups)} to delete them just now.")
