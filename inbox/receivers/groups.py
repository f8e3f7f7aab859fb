"""The deletion of groups: their members leave audiences, and nobody sees what was hidden from them."""

from collections.abc import Collection, Iterable

from django.contrib.auth.models import Group
from django.db import OperationalError, transaction
from django.db.models import QuerySet

from ..core.deletions import Note, Notes
from ..core.patience import ATTEMPTS
from ..core.users import UserPk
from ..models import aim, audiences, ledger


class Leaving(Note):
    """The groups that one `delete()` call is about to delete, and for which this transaction holds all locks."""

    def __init__(self, origin: object, groups: set[int]) -> None:
        super().__init__(origin)
        self.groups = groups


_leaving = Notes[Leaving]()


def group_deleting(instance: Group, origin: object = None, **kwargs: object) -> None:
    """Django has looked for broadcasts that leave out the group before; one may have been published meanwhile.

    At the first group of a queryset, lock what the deletion of all of them needs, in the order of locks. The query may
    match other groups now than when Django ran it: the locks of those do no harm.
    """
    if any(instance.pk in call.groups for call in _leaving.of(origin, ledger.alias())):
        return
    groups = {instance.pk}
    if isinstance(origin, QuerySet) and issubclass(origin.model, Group):
        groups |= set(origin.using(ledger.alias()).order_by().values_list("pk", flat=True))
    aim.require_deletable(groups)
    all_leave(groups)
    if origin is not None:
        _leaving.add(Leaving(origin, groups), ledger.alias())


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
