"""What an announcement has achieved: who of its audience has read, confirmed, closed or dismissed it, and who has not.

Every number is the length of the list behind it: both have the same conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Trunc
from django.utils import timezone

from ..core.snapshots import UserId, user_id
from ..core.users import SiteUser
from ..models import Broadcast, BroadcastReceipt, audiences, ledger
from .audience import audience_of

NAMES = ("first_name", "last_name", "email")  # searched beside the user name, if the user model has them
BY_MINUTE = timedelta(minutes=100)  # so long after the publication, times are rounded to minutes, later to hours


class Who(StrEnum):
    """`AUDIENCE`: those who can sign in now. All others but `LEFT` are among them.

    `CLOSED`: the banner. `DISMISSED`: the item in the inbox. `LEFT`: they have done any of these, and are no longer in
    the audience, or can't sign in any more.
    """

    AUDIENCE = "audience"
    READ = "read"
    UNREAD = "unread"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    CLOSED = "closed"
    DISMISSED = "dismissed"
    LEFT = "left"


# The column of a receipt that says when it was done.
DONE: Mapping[Who, str] = {
    Who.READ: "read_at",
    Who.CONFIRMED: "confirmed_at",
    Who.CLOSED: "banner_closed_at",
    Who.DISMISSED: "deleted_at",
}
NOT_DONE: Mapping[Who, Who] = {Who.UNREAD: Who.READ, Who.UNCONFIRMED: Who.CONFIRMED}
Marks = Mapping[Who, list[tuple[datetime, int]]]


@dataclass(frozen=True, slots=True)
class Reader:
    """`done`: when they did what is in `DONE`."""

    id: UserId
    name: str
    done: Mapping[Who, datetime | None]


@dataclass(frozen=True, slots=True)
class Effect:
    """`marks`: for each of `DONE`, how many of the audience did it in which minute or hour, oldest first."""

    counts: Mapping[Who, int]
    marks: Marks


def effect(broadcast: Broadcast) -> Effect:
    return Effect(counts(broadcast), marks(broadcast))


def counts(broadcast: Broadcast) -> dict[Who, int]:
    size = audience_of(broadcast).count()
    done: dict[str, int] = _receipts_of_audience(broadcast).aggregate(
        **{who: Count("pk", filter=_has_done(who)) for who in DONE}
    )
    missing: dict[str, int] = {who: size - done[other] for who, other in NOT_DONE.items()}
    found = done | missing | {Who.AUDIENCE: size, Who.LEFT: people(broadcast, Who.LEFT).count()}
    return {who: found[who] for who in Who}


def marks(broadcast: Broadcast) -> Marks:
    return {who: _marks(broadcast, who) for who in DONE}


def people(broadcast: Broadcast, who: Who, search: str = "") -> QuerySet[SiteUser]:
    """By user name, with the columns of `DONE`. `search`: a part of a name or address."""
    rows = _who(broadcast, who)
    names = [get_user_model().USERNAME_FIELD, *(name for name in NAMES if _has(name))]
    if search:
        rows = rows.filter(Q(*((f"{name}__icontains", search) for name in names), _connector=Q.OR))
    mine = _receipts(broadcast).filter(recipient=OuterRef("pk"))
    times = {f"_{each}": Subquery(mine.values(column)[:1]) for each, column in DONE.items()}
    return rows.annotate(**times).order_by(names[0], "pk")


def readers_of(broadcast: Broadcast, who: Who, search: str = "") -> Iterator[Reader]:
    """The same people, one by one."""
    return map(reader, people(broadcast, who, search).iterator(chunk_size=1000))


def reader(user: SiteUser) -> Reader:
    """One of `people`."""
    return Reader(user_id(user.pk), user.get_username(), {who: getattr(user, f"_{who}") for who in DONE})


def yet_to(broadcast: Broadcast) -> Who | None:
    """Of `NOT_DONE`, what readers have to do. None if it does not ask for anything: a banner alone."""
    if broadcast.as_dialog:
        return Who.UNCONFIRMED
    return Who.UNREAD if broadcast.in_inbox else None


def may_see_effects(user: UserId) -> bool:
    """Whether this user may look at announcements in Django's admin."""
    found = get_user_model()._default_manager.filter(pk=user).first()
    if found is None or not found.is_active or not getattr(found, "is_staff", False):
        return False
    return any(map(found.has_perm, ("inbox.view_broadcast", "inbox.change_broadcast")))


def _who(broadcast: Broadcast, who: Who) -> QuerySet[SiteUser]:
    audience = audience_of(broadcast)
    mine = _receipts(broadcast).filter(recipient=OuterRef("pk"))
    if who == Who.LEFT:
        everybody: QuerySet[SiteUser] = get_user_model()._base_manager.using(ledger.alias())
        return everybody.filter(Exists(mine.filter(_has_done(*DONE)))).exclude(pk__in=audience.values("pk"))
    if who in NOT_DONE:
        return audience.filter(~Exists(mine.filter(_has_done(NOT_DONE[who]))))
    return audience.filter(Exists(mine.filter(_has_done(who)))) if who in DONE else audience


def _marks(broadcast: Broadcast, who: Who) -> list[tuple[datetime, int]]:
    age = timezone.now() - (broadcast.published_at or broadcast.created_at)
    moment = Trunc(DONE[who], "minute" if age <= BY_MINUTE else "hour", tzinfo=UTC)
    rows = _receipts_of_audience(broadcast).filter(_has_done(who)).values(moment=moment).order_by("moment")
    return list(rows.annotate(count=Count("pk")).values_list("moment", "count"))


def _receipts(broadcast: Broadcast) -> QuerySet[BroadcastReceipt]:
    return BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast=broadcast.pk)


def _receipts_of_audience(broadcast: Broadcast) -> QuerySet[Any]:
    return _receipts(broadcast).filter(recipient__in=audience_of(broadcast).values("pk"))


def _has_done(*kinds: Who) -> Q:
    """Of a receipt: at least one of these was done."""
    return Q(*((f"{DONE[who]}__isnull", False) for who in kinds), _connector=Q.OR)


def _has(column: str) -> bool:
    return any(field.name == column for field in get_user_model()._meta.concrete_fields)
