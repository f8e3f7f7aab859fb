"""How many people an announcement would reach, for its author.

`users_in` asks for the users of one audience what `models.audiences` asks for the audiences of one user.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.users import SiteUser, has_staff_column
from ..errors import BadValue
from ..models import (
    Audience,
    AudienceFilter,
    Broadcast,
    BroadcastMember,
    ExcludedGroup,
    Mailbox,
    Source,
    State,
    audiences,
    births,
    ledger,
)

EXACT, SAMPLE = 100_000, 5
SHOWN = (State.LIVE, State.SCHEDULED, State.PREPARING)  # their filters have found people
Filters = dict[bool, list[AudienceFilter]]  # whether their people are left out -> saved filters
MOST_PARTS = 100  # different audiences in one statement


@dataclass(frozen=True, slots=True)
class Aim:
    """An audience: of a broadcast, or of a form that is not saved yet. Groups are primary keys; people are sets of
    primary keys, or subqueries of them, whose union counts."""

    audience: str
    groups: Collection[int] = ()
    with_staff: bool = False
    people: tuple[Any, ...] = ()
    excludes_staff: bool = False
    excluded_groups: Collection[int] = ()
    excluded_people: tuple[Any, ...] = ()
    first_clock: int | None = None  # of the broadcast, if users who registered after it do not count


@dataclass(frozen=True, slots=True)
class Reach:
    """`size` counts users who can sign in; if there are more than `EXACT`, it is that number, and `is_exact` is false.
    `sample`: the names of some of them."""

    size: int
    is_exact: bool
    sample: list[str]


@dataclass(frozen=True, slots=True)
class PeopleOnList:
    """Of one source; `sample`: the names of some of them."""

    source: Source
    size: int
    sample: list[str]


def aim_of(broadcast: Broadcast) -> Aim:
    """The audience that the database has for this broadcast, beside the columns of this instance."""
    members = BroadcastMember.objects.filter(broadcast=broadcast.pk)
    excluded = ExcludedGroup.objects.filter(broadcast=broadcast.pk)
    return Aim(
        broadcast.audience,
        broadcast.groups.using(ledger.alias()).values_list("pk", flat=True),
        broadcast.with_staff,
        (members.filter(is_excluded=False).values("user"),),
        broadcast.excludes_staff,
        excluded.values_list("group", flat=True),
        (members.filter(is_excluded=True).values("user"),),
        None if broadcast.late_joiners else broadcast.first_clock,
    )


def aim_to_publish(broadcast: Broadcast, filters: Filters | None = None) -> Aim:
    """The same, with those whom its saved filters find now, unless they have found theirs: it is published or
    prepared.
    `filters`: its filters, if they are known."""
    if broadcast.state in SHOWN:
        return aim_of(broadcast)
    chosen = filters_of([broadcast.pk])[broadcast.pk] if filters is None else filters
    aim = aim_of(broadcast)
    if chosen[False]:
        aim = replace(aim, people=_found_anew(broadcast, chosen, is_excluded=False))
    return replace(aim, excluded_people=_found_anew(broadcast, chosen, is_excluded=True)) if chosen[True] else aim


def _found_anew(broadcast: Broadcast, chosen: Filters, *, is_excluded: bool) -> tuple[Any, ...]:
    """The people of this side, but those of its filters as they would be found now."""
    people = BroadcastMember.objects.filter(broadcast=broadcast.pk, is_excluded=is_excluded)
    return people.exclude(source=Source.FILTER).values("user"), found_by(chosen[is_excluded]).values("pk")


def found_by(filters: Collection[AudienceFilter]) -> QuerySet[SiteUser]:
    """The users whom at least one of these filters finds now."""
    users: QuerySet[SiteUser] = get_user_model()._base_manager.using(ledger.alias())
    return users.filter(_any_of([each.condition() for each in filters]))


def reach(aim: Aim) -> Reach:
    return _reach(users_in(aim))


def reach_of(broadcasts: Collection[Broadcast]) -> Reach:
    """Of all of them together: each person counts once."""
    aims = _aims_of(broadcasts)
    parts = [Q(pk__in=users_in(aim).values("pk")) for aim in list(aims)[:MOST_PARTS]]
    everybody = get_user_model()._base_manager.using(ledger.alias())
    total = _reach(everybody.filter(_any_of(parts)))
    return replace(total, is_exact=total.is_exact and len(aims) <= MOST_PARTS)


def _aims_of(broadcasts: Collection[Broadcast]) -> set[Aim]:
    """Their different audiences. Those without people on lists, which are most, are the same for many."""
    keys = [broadcast.pk for broadcast in broadcasts]
    groups, excluded = (_groups(model, keys) for model in (Broadcast.groups.through, ExcludedGroup))
    filters = filters_of(keys)
    with_people = set(BroadcastMember.objects.filter(broadcast__in=keys).order_by().values_list("broadcast", flat=True))
    found = set()
    for broadcast in broadcasts:
        mine, hidden = frozenset(groups[broadcast.pk]), frozenset(excluded[broadcast.pk])
        aim = replace(aim_to_publish(broadcast, filters[broadcast.pk]), groups=mine, excluded_groups=hidden)
        has_people = any(filters[broadcast.pk].values()) or broadcast.pk in with_people
        found.add(aim if has_people else replace(aim, people=(), excluded_people=()))
    return found


def _groups(model: type[Model], broadcasts: list[int]) -> dict[int, set[int]]:
    """Broadcast -> its groups in this table."""
    found = defaultdict[int, set[int]](set)
    rows = model._base_manager.using(ledger.alias()).filter(broadcast__in=broadcasts)
    for broadcast, group in rows.values_list("broadcast_id", "group_id"):
        found[broadcast].add(group)
    return found


def people_on_lists(broadcast: int, *, is_excluded: bool) -> list[PeopleOnList]:
    """The users on the lists of this broadcast whom it is for, or who are left out: one entry per source with any."""
    rows = BroadcastMember.objects.filter(broadcast=broadcast, is_excluded=is_excluded)
    sizes = rows.order_by().values_list("source").annotate(size=Count("pk"))
    found = [PeopleOnList(Source(source), size, _sample_of(rows.filter(source=source))) for source, size in sizes]
    return sorted(found, key=lambda each: list(Source).index(each.source))


def _sample_of(members: QuerySet[BroadcastMember]) -> list[str]:
    users = get_user_model()._base_manager.using(ledger.alias()).filter(pk__in=members.values("user"))
    return [user.get_username() for user in users.order_by("pk")[:SAMPLE]]


def filters_of(broadcasts: list[int]) -> dict[int, Filters]:
    """Broadcast -> its saved filters."""
    found: dict[int, Filters] = {pk: {False: [], True: []} for pk in broadcasts}
    for is_excluded, field in ((False, Broadcast.filters), (True, Broadcast.excluded_filters)):
        rows = field.through._base_manager.using(ledger.alias()).filter(broadcast__in=broadcasts)
        for row in rows.select_related("audiencefilter"):
            found[row.broadcast_id][is_excluded].append(row.audiencefilter)
    return found


def filters_digest(broadcast: int) -> str:
    """Of its saved filters with their conditions; "" if it has none."""
    sides = filters_of([broadcast])[broadcast].values()
    content = [sorted([each.pk, each.conditions] for each in chosen) for chosen in sides]
    return sha256(json.dumps(content, default=str).encode()).hexdigest() if any(content) else ""


def audience_of(broadcast: Broadcast) -> QuerySet[SiteUser]:
    """The users who see it while it is live."""
    return users_in(aim_of(broadcast))


def _reach(users: QuerySet[SiteUser]) -> Reach:
    counted = users.order_by()[: EXACT + 1].count()
    names = [user.get_username() for user in users.order_by("pk")[:SAMPLE]]
    return Reach(min(counted, EXACT), counted <= EXACT, names)


def require_readers(broadcast: Broadcast) -> None:
    """Raise BadValue if the broadcast would be published now, to nobody. (At its time there may be somebody.)"""
    if broadcast.state == State.LIVE or (broadcast.publish_at and broadcast.publish_at > timezone.now()):
        return
    if not has_readers(broadcast):
        raise BadValue(_("Nobody is in the audience of this announcement."))


def has_readers(broadcast: Broadcast) -> bool:
    return users_in(aim_to_publish(broadcast)).exists()


def size_when_published(broadcast: Broadcast) -> int:
    return users_in(aim_to_publish(broadcast)).count()


def users_in(aim: Aim) -> QuerySet[SiteUser]:
    """The users of this audience who can sign in."""
    model = get_user_model()
    users: QuerySet[SiteUser] = model._base_manager.using(ledger.alias())
    if any(field.name == "is_active" for field in model._meta.concrete_fields):
        users = users.filter(is_active=True)
    if aim.audience != Audience.EVERYONE:
        users = users.filter(_any_of(_targets(aim)))
    if aim.first_clock is not None:
        users = users.alias(_born=Coalesce(_stored_birth(), births.of_user())).filter(_born__lt=aim.first_clock)
    hidden = _parts(aim.excludes_staff, aim.excluded_groups, aim.excluded_people)
    return users.exclude(_any_of(hidden)) if hidden else users


def _targets(aim: Aim) -> list[Q]:
    if aim.audience == Audience.STAFF:
        return _parts(True, (), ())
    if aim.audience == Audience.GROUPS:
        return _parts(False, aim.groups, ())
    return _parts(aim.with_staff, aim.groups, aim.people)


def _parts(staff: bool, groups: Collection[int], people: tuple[Any, ...]) -> list[Q]:
    """One condition for each part of a union."""
    found = [Q(pk__in=each) for each in people]
    if staff:
        found.append(Q(is_staff=True) if has_staff_column() else Q(pk__in=_staff()))
    if member := audiences.membership():
        through, column = member
        found.append(Q(pk__in=through.objects.filter(group__in=groups).values(f"{column}_id")))
    return found


def _any_of(parts: list[Q]) -> Q:
    return Q(*parts, _connector=Q.OR) if parts else Q(pk__in=[])


def _staff() -> QuerySet[Any]:
    return Mailbox.objects.filter(is_staff=True).values("pk")


def _stored_birth() -> Subquery:
    return Subquery(Mailbox.objects.filter(pk=OuterRef("pk")).values("born_clock"))
