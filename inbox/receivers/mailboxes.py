"""Receivers of signals for changes outside the inbox: deleted users, staff flags, group membership, cascades.

Each receiver runs within the transaction of the change. The exception is the staff flag, which the mailbox copies.
"""

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import DO_NOTHING, Model, QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from .. import services
from ..core.users import SiteUser
from ..models import (
    AudienceFilter,
    Broadcast,
    BroadcastMember,
    BroadcastReceipt,
    Mailbox,
    Message,
    Source,
    State,
    audiences,
    history,
    ledger,
)
from ..models.base import is_being_deleted
from .filters import filter_deleting
from .groups import all_leave, audience_changed, group_deleting


def connect() -> None:
    for model in _with_proxies(get_user_model()):
        pre_delete.connect(user_deleting, sender=model)
        if model._meta.concrete_model is get_user_model():  # for a child model it is sent before the user's row is gone
            post_delete.connect(user_deleted, sender=model)
        post_save.connect(user_saved, sender=model)
    for model in _with_proxies(Group):
        pre_delete.connect(group_deleting, sender=model)
    pre_delete.connect(filter_deleting, sender=AudienceFilter)
    pre_save.connect(receipt_loading, sender=BroadcastReceipt)
    m2m_changed.connect(broadcast_groups_changed, sender=Broadcast.groups.through)
    for field in (Broadcast.filters, Broadcast.excluded_filters):
        m2m_changed.connect(broadcast_filters_changed, sender=field.through)
    if member := audiences.membership():
        m2m_changed.connect(membership_changed, sender=member[0])
    for model in _with_proxies(Message):
        if _can_be_cascaded(model):  # only then, because with a receiver Django loads every row that it deletes
            pre_delete.connect(message_cascaded, sender=model)
            post_delete.connect(message_gone, sender=model)


def receipt_loading(instance: BroadcastReceipt, raw: bool = False, **kwargs: Any) -> None:
    """`loaddata` of a dump from before there were revisions: each broadcast of it has one."""
    if raw and instance.revision is None:
        instance.revision = 1


def _with_proxies(base: type[Model]) -> list[type[Model]]:
    """The model and its proxies and children, because the sender of a signal is the class that was used."""
    return [model for model in apps.get_models() if issubclass(model, base)]


def _can_be_cascaded(model: type[Model]) -> bool:
    """Whether the deletion of a row of another table can delete rows of this one."""
    keys = (field.remote_field for field in model._meta.concrete_fields if field.remote_field)
    return any(key.on_delete is not DO_NOTHING for key in keys)


def user_deleting(instance: SiteUser, origin: object = None, **kwargs: object) -> None:
    """Lock the mailbox of a user who is about to be deleted. At the first user of a queryset, lock those of all.

    The query may match other users now than when Django ran it. So its result only decides which mailboxes to lock.
    """
    if services.is_departing(instance.pk, origin):
        return
    users = [instance.pk]
    names_all = isinstance(origin, get_user_model()) and origin.pk == instance.pk
    if isinstance(origin, QuerySet) and issubclass(origin.model, get_user_model()):
        matching = list(origin.using(ledger.alias()).order_by().values_list("pk", flat=True))
        users, names_all = [*users, *matching], instance.pk in matching
    services.lock_mailboxes(origin, users, with_readers=names_all)


def user_deleted(instance: SiteUser, origin: object = None, **kwargs: object) -> None:
    """Empty the mailboxes of all users of this deletion at the first signal: Django sends the signals after it has
    deleted all rows. The database checks foreign keys at the commit."""
    if services.is_departing(instance.pk, origin):
        services.empty_mailboxes(origin)


def user_saved(
    instance: SiteUser,
    created: bool,
    update_fields: Collection[str] | None = None,
    raw: bool = False,
    **kwargs: object,
) -> None:
    """Create the mailbox of a new user: later, a write would have to create it, perhaps in a long transaction."""
    if raw:
        return
    if created:
        ledger.ensure([instance.pk], are_new=True)
    elif update_fields is None or "is_staff" in update_fields:
        copy_staff_flag(instance)


def copy_staff_flag(user: SiteUser) -> None:
    flag = getattr(user, "is_staff", None)
    mailboxes = Mailbox.objects.using(ledger.alias()).filter(pk=user.pk)
    if flag is not None and mailboxes.exclude(is_staff=flag).exists():
        ledger.set_staff([user.pk], flag)


def membership_changed(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: object) -> None:
    """Users join or leave groups; `instance` is a user or a group. Leaving counts only for users who were members, so
    it is handled before the rows are deleted."""
    if action == "post_add" and pk_set:
        audience_changed(pk_set if reverse else [instance.pk])
    elif action == "pre_clear" and reverse:
        all_leave([instance.pk])
    elif action in {"pre_remove", "pre_clear"}:
        users, groups = (pk_set, [instance.pk]) if reverse else ([instance.pk], pk_set)
        with ledger.locked(users) as found:
            ledger.advance(audiences.members(groups, found), audience=True)


def broadcast_groups_changed(instance: Broadcast, action: str, pk_set: set[int] | None, **kwargs: object) -> None:
    """If the groups of a live broadcast change, advance the clock, and give the broadcast the new value: for users who
    see it from now on, it is new."""
    if action not in {"post_add", "pre_remove", "pre_clear"}:
        return
    with ledger.locked_clock() as clock:
        rows = Broadcast.groups.through.objects.using(ledger.alias()).filter(broadcast=instance.pk)
        changed = rows if pk_set is None else rows.filter(group__in=pk_set)
        if names := list(changed.values_list("group__name", flat=True)):
            is_added = action == "post_add"
            history.record_groups(instance.pk, before=[] if is_added else names, after=names if is_added else [])
        if changed.filter(broadcast__state=State.LIVE).exists():
            instance.clock = ledger.tick(clock)
            Broadcast._base_manager.filter(pk=instance.pk).update(clock=instance.clock)


def broadcast_filters_changed(
    sender: Any, instance: Broadcast, action: str, pk_set: set[int] | None, **kwargs: object
) -> None:
    """Note it in the history. Without the last one, those whom they have found are no longer on its list."""
    is_excluded = sender is Broadcast.excluded_filters.through
    name = "excluded_filters" if is_excluded else "filters"
    with ledger.locked_clock():
        rows = sender.objects.using(ledger.alias()).filter(broadcast=instance.pk)
        if action in {"post_add", "pre_remove", "pre_clear"}:
            changed = rows if pk_set is None else rows.filter(audiencefilter__in=pk_set)
            if names := sorted(changed.values_list("audiencefilter__name", flat=True)):
                sides = ([], names) if action == "post_add" else (names, [])
                history.record_aim(instance.pk, {name: sides[0]}, {name: sides[1]})
        elif action in {"post_remove", "post_clear"} and not rows.exists():
            found = BroadcastMember.objects.filter(broadcast=instance.pk, source=Source.FILTER, is_excluded=is_excluded)
            found.delete()
            instance.prepared_from = ""  # nobody is found any more, even if the same ones are chosen again
            Broadcast._base_manager.using(ledger.alias()).filter(pk=instance.pk).update(prepared_from="")


def message_cascaded(instance: Message, origin: object = None, **kwargs: object) -> None:
    """Advance the mailbox of a message that a cascade deletes. `delete()` of the message or its queryset does it
    itself."""
    if origin is instance or is_being_deleted(instance):
        return
    with ledger.locked([instance.recipient_id]) as found:
        if instance.deleted_at is None:
            ledger.advance(found)
        instance.note_departure()


def message_gone(instance: Message, origin: object = None, **kwargs: object) -> None:
    if origin is not instance and not is_being_deleted(instance):
        instance.note_gone()
