"""Series, for their authors."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..errors import NotFound
from ..models import BroadcastSeries
from . import undone


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """`next` is the primary key that comes before the next page, None on the last."""

    items: list[BroadcastSeries]
    next: int | None


def series_page(*, before: int | None = None, limit: int = 20) -> SeriesPage:
    """One page of all series, newest first."""
    undone.report_due()
    rows = BroadcastSeries.objects.order_by("-pk")
    found = list((rows if before is None else rows.filter(pk__lt=before))[: limit + 1])
    shown = found[:limit]
    return SeriesPage(shown, shown[-1].pk if len(found) > limit else None)


def series(pk: int) -> BroadcastSeries:
    """Raises NotFound."""
    undone.report_due()
    found = BroadcastSeries.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such recurring announcement."))
    return found
