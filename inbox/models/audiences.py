"""Which users see which broadcasts: the same querysets for counting, listing and marking.

`user` is a primary key; in a subquery, an OuterRef to one.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from ..core.users import UserPk
from . import ledger
from .base import UNREAD, MailboxRowQuerySet
from .broadcast import Audience, Broadcast
from .mailbox import Mailbox
from .receipts import BroadcastReceipt


def membership() -> tuple[Any, str] | None:
    """The through model of the user's groups and the name of its user field; None if the user model has no groups."""
    field = getattr(get_user_model(), "groups", None)
    return None if field is None else (field.through, field.field.m2m_field_name())


def live_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """Live broadcasts for an audience that the user belongs to, whether read or dismissed or not."""
    staff = Mailbox.objects.filter(pk=_deeper(user), is_staff=True)
    audience = Q(audience=Audience.EVERYONE) | Q(Exists(staff), audience=Audience.STAFF)
    if member := membership():
        through, user_column = member
        groups = Broadcast.groups.through.objects.filter(broadcast_id=OuterRef("pk"))
        mine = through.objects.filter(**{f"{user_column}_id": _deeper(user, 2), "group_id": OuterRef("group_id")})
        audience |= Q(Exists(groups.filter(Exists(mine))), audience=Audience.GROUPS)
    return Broadcast.objects.live().filter(audience)


# Of receipts: those that count. One from before the broadcast was shown again does not.
COUNTS = Q(revision__gte=F("broadcast__again"))


def receipts(user: UserPk | OuterRef) -> MailboxRowQuerySet[BroadcastReceipt]:
    """In a subquery of broadcasts: the receipt of this user, if it counts (`COUNTS`, without another join)."""
    mine = BroadcastReceipt.objects.filter(broadcast=OuterRef("pk"), recipient=_deeper(user))
    return mine.filter(revision__gte=OuterRef("again"))


def inbox_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """Those of `live_for` that show in the inbox."""
    return live_for(user).filter(in_inbox=True)


def unread_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts that the user's badge counts, that the list shows as unread, and that mark-all marks."""
    return inbox_for(user).filter(~Exists(receipts(user).exclude(UNREAD)))


def visible_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts of the inbox that the user has not dismissed."""
    return inbox_for(user).filter(~Exists(receipts(user).filter(deleted_at__isnull=False)))


def unanswered_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts with a banner that the user has not closed (`has_banner`), or a dialog that the user has not
    confirmed (`has_dialog`)."""
    has_banner = Q(~Exists(receipts(user).filter(banner_closed_at__isnull=False)), as_banner=True)
    has_dialog = Q(~Exists(receipts(user).filter(confirmed_at__isnull=False)), as_dialog=True)
    flags = {"has_banner": Case(When(has_banner, then=True), default=False)}
    flags |= {"has_dialog": Case(When(has_dialog, then=True), default=False)}
    return live_for(user).filter(has_banner | has_dialog).annotate(**flags)


def members(groups: Collection[int] | None = None, users: Collection[UserPk] | None = None) -> list[UserPk]:
    """Primary keys of the users in one of these groups (None: in any group), limited to `users` if given."""
    if (member := membership()) is None:
        return []
    through, user_column = member
    rows = through.objects.using(ledger.alias()).order_by()
    if groups is not None:
        rows = rows.filter(group__in=groups)
    if users is not None:
        rows = rows.filter(**{f"{user_column}__in": users})
    return list(rows.values_list(f"{user_column}_id", flat=True).distinct())


def _deeper(user: UserPk | OuterRef, levels: int = 1) -> UserPk | OuterRef:
    """The reference to the same user in a subquery that is nested this many levels deeper."""
    if isinstance(user, OuterRef):
        for _level in range(levels):
            user = OuterRef(user)
    return user
