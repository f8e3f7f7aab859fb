"""The followers of a subject, in the order of their keys, as the database sorts them: text may have its own order."""

from collections.abc import Collection, Iterator
from itertools import chain

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Mod, RowNumber

from ..core.lookups import Among
from ..core.users import UserPk
from ..models import Following, ledger


def followers(
    topic: str, after: UserPk | None = None, up_to: UserPk | None = None, limit: int | None = None
) -> list[UserPk]:
    """The first followers in a range of keys: greater than `after`, and at most `up_to`."""
    rows = Following.objects.filter(subject=topic)
    if after is not None:
        rows = rows.filter(mailbox__gt=after)
    if up_to is not None:
        rows = rows.filter(mailbox__lte=up_to)
    return list(_keys(rows)[: limit or ledger.CHUNK])


def parts(topic: str) -> Iterator[list[UserPk]]:
    """All followers, in parts that are each read when they are needed."""
    after: UserPk | None = None
    while part := followers(topic, after):
        yield part
        after = part[-1]


def all_followers(topic: str) -> Iterator[UserPk]:
    return chain.from_iterable(parts(topic))


def number_of_followers(topic: str, besides: Collection[UserPk]) -> int:
    """How many follow the topic, `besides` not counted."""
    rows = Following.objects.filter(subject=topic)
    return rows.count() - (rows.filter(Among("mailbox", besides)).count() if besides else 0)


def still_following(users: Collection[UserPk], topic: str) -> set[UserPk]:
    """Those of the users who follow the topic. Lock their mailboxes first: then it stays so until the commit."""
    if not users:
        return set()
    return set(Following.objects.filter(Among("mailbox", users), subject=topic).values_list("mailbox_id", flat=True))


def bounds(topic: str, size: int) -> "QuerySet[Following, UserPk]":
    """The last key of each part of this size, for all parts that are full. One statement."""
    numbered = Following.objects.filter(subject=topic).annotate(_n=Window(RowNumber(), order_by="mailbox"))
    return _keys(numbered.annotate(_rest=Mod(F("_n"), size)).filter(_rest=0))


def _keys(rows: "QuerySet[Following]") -> "QuerySet[Following, UserPk]":
    return rows.order_by("mailbox").values_list("mailbox_id", flat=True)
