"""Changes that come from elsewhere: users deleted, staff flags, group membership, cascades.

Each handler runs inside the transaction of the change, save for the staff flag, which the mailbox copies.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_save, pre_delete

from . import audiences, ledger
from .models import Broadcast, BroadcastReceipt, Mailbox, Message, State, event_types
from .models.base import MailboxRow, MailboxRowQuerySet


def connect() -> None:
    user = get_user_model()
    pre_delete.connect(empty_mailbox, sender=user)
    post_save.connect(copy_staff_flag, sender=user)
    pre_delete.connect(group_deleted, sender=Group)
    m2m_changed.connect(broadcast_groups_changed, sender=Broadcast.groups.through)
    if member := audiences.membership():
        m2m_changed.connect(membership_changed, sender=member[0])
    for model in event_types().values():
        pre_delete.connect(message_cascaded, sender=model)


def empty_mailbox(instance: Any, **kwargs: Any) -> None:
    """Before a user goes: take the lock that every sender needs, let others forget the name, then empty the mailbox."""
    types = event_types().values()
    acted_on = {pk for model in types for pk in model.objects.filter(actor=instance)._recipients()}
    with ledger.locked({instance.pk, *acted_on}):
        for model in types:
            model.objects.filter(actor=instance).update(actor=None)
            model.objects.filter(recipient=instance).purge()
        BroadcastReceipt.objects.filter(recipient=instance).purge()
        Mailbox.objects.using(ledger.alias()).filter(pk=instance.pk).delete()


def copy_staff_flag(instance: Any, update_fields: Any = None, raw: bool = False, **kwargs: Any) -> None:
    flag = getattr(instance, "is_staff", None)
    if raw or flag is None or (update_fields is not None and "is_staff" not in update_fields):
        return
    if Mailbox.objects.using(ledger.alias()).filter(pk=instance.pk).exclude(is_staff=flag).exists():
        ledger.set_staff([instance.pk], flag)


def membership_changed(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
    """Members come or go, from either side. A clear names nobody, so its members are asked for before it happens."""
    if action in {"post_add", "post_remove"}:
        _audience_changed(pk_set if reverse else [instance.pk] if pk_set else [])
    elif action == "pre_clear":
        _audience_changed(audiences.members(instance) if reverse else instance.groups.all()[:1] and [instance.pk])


def group_deleted(instance: Group, **kwargs: Any) -> None:
    _audience_changed(audiences.members(instance))


def broadcast_groups_changed(instance: Broadcast, action: str, pk_set: Any, **kwargs: Any) -> None:
    """The audience of a live broadcast changed: it counts as coming out now, for those it reaches anew."""
    if not (action == "pre_clear" or (action in {"post_add", "post_remove"} and pk_set)):
        return
    with ledger.locked_clock() as clock:
        if Broadcast.objects.filter(pk=instance.pk, state=State.LIVE).exists():
            instance.clock = ledger.tick(clock)
            Broadcast._base_manager.filter(pk=instance.pk).update(clock=instance.clock)


def message_cascaded(instance: Message, origin: Any = None, **kwargs: Any) -> None:
    """A message goes because something else does. Its own `delete()`, of row or queryset, has advanced already."""
    if isinstance(origin, MailboxRow | MailboxRowQuerySet):
        return
    with ledger.locked([instance.recipient_id]) as found:
        if instance.deleted_at is None:
            ledger.advance(found)


def _audience_changed(users: Any) -> None:
    with ledger.locked(users) as found:
        ledger.advance(found, audience=True)
