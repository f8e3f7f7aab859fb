"""The overview above the list of announcements: what was, is and will be seen, as bars on sixty days.

Bars are SVG whose numbers are percentages: they fit any width, and a strict policy of a site allows no
style attributes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import selectors
from ..models import State
from ..selectors import Span
from .zones import zone_named_here

DAYS = 30  # before and after today
MOST = 12  # rows: more would push the list from the screen
THINNEST = 0.8  # per cent: an hour would be invisible
TICKS = tuple(range(-28, 29, 7))  # days with a line
LABELLED = (-21, 0, 21)
BLOCKED, COMING, NOW, PAST = range(4)
KINDS: dict[str, int] = {State.BLOCKED: BLOCKED, State.SCHEDULED: COMING, State.LIVE: NOW}


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` are percentages of the timeline."""

    url: str
    title: str
    state: str
    label: str
    when: str
    x: str
    width: str
    is_open: bool


def timeline(site_name: str, now: datetime | None = None) -> dict[str, Any]:
    """The context of the template, in the active time zone."""
    now = now or timezone.now()
    found = selectors.spans(now - timedelta(days=DAYS), now + timedelta(days=DAYS))
    shown = _most_telling(found)
    return {
        "bars": [_bar(span, now, site_name) for span in shown],
        "more": len(found) - len(shown),
        "ticks": [_tick(days, now) for days in TICKS],
        "zone": zone_named_here(),
    }


def _most_telling(spans: list[Span]) -> list[Span]:
    """First those that were blocked: their authors have to do something. Then in turn the next of those to come,
    the newest of those that are live, and the latest of the past."""
    kinds: dict[int, list[Span]] = {BLOCKED: [], COMING: [], NOW: [], PAST: []}
    for span in spans:
        kinds[KINDS.get(span.state, PAST)].append(span)
    past = sorted(kinds[PAST], key=lambda span: span.end or span.start, reverse=True)
    in_turn = chain(kinds[BLOCKED], *zip_longest(kinds[COMING], reversed(kinds[NOW]), past))
    chosen = {span.id for span in _first(MOST, in_turn)}
    return [span for span in spans if span.id in chosen]


def _first(most: int, spans: Iterable[Span | None]) -> Iterator[Span]:
    left = most
    for span in spans:
        if span is not None and left:
            left -= 1
            yield span


def _bar(span: Span, now: datetime, site_name: str) -> Bar:
    start = _position(span.start, now)
    end = 100.0 if span.end is None else _position(span.end, now)
    width = max(end - start, THINNEST)
    return Bar(
        url=reverse("admin:inbox_broadcast_change", args=[span.id], current_app=site_name),
        title=span.title,
        state=span.state,
        label=str(State(span.state).label),
        when=_when(span),
        x=f"{min(start, 100 - width):.2f}%",
        width=f"{width:.2f}%",
        is_open=span.end is None,
    )


def _position(moment: datetime, now: datetime) -> float:
    """In per cent from the left."""
    days = (moment - now) / timedelta(days=1)
    return min(max(50 + 50 * days / DAYS, 0), 100)


def _when(span: Span) -> str:
    start = _moment(span.start)
    if span.end is None:
        return _("from %s, without an end") % start
    return start if span.end == span.start else f"{start} – {_moment(span.end)}"


def _moment(value: datetime) -> str:
    return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


def _tick(days: int, now: datetime) -> dict[str, str]:
    """A day's label, at its midnight; today's is at the line of now."""
    day = timezone.localtime(now) + timedelta(days=days)
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0) if days else day
    label = date_format(day, "MONTH_DAY_FORMAT") if days else _("Today")
    return {"x": f"{_position(midnight, now):.2f}%", "label": label if days in LABELLED else ""}
