"""Saved filters, for authors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..models import AudienceFilter


@dataclass(frozen=True, slots=True)
class FiltersPage:
    """`next` is the primary key that comes before the next page, None on the last."""

    items: list[AudienceFilter]
    next: int | None


def filters_page(*, before: int | None = None, limit: int = 20) -> FiltersPage:
    """One page of all saved filters, newest first."""
    rows = AudienceFilter.objects.order_by("-pk")
    found = list((rows if before is None else rows.filter(pk__lt=before))[: limit + 1])
    shown = found[:limit]
    return FiltersPage(shown, shown[-1].pk if len(found) > limit else None)


def filters_named(given: Collection[int | str]) -> dict[int | str, int]:
    """Those of these that exist -> their primary keys; a number is a primary key, a string a name."""
    numbers = {one for one in given if isinstance(one, int)}
    stored = AudienceFilter.objects.filter(pk__in=[one for one in numbers if 0 < one < 2**63])
    found: dict[int | str, int] = {pk: pk for pk in stored.values_list("pk", flat=True)}
    named = AudienceFilter.objects.filter(name__in={*given} - numbers)
    return found | dict(named.values_list("name", "pk"))
