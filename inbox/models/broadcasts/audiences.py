"""Which users see which broadcasts: the same querysets for counting, listing and marking.

`user` is a primary key; in a subquery, an OuterRef to one. Each condition asks for broadcasts among those of the user
(`pk__in`), in a subquery that depends on the user only: the database runs it once for each user, and not once for each
user and broadcast.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from ...core.users import UserPk
from .. import births, ledger
from ..base import SNOOZED, UNREAD, VISIBLE, MailboxRowQuerySet
from ..mailbox import Mailbox
from .aim import BroadcastMember, ExcludedGroup
from .aimed import Audience
from .broadcast import Broadcast
from .receipts import BroadcastReceipt


def membership() -> tuple[Any, str] | None:
    """The through model of the user's groups and the name of its user field; None if the user model has no groups."""
    field = getattr(get_user_model(), "groups", None)
    return None if field is None else (field.through, field.field.m2m_field_name())


def live_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """Live broadcasts for an audience that the user belongs to, whether read or dismissed or not."""
    return Broadcast.objects.live().filter(_targets(user), _registered_in_time(user)).exclude(_exclusions(user))


def _targets(user: UserPk | OuterRef) -> Q:
    """The broadcasts that at least one part of the audience brings to the user."""
    people = BroadcastMember.objects.filter(user=_deeper(user), is_excluded=False)
    return (
        Q(audience=Audience.EVERYONE)
        | (Q(audience=Audience.STAFF) | Q(audience=Audience.SEVERAL, with_staff=True)) & Q(_is_staff(user))
        | Q(audience__in=[Audience.GROUPS, Audience.SEVERAL]) & _in_groups(Broadcast.groups.through, user)
        | Q(audience=Audience.SEVERAL, pk__in=people.values("broadcast"))
    )


def _exclusions(user: UserPk | OuterRef) -> Q:
    """The broadcasts from which at least one part of the exclusion keeps the user."""
    people = BroadcastMember.objects.filter(user=_deeper(user), is_excluded=True)
    return (
        Q(excludes_staff=True) & Q(_is_staff(user))
        | _in_groups(ExcludedGroup, user)
        | Q(pk__in=people.values("broadcast"))
    )


def _in_groups(table: Any, user: UserPk | OuterRef) -> Q:
    """The broadcasts that this table connects with a group of the user's."""
    if (member := membership()) is None:
        return Q(pk__in=[])
    through, user_column = member
    mine = through.objects.filter(**{f"{user_column}_id": _deeper(user, 2)})
    return Q(pk__in=table.objects.filter(group__in=mine.values("group")).values("broadcast"))


def _is_staff(user: UserPk | OuterRef) -> Exists:
    return Exists(Mailbox.objects.filter(pk=_deeper(user), is_staff=True))


def _registered_in_time(user: UserPk | OuterRef) -> Q:
    """The broadcasts that came out after the user registered, or that others see, too."""
    in_time = Q(first_clock__gt=_born_clock(user)) | Q(first_clock=None)  # None: loaded with the rows of an old site
    return Q(late_joiners=True) | in_time


def _born_clock(user: UserPk | OuterRef) -> Combinable:
    stored = Subquery(Mailbox.objects.filter(pk=_deeper(user)).values("born_clock"))
    users = get_user_model()._base_manager.filter(pk=_deeper(user, 2))
    joined = Subquery(users.values(births.JOINED)) if births.has_joined_column() else None
    return Coalesce(stored, births.from_joined(joined))


def is_lasting() -> Q:
    """The broadcasts whose audience nobody joins or leaves as long as their `clock` stays: no staff and no groups
    count in it.

    People on lists, and who registered in time, change with the `clock` only.
    """
    groups, excluded = (
        table.objects.filter(broadcast=OuterRef("pk")) for table in (Broadcast.groups.through, ExcludedGroup)
    )
    people_only = Q(~Exists(groups), audience=Audience.SEVERAL, with_staff=False)
    return (Q(audience=Audience.EVERYONE) | people_only) & Q(~Exists(excluded), excludes_staff=False)


# Of receipts: those that count. One from before the broadcast was shown again does not.
COUNTS = Q(revision__gte=F("broadcast__again"))


def receipts(user: UserPk | OuterRef) -> MailboxRowQuerySet[BroadcastReceipt]:
    """In a subquery of broadcasts: the receipt of this user, if it counts (`COUNTS`, without another join)."""
    return every_receipt(user).filter(revision__gte=OuterRef("again"))


def every_receipt(user: UserPk | OuterRef) -> MailboxRowQuerySet[BroadcastReceipt]:
    """In a subquery of broadcasts: the receipt of this user, also from before the broadcast was shown again."""
    return BroadcastReceipt.objects.filter(broadcast=OuterRef("pk"), recipient=_deeper(user))


def returned(user: UserPk | OuterRef, since: int | OuterRef) -> "QuerySet[BroadcastReceipt, Any]":
    """The broadcasts that became unread again for this user after this version of the mailbox."""
    mine = BroadcastReceipt.objects.filter(recipient=_deeper(user), since__gt=since)
    return mine.filter(COUNTS).order_by().values("broadcast")


def inbox_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """Those of `live_for` that show in the inbox."""
    return live_for(user).filter(in_inbox=True)


def unread_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts that the user's badge counts, that the list shows as unread, and that mark-all marks."""
    return inbox_for(user).filter(~Exists(receipts(user).exclude(UNREAD)))


def visible_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts of the inbox that the user has neither dismissed nor snoozed."""
    return inbox_for(user).filter(~Exists(receipts(user).exclude(VISIBLE)))


def kept_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts of the inbox that the user has not dismissed, snoozed or not."""
    return inbox_for(user).filter(~Exists(receipts(user).filter(deleted_at__isnull=False)))


def snoozed_for(user: UserPk | OuterRef) -> QuerySet[Broadcast]:
    """The broadcasts of the inbox that the user has snoozed."""
    return inbox_for(user).filter(Exists(receipts(user).filter(SNOOZED)))


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
