"""What an announcement has achieved: who of its audience has read it, and who has not.

Every number is the length of the list behind it: both come from `people`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from ..core.snapshots import UserId, user_id
from ..core.users import SiteUser
from ..models import Broadcast, BroadcastReceipt, audiences, ledger
from .audience import audience_of

NAMES = ("first_name", "last_name", "email")  # searched beside the user name, if the user model has them


class Who(StrEnum):
    """`LEFT`: they have read it, and are no longer in the audience, or can't sign in any more."""

    READ = "read"
    UNREAD = "unread"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Reader:
    id: UserId
    name: str
    read_at: datetime | None


def counts(broadcast: Broadcast) -> dict[Who, int]:
    return {who: people(broadcast, who).count() for who in Who}


def people(broadcast: Broadcast, who: Who, search: str = "") -> QuerySet[SiteUser]:
    """By user name, with their `read_at`. `search`: a part of a name or address."""
    everybody = get_user_model()._base_manager.using(ledger.alias())
    audience = audience_of(broadcast)
    mine = BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast=broadcast.pk, recipient=OuterRef("pk"))
    receipts = mine.filter(read_at__isnull=False)
    rows = everybody.exclude(pk__in=audience.values("pk")) if who == Who.LEFT else audience
    rows = rows.filter(~Exists(receipts) if who == Who.UNREAD else Exists(receipts))
    names = [get_user_model().USERNAME_FIELD, *(name for name in NAMES if _has(name))]
    if search:
        rows = rows.filter(Q(*((f"{name}__icontains", search) for name in names), _connector=Q.OR))
    return rows.annotate(read_at=Subquery(receipts.values("read_at")[:1])).order_by(names[0], "pk")


def readers_of(broadcast: Broadcast, who: Who, search: str = "") -> Iterator[Reader]:
    """The same people, one by one."""
    for user in people(broadcast, who, search).iterator(chunk_size=1000):
        yield Reader(user_id(user.pk), user.get_username(), user.read_at)  # type: ignore[attr-defined]


def _has(column: str) -> bool:
    return any(field.name == column for field in get_user_model()._meta.concrete_fields)
