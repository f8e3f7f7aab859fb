"""What an announcement has achieved: on whose pages it was shown, who of its audience has seen, read, confirmed, closed
or dismissed it, or followed its links, and who has not.

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
from django.db.models import Case, Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least, Trunc
from django.utils import timezone

from ...core.snapshots import UserId, user_id
from ...core.users import SiteUser
from ...models import Broadcast, BroadcastReceipt, Engagement, Noticed, audiences, ledger
from ..audience import audience_of

NAMES = ("first_name", "last_name", "email")
BY_MINUTE = timedelta(minutes=100)  # so long after the publication, times are rounded to minutes, later to hours


class Who(StrEnum):
    """`AUDIENCE`: those who can sign in now. All others but `LEFT` are among them.

    `SHOWN`: a client has said that it was on a page of theirs, or they have done any of what follows. `SEEN`: a client
    has said that they saw it, or they have done any of what follows. `CLOSED`: the banner. `DISMISSED`: the
    item in the inbox. `LINK` and the buttons: they have followed it. `LEFT`: they have seen it, and are no longer in
    the audience, or can't sign in any more.
    """

    AUDIENCE = "audience"
    SHOWN = "shown"
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
LOOKED = [what for what in Noticed if what != Noticed.SHOWN]
IMPLIED = (Who.SHOWN, Who.SEEN)  # by what follows them in `DONE`
DONE = (*IMPLIED, *RECEIPTS, *FOLLOWED)
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
    audience = audience_of(broadcast)
    found = _all_marks(broadcast, audience)
    size = audience.count()
    done = {who: sum(count for _at, count in found[who]) for who in DONE}
    missing = {who: size - done[other] for who, other in NOT_DONE.items()}
    numbers = done | missing | {Who.AUDIENCE: size, Who.LEFT: _left(broadcast, audience).count()}
    return Effect({who: numbers[who] for who in Who}, found)


def counts(broadcast: Broadcast) -> Mapping[Who, int]:
    return effect(broadcast).counts


def _all_marks(broadcast: Broadcast, audience: QuerySet[SiteUser]) -> Marks:
    """What is implied is read after what implies it: people read while this counts, and more have to have seen it."""
    keys = audience.values("pk")
    return {who: _marks(broadcast, who, keys) for who in reversed(DONE)}


def people(broadcast: Broadcast, who: Who, search: str = "", *, with_addresses: bool = False) -> QuerySet[SiteUser]:
    """By user name, with the times of `DONE`. `search`: a part of a name, or of an address."""
    rows, columns = _who(broadcast, who), searched(with_addresses=with_addresses)
    if search:
        rows = rows.filter(Q(*((f"{name}__icontains", search) for name in columns), _connector=Q.OR))
    times = {f"_{each}": _time(broadcast, each) for each in DONE}
    return rows.annotate(**times).order_by(columns[0], "pk")


def searched(*, with_addresses: bool) -> list[str]:
    """The user name, and those of `NAMES` that the user model has; e-mail addresses only for those who may see them."""
    model = get_user_model()
    address = model.get_email_field_name()
    columns = {field.name for field in model._meta.concrete_fields if with_addresses or field.name != address}
    return [model.USERNAME_FIELD, *(name for name in NAMES if name in columns)]


def readers_of(broadcast: Broadcast, who: Who, search: str = "", *, with_addresses: bool = False) -> Iterator[Reader]:
    """The same people, one by one."""
    found = people(broadcast, who, search, with_addresses=with_addresses)
    return map(reader, found.iterator(chunk_size=1000))


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
        return _left(broadcast, audience)
    if who in NOT_DONE:
        return audience.filter(~_has_done(broadcast, NOT_DONE[who]))
    return audience.filter(_has_done(broadcast, who)) if who in DONE else audience


def _left(broadcast: Broadcast, audience: QuerySet[SiteUser]) -> QuerySet[SiteUser]:
    everybody: QuerySet[SiteUser] = get_user_model()._base_manager.using(ledger.alias())
    return everybody.filter(_has_done(broadcast, Who.SEEN)).exclude(pk__in=audience.values("pk"))


def _has_done(broadcast: Broadcast, who: Who) -> Q:
    """Of a user."""
    receipts = _receipts(broadcast).filter(recipient=OuterRef("pk"))
    engagements = _engagements(broadcast, who).filter(user=OuterRef("pk"))
    if who in IMPLIED:
        return Q(Exists(receipts)) | Q(Exists(engagements))
    if who in FOLLOWED:
        return Q(Exists(engagements))
    return Q(Exists(receipts.filter(**{f"{RECEIPTS[who]}__isnull": False})))


def _time(broadcast: Broadcast, who: Who) -> Combinable:
    """Of a user: when they did it first, if they did."""
    receipts = _receipts(broadcast).filter(recipient=OuterRef("pk"))
    first = Subquery(_engagements(broadcast, who).filter(user=OuterRef("pk")).order_by("at").values("at")[:1])
    if who in FOLLOWED:
        return first
    if who in RECEIPTS:
        return Subquery(receipts.values(RECEIPTS[who])[:1])
    done = Subquery(receipts.values(_done=_done_at())[:1])
    begun = Case(When(Exists(receipts), then=Value(_begin(broadcast), DateTimeField())))
    return Coalesce(_earlier(first, done), begun)


def _marks(broadcast: Broadcast, who: Who, audience: QuerySet[Any, Any]) -> list[tuple[datetime, int]]:
    age = timezone.now() - _begin(broadcast)
    moment = Trunc("_at", "minute" if age <= BY_MINUTE else "hour", tzinfo=UTC)
    parts = [
        rows.order_by().values(_moment=moment).annotate(_count=Count("pk")).values_list("_moment", "_count")
        for rows in _rows(broadcast, who, audience)
    ]
    found: Counter[datetime] = Counter()
    for at, count in parts[0].union(
        *parts[1:], all=True
    ):  # one statement, so that nobody changes from one to the other
        found[at] += count
    return sorted(found.items())


def _rows(broadcast: Broadcast, who: Who, audience: QuerySet[Any, Any]) -> list[QuerySet[Any]]:
    """One row for each of the audience (keys) who has done it, with its time `_at`; each part is of other users."""
    receipts = _receipts(broadcast).filter(recipient__in=audience)
    engagements = _engagements(broadcast, who).filter(user__in=audience)
    if who in FOLLOWED:
        return [engagements.annotate(_at=F("at"))]
    if who in RECEIPTS:
        column = RECEIPTS[who]
        return [receipts.filter(**{f"{column}__isnull": False}).annotate(_at=F(column))]
    every = _engagements(broadcast, who)
    earlier = every.filter(Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk")))
    first = engagements.filter(~Exists(earlier.filter(user=OuterRef("user"))))
    done = Subquery(_receipts(broadcast).filter(recipient=OuterRef("user")).values(_done=_done_at())[:1])
    others = receipts.filter(~Exists(every.filter(user=OuterRef("recipient"))))
    begun = Value(_begin(broadcast), DateTimeField())
    return [first.annotate(_at=_earlier(F("at"), done)), others.annotate(_at=Coalesce(_done_at(), begun))]


def _done_at() -> Combinable:
    """Of a receipt: when its user first did something; null if all was taken back."""
    any_of_them = Coalesce(*RECEIPTS.values())
    return Least(*(Coalesce(column, any_of_them) for column in RECEIPTS.values()))


def _earlier(one: Combinable, other: Combinable) -> Combinable:
    """Clients report late: who has read it before that had seen it then, so no line of the chart crosses another."""
    return Least(Coalesce(one, other), Coalesce(other, one))  # where one is null, databases differ


def _begin(broadcast: Broadcast) -> datetime:
    return broadcast.published_at or broadcast.created_at


def _receipts(broadcast: Broadcast) -> QuerySet[BroadcastReceipt]:
    return BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast=broadcast.pk)


def _engagements(broadcast: Broadcast, who: Who) -> QuerySet[Engagement]:
    """Those that say that a user has done this."""
    rows = Engagement.objects.filter(broadcast=broadcast.pk, again=F("broadcast__again"))
    if who in FOLLOWED:
        return rows.filter(what=FOLLOWED[who])
    return rows.filter(what__in=LOOKED) if who == Who.SEEN else rows
