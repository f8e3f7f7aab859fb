"""Changes that come from elsewhere: users deleted, staff flags, group membership, cascades.

Each handler runs inside the transaction of the change, save for the staff flag, which the mailbox copies.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import OperationalError, transaction
from django.db.models import DO_NOTHING, QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from .. import services
from ..core.patience import ATTEMPTS
from ..models import Broadcast, Mailbox, Message, State, audiences, ledger
from ..models.base import is_removed


def connect() -> None:
    for model in _kinds_of(get_user_model()):
        pre_delete.connect(user_deleting, sender=model)
        if model._meta.concrete_model is get_user_model():  # of a child model, before the row of the user is deleted
            post_delete.connect(user_deleted, sender=model)
        post_save.connect(user_saved, sender=model)
    for model in _kinds_of(Group):
        pre_delete.connect(group_deleted, sender=model)
    m2m_changed.connect(broadcast_groups_changed, sender=Broadcast.groups.through)
    if member := audiences.membership():
        m2m_changed.connect(membership_changed, sender=member[0])
    for model in _kinds_of(Message):
        if _goes_with_others(model):  # with a listener Django would load every row that it deletes
            pre_delete.connect(message_cascaded, sender=model)


def _kinds_of(base: type[Any]) -> list[type[Any]]:
    """Also its proxies: signals name the class that was used."""
    return [model for model in apps.get_models() if issubclass(model, base)]


def _goes_with_others(model: type[Any]) -> bool:
    """Whether its rows may be deleted by a cascade."""
    keys = (field.remote_field for field in model._meta.concrete_fields if field.is_relation)
    return any(key.on_delete is not DO_NOTHING for key in keys)


def user_deleting(instance: Any, origin: Any = None, **kwargs: Any) -> None:
    """Before a user is deleted. At the first of those whom a queryset deletes, the mailboxes of all are locked.

    The query may match others by now than those whom Django has collected: so it decides about locks only.
    """
    if services.is_departing(instance.pk, origin):
        return
    users = [instance.pk]
    names_all = isinstance(origin, get_user_model()) and origin.pk == instance.pk
    if isinstance(origin, QuerySet) and issubclass(origin.model, get_user_model()):
        matching = list(origin.using(ledger.alias()).order_by().values_list("pk", flat=True))
        users, names_all = [*users, *matching], instance.pk in matching
    services.lock_mailboxes(origin, users, with_readers=names_all)


def user_deleted(instance: Any, origin: Any = None, **kwargs: Any) -> None:
    """At the first of them Django has deleted the rows of all. Foreign keys to them are checked at the commit."""
    if services.is_departing(instance.pk, origin):
        services.empty_mailboxes(origin)


def user_saved(instance: Any, created: bool, update_fields: Any = None, raw: bool = False, **kwargs: Any) -> None:
    """A new user gets a mailbox: its first reader need not make it, nor wait for a long transaction that does so."""
    if raw:
        return
    if created:
        ledger.ensure([instance.pk])
    elif update_fields is None or "is_staff" in update_fields:
        copy_staff_flag(instance)


def copy_staff_flag(user: Any) -> None:
    flag = getattr(user, "is_staff", None)
    mailboxes = Mailbox.objects.using(ledger.alias()).filter(pk=user.pk)
    if flag is not None and mailboxes.exclude(is_staff=flag).exists():
        ledger.set_staff([user.pk], flag)


def membership_changed(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
    """Members come or go, from either side. Who goes is asked for before, and counts only if they were in."""
    if action == "post_add" and pk_set:
        _audience_changed(pk_set if reverse else [instance.pk])
    elif action == "pre_clear" and reverse:
        group_deleted(instance)
    elif action in {"pre_remove", "pre_clear"}:
        users, groups = (pk_set, [instance.pk]) if reverse else ([instance.pk], pk_set)
        with ledger.locked(users) as found:
            ledger.advance(audiences.members(groups, found), audience=True)


def group_deleted(instance: Group, **kwargs: Any) -> None:
    """All its members leave it."""
    _audience_changed(_hold_members(instance))


def broadcast_groups_changed(instance: Broadcast, action: str, pk_set: Any, **kwargs: Any) -> None:
    """The audience of a live broadcast changed: it counts as coming out now, for those it reaches anew."""
    if action not in {"post_add", "pre_remove", "pre_clear"}:
        return
    with ledger.locked_clock() as clock:
        rows = Broadcast.groups.through.objects.using(ledger.alias()).filter(broadcast=instance.pk)
        changed = rows if pk_set is None else rows.filter(group__in=pk_set)
        if changed.filter(broadcast__state=State.LIVE).exists():
            instance.clock = ledger.tick(clock)
            Broadcast._base_manager.filter(pk=instance.pk).update(clock=instance.clock)


def message_cascaded(instance: Message, origin: Any = None, **kwargs: Any) -> None:
    """A message goes because something else does. Its own `delete()`, of row or queryset, has advanced already."""
    if origin is instance or is_removed(instance):
        return
    with ledger.locked([instance.recipient_id]) as found:
        if instance.deleted_at is None:
            ledger.advance(found)


def _audience_changed(users: Iterable[Any]) -> None:
    with ledger.locked(users) as found:
        ledger.advance(found, audience=True)


def _hold_members(group: Group) -> list[Any]:
    """Lock the mailboxes of a group's members, then the group, which nobody can join any more; returns the members.

    Who has joined since we looked has a mailbox that comes before the group in the lock order: it starts again.
    """
    row = Group._base_manager.using(ledger.alias()).filter(pk=group.pk)
    for _attempt in range(ATTEMPTS):
        with ledger.locked(audiences.members([group.pk])) as found:
            list(row.select_for_update().values_list("pk"))
            if set(audiences.members([group.pk])) <= set(found):
                return found
            transaction.set_rollback(True, using=ledger.alias())
    raise OperationalError(f"Too many people are joining group {group.pk} to delete it just now.")
