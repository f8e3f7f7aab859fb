"""Broadcasts for their authors: in every state, drafts included, with the number of their readers.

A broadcast that is due keeps its stored state until a service has changed it (rule 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core import signing
from django.db.models import Count, Prefetch, Q, QuerySet, Value
from django.utils.translation import gettext as _

from ..core.snapshots import UserId, user_id
from ..core.users import user_pk
from ..errors import BadValue, NotFound
from ..models import Broadcast, BroadcastMember, BroadcastReceipt, audiences, ledger
from . import undone

SALT, PEOPLE_SALT = "inbox.broadcasts", "inbox.people"


@dataclass(frozen=True, slots=True)
class BroadcastsPage:
    """Broadcasts with their `groups` and `readers`. `next` is the cursor of the next page, None on the last."""

    items: list[Broadcast]
    next: str | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Users by id. `next` is the cursor of the next page, None on the last."""

    items: list[UserId]
    next: str | None


def broadcasts_page(
    *, before: str | None = None, limit: int = 20, state: str | None = None, series: int | None = None
) -> BroadcastsPage:
    """One page of all broadcasts, or of those in one state or of one series, newest first. Raises BadValue for an
    invalid cursor."""
    older = _older(before)
    undone.report_due()
    rows = _rows().filter(older).order_by("-created_at", "-pk")
    if state is not None:
        rows = rows.filter(state=state)
    if series is not None:
        rows = rows.filter(series=series)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return BroadcastsPage(_counted(shown), _cursor(shown[-1]) if len(found) > limit else None)


def broadcast(pk: int) -> Broadcast:
    """One broadcast with its `groups` and `readers`, and the numbers of people on its lists. Raises NotFound."""
    undone.report_due()
    for found in _counted(_rows().filter(pk=pk)):
        return found
    raise NotFound(_("There is no such broadcast."))


def readers(broadcasts: Collection[int]) -> dict[int, int]:
    """Primary key -> number of users who have read the broadcast, since it was last shown again if it was. Broadcasts
    without readers are absent."""
    return dict(_read(broadcasts).values_list("broadcast").annotate(Count("pk")))


def people_who_read(broadcasts: Collection[int]) -> int:
    """How many users have read at least one of them."""
    return _read(broadcasts).values("recipient").distinct().count()


def _read(broadcasts: Collection[int]) -> QuerySet[BroadcastReceipt]:
    rows = BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast__in=broadcasts, read_at__isnull=False)
    return rows.order_by()


def _rows() -> QuerySet[Broadcast]:
    groups = Group.objects.using(ledger.alias())
    return Broadcast.objects.prefetch_related(Prefetch("groups", groups), Prefetch("excluded_groups", groups))


def _counted(rows: Iterable[Broadcast]) -> list[Broadcast]:
    found = list(rows)
    pks = [row.pk for row in found]
    counts, people, filters = readers(pks), _people(pks), _filters(pks)
    for row in found:
        row.readers = counts.get(row.pk, 0)
        row.filter_names, row.excluded_filter_names = (filters[row.pk, left_out] for left_out in (False, True))
        row.people_count, row.excluded_people_count = (people.get((row.pk, left_out), 0) for left_out in (False, True))
    return found


def _people(broadcasts: Collection[int]) -> dict[tuple[int, bool], int]:
    """(broadcast, whether they are left out) -> number of users on its lists."""
    rows = BroadcastMember.objects.filter(broadcast__in=broadcasts).order_by().values("broadcast", "is_excluded")
    counted = rows.annotate(count=Count("user", distinct=True)).values_list("broadcast", "is_excluded", "count")
    return {(pk, is_excluded): count for pk, is_excluded, count in counted}


def _filters(broadcasts: Collection[int]) -> Mapping[tuple[int, bool], list[str]]:
    """(broadcast, whether they are left out) -> the names of its saved filters, sorted. One query for both kinds: most
    broadcasts have neither."""
    chosen, left_out = (
        through._base_manager.using(ledger.alias())
        .filter(broadcast__in=broadcasts)
        .values_list("broadcast", Value(is_excluded), "audiencefilter__name")
        for is_excluded, through in ((0, Broadcast.filters.through), (1, Broadcast.excluded_filters.through))
    )
    found: defaultdict[tuple[int, bool], list[str]] = defaultdict(list)
    for pk, is_excluded, name in sorted(chosen.union(left_out, all=True)):
        found[pk, bool(is_excluded)].append(name)
    return found


def people_page(pk: int, *, excluded: bool = False, before: str | None = None, limit: int = 1000) -> PeoplePage:
    """One page of the users on the lists of a broadcast, by primary key. Raises NotFound, and BadValue for an invalid
    cursor."""
    if not Broadcast.objects.filter(pk=pk).exists():
        raise NotFound(_("There is no such broadcast."))
    rows = BroadcastMember.objects.filter(broadcast=pk, is_excluded=excluded).order_by("user")
    if before is not None:
        rows = rows.filter(user__gt=user_pk(_loaded(before, PEOPLE_SALT)))
    found = list(rows.values_list("user_id", flat=True).distinct()[: limit + 1])
    users = [user_id(user) for user in found[:limit]]
    return PeoplePage(users, signing.dumps(users[-1], salt=PEOPLE_SALT) if len(found) > limit else None)


def _cursor(row: Broadcast) -> str:
    return signing.dumps([row.created_at.isoformat(), row.pk], salt=SALT)


def _older(cursor: str | None) -> Q:
    if cursor is None:
        return Q()
    moment, pk = _loaded(cursor, SALT)
    created_at = datetime.fromisoformat(moment)
    return Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk)


def _loaded(cursor: str, salt: str) -> Any:
    try:
        return signing.loads(cursor, salt=salt)
    except (signing.BadSignature, ValueError) as error:
        raise BadValue(_("This is not a cursor that this list has handed out.")) from error
