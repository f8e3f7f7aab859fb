"""What an announcement has achieved: who of its audience has seen, read, confirmed, closed or dismissed it, or
followed its links, and who has not.

Every number is the length of the list behind it: both have the same conditions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Trunc
from django.utils import timezone

from ..core.snapshots import UserId, user_id
from ..core.users import SiteUser
from ..models import Broadcast, BroadcastReceipt, Engagement, Noticed, audiences, ledger
from .audience import audience_of

NAMES = ("first_name", "last_name", "email")  # searched beside the user name, if the user model has them
BY_MINUTE = timedelta(minutes=100)  # so long after the publication, times are rounded to minutes, later to hours


class Who(StrEnum):
    """`AUDIENCE`: those who can sign in now. All others but `LEFT` are among them.

    `SEEN`: they have done any of these, or a client has said that they saw it. `CLOSED`: the banner. `DISMISSED`: the
    item in the inbox. `LINK` and the buttons: they have followed it. `LEFT`: they have seen it, and are no longer in
    the audience, or can't sign in any more.
    """

    AUDIENCE = "audience"
    SEEN = "seen"
    READ = "read"
    UNREAD = "unread"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    CLOSED = "closed"
    DISMISSED = "dismissed"
    LINK = "link"
    BUTTON_0 = "button0"
    BUTTON_1 = "button1"
    LEFT = "left"


# The column of a receipt that says when it was done.
RECEIPTS: Mapping[Who, str] = {
    Who.READ: "read_at",
    Who.CONFIRMED: "confirmed_at",
    Who.CLOSED: "banner_closed_at",
    Who.DISMISSED: "deleted_at",
}
FOLLOWED: Mapping[Who, Noticed] = {
    Who.LINK: Noticed.LINK,
    Who.BUTTON_0: Noticed.BUTTON_0,
    Who.BUTTON_1: Noticed.BUTTON_1,
}
DONE = (Who.SEEN, *RECEIPTS, *FOLLOWED)
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
    found = marks(broadcast)
    size = audience_of(broadcast).count()
    done = {who: sum(count for _at, count in found[who]) for who in DONE}
    missing = {who: size - done[other] for who, other in NOT_DONE.items()}
    numbers = done | missing | {Who.AUDIENCE: size, Who.LEFT: people(broadcast, Who.LEFT).count()}
    return Effect({who: numbers[who] for who in Who}, found)


def counts(broadcast: Broadcast) -> Mapping[Who, int]:
    return effect(broadcast).counts


def marks(broadcast: Broadcast) -> Marks:
    return {who: _marks(broadcast, who) for who in DONE}


def people(broadcast: Broadcast, who: Who, search: str = "") -> QuerySet[SiteUser]:
    """By user name, with the times of `DONE`. `search`: a part of a name or address."""
    rows = _who(broadcast, who)
    names = [get_user_model().USERNAME_FIELD, *(name for name in NAMES if _has(name))]
    if search:
        rows = rows.filter(Q(*((f"{name}__icontains", search) for name in names), _connector=Q.OR))
    times = {f"_{each}": _time(broadcast, each) for each in DONE}
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
    if who == Who.LEFT:
        everybody: QuerySet[SiteUser] = get_user_model()._base_manager.using(ledger.alias())
        return everybody.filter(_has_done(broadcast, Who.SEEN)).exclude(pk__in=audience.values("pk"))
    if who in NOT_DONE:
        return audience.filter(~_has_done(broadcast, NOT_DONE[who]))
    return audience.filter(_has_done(broadcast, who)) if who in DONE else audience


def _has_done(broadcast: Broadcast, who: Who) -> Q:
    """Of a user."""
    receipts, engagements = _of_user(broadcast)
    if who == Who.SEEN:
        return Q(Exists(receipts)) | Q(Exists(engagements))
    if who in FOLLOWED:
        return Q(Exists(engagements.filter(what=FOLLOWED[who])))
    return Q(Exists(receipts.filter(**{f"{RECEIPTS[who]}__isnull": False})))


def _time(broadcast: Broadcast, who: Who) -> Combinable:
    """Of a user: when they did it first, if they did."""
    receipts, engagements = _of_user(broadcast)
    if who == Who.SEEN:
        first = Subquery(engagements.order_by("at").values("at")[:1])
        return Coalesce(first, Subquery(receipts.values(_seen=_seen_at(broadcast))[:1]))
    if who in FOLLOWED:
        return Subquery(engagements.filter(what=FOLLOWED[who]).values("at")[:1])
    return Subquery(receipts.values(RECEIPTS[who])[:1])


def _marks(broadcast: Broadcast, who: Who) -> list[tuple[datetime, int]]:
    age = timezone.now() - _begin(broadcast)
    moment = Trunc("_at", "minute" if age <= BY_MINUTE else "hour", tzinfo=UTC)
    found: Counter[datetime] = Counter()
    for rows in _rows(broadcast, who):
        by_moment = rows.order_by().values(_moment=moment).annotate(_count=Count("pk"))
        found.update(dict(by_moment.values_list("_moment", "_count")))
    return sorted(found.items())


def _rows(broadcast: Broadcast, who: Who) -> list[QuerySet[Any]]:
    """One row for each of the audience who has done it, with its time `_at`; each part is of other users."""
    audience = audience_of(broadcast).values("pk")
    receipts = _receipts(broadcast).filter(recipient__in=audience)
    engagements = _engagements(broadcast).filter(user__in=audience)
    if who in FOLLOWED:
        return [engagements.filter(what=FOLLOWED[who]).annotate(_at=F("at"))]
    if who in RECEIPTS:
        column = RECEIPTS[who]
        return [receipts.filter(**{f"{column}__isnull": False}).annotate(_at=F(column))]
    earlier = _engagements(broadcast).filter(Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk")))
    first = engagements.filter(~Exists(earlier.filter(user=OuterRef("user"))))
    others = receipts.filter(~Exists(_engagements(broadcast).filter(user=OuterRef("recipient"))))
    return [first.annotate(_at=F("at")), others.annotate(_at=_seen_at(broadcast))]


def _seen_at(broadcast: Broadcast) -> Combinable:
    """Of a receipt: a time when its user had seen the broadcast; its beginning, if all was taken back."""
    return Coalesce(*RECEIPTS.values(), Value(_begin(broadcast), DateTimeField()))


def _begin(broadcast: Broadcast) -> datetime:
    return broadcast.published_at or broadcast.created_at


def _of_user(broadcast: Broadcast) -> tuple[QuerySet[BroadcastReceipt], QuerySet[Engagement]]:
    """In a subquery of users."""
    return _receipts(broadcast).filter(recipient=OuterRef("pk")), _engagements(broadcast).filter(user=OuterRef("pk"))


def _receipts(broadcast: Broadcast) -> QuerySet[BroadcastReceipt]:
    return BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast=broadcast.pk)


def _engagements(broadcast: Broadcast) -> QuerySet[Engagement]:
    return Engagement.objects.filter(broadcast=broadcast.pk, again=F("broadcast__again"))


def _has(column: str) -> bool:
    return any(field.name == column for field in get_user_model()._meta.concrete_fields)
