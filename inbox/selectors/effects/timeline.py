"""When broadcasts are seen, were seen or will be seen: for the overview of their authors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ...models import Broadcast, BroadcastChange, State


@dataclass(frozen=True, slots=True)
class Span:
    """`end` is None for a broadcast without one: it stays until it is withdrawn."""

    id: int
    title: str
    state: str
    start: datetime
    end: datetime | None


def spans(since: datetime, until: datetime) -> list[Span]:
    """Of the broadcasts that are live, are scheduled to start before `until`, were seen after `since`, or were blocked
    when they should have been; by start."""
    return sorted([*_shown_or_coming(until), *_past(since), *_blocked(since)], key=lambda span: (span.start, span.id))


def _shown_or_coming(until: datetime) -> Iterator[Span]:
    scheduled = Q(state=State.SCHEDULED, publish_at__lte=until)
    rows = Broadcast.objects.filter(Q(state=State.LIVE) | scheduled).order_by()
    for row in rows.only("title", "state", "publish_at", "published_at", "expires_at"):
        start = row.published_at if row.state == State.LIVE else row.publish_at
        if start is not None:
            yield Span(row.pk, row.title, row.state, start, row.expires_at)


def _past(since: datetime) -> Iterator[Span]:
    """Nobody has seen those that were never published."""
    rows = Broadcast.objects.filter(state__in=[State.EXPIRED, State.WITHDRAWN], published_at__isnull=False)
    withdrawn = Coalesce(Subquery(_last_moves()), "expires_at", "published_at")
    over = rows.filter(state=State.EXPIRED, expires_at__gte=since).order_by()
    taken_back = rows.filter(state=State.WITHDRAWN).annotate(end=withdrawn).filter(end__gte=since).order_by()
    columns = ("pk", "title", "state", "published_at")
    for row in chain(over.values_list(*columns, "expires_at"), taken_back.values_list(*columns, "end")):
        yield Span(*row)


def _blocked(since: datetime) -> Iterator[Span]:
    """At the time at which they should have been published."""
    rows = Broadcast.objects.filter(state=State.BLOCKED, publish_at__gte=since).order_by()
    for pk, title, state, start in rows.values_list("pk", "title", "state", "publish_at"):
        if start is not None:
            yield Span(pk, title, state, start, start)


def _last_moves() -> QuerySet[Any, Any]:
    """The time of the latest change of state of each broadcast. Older versions have not recorded any."""
    moves = BroadcastChange.objects.filter(broadcast=OuterRef("pk"), changed__has_key="state").order_by("-pk")
    return moves.values_list("at", flat=True)[:1]
