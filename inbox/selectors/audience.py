"""How many people an announcement would reach, for its author."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.users import SiteUser, has_staff_column
from ..errors import BadValue
from ..models import Audience, Broadcast, Mailbox, State, audiences, ledger

EXACT, SAMPLE = 100_000, 5


@dataclass(frozen=True, slots=True)
class Reach:
    """`size` counts users who can sign in; if there are more than `EXACT`, it is that number, and `is_exact` is false.
    `sample`: the names of some of them."""

    size: int
    is_exact: bool
    sample: list[str]


def reach(audience: str, groups: Collection[int] = ()) -> Reach:
    """`groups`: primary keys; they count with the audience “groups” only."""
    users = users_in(audience, groups)
    counted = users.order_by()[: EXACT + 1].count()
    names = [user.get_username() for user in users.order_by("pk")[:SAMPLE]]
    return Reach(min(counted, EXACT), counted <= EXACT, names)


def require_readers(broadcast: Broadcast) -> None:
    """Raise BadValue if the broadcast would be published now, to nobody. (At its time there may be somebody.)"""
    if broadcast.state == State.LIVE or (broadcast.publish_at and broadcast.publish_at > timezone.now()):
        return
    groups = broadcast.groups.using(ledger.alias()).values_list("pk", flat=True)
    if not users_in(broadcast.audience, groups).exists():
        raise BadValue(_("Nobody is in the audience of this announcement."))


def users_in(audience: str, groups: Collection[int]) -> QuerySet[SiteUser]:
    """The users of this audience who can sign in."""
    model = get_user_model()
    users: QuerySet[SiteUser] = model._base_manager.using(ledger.alias())
    if any(field.name == "is_active" for field in model._meta.concrete_fields):
        users = users.filter(is_active=True)
    if audience == Audience.STAFF:
        if has_staff_column():
            return users.filter(is_staff=True)
        return users.filter(pk__in=Mailbox.objects.filter(is_staff=True).values("pk"))
    if audience == Audience.GROUPS:
        if (member := audiences.membership()) is None:
            return users.none()
        through, column = member
        return users.filter(pk__in=through.objects.filter(group__in=groups).values(f"{column}_id"))
    return users
