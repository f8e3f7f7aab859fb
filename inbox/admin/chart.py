"""The effect of an announcement over time, as lines of a chart and as rows of a table.

A line is in the coordinates of an SVG image that is stretched to its place: 0 to 1000 from the publication to now, and
100 to 0 from nobody to `top`. Nothing else of the chart is in that image, so that it is as legible on a phone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.utils import timezone
from django.utils.formats import date_format

from ..models import Broadcast, State
from ..selectors import Effect, Who

WIDTH, HEIGHT = 1000, 100
STEPS = 100  # as many as a chart may have before its steps become longer


@dataclass(frozen=True, slots=True)
class Step:
    """`begin`: the beginning of the step that a local time is in. `format`: of the times, for Django."""

    length: timedelta
    begin: Callable[[datetime], datetime]
    format: str


@dataclass(frozen=True, slots=True)
class Line:
    who: Who
    label: str
    total: int
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`zone`: of all times. `times`: of the beginning, the middle and the end. `rows`: each step in which something
    happened, with the totals at its end."""

    lines: list[Line]
    top: int
    zone: str
    times: list[str]
    rows: list[tuple[str, list[int]]]

    @property
    def middle(self) -> int:
        return self.top // 2


def _minute(local: datetime) -> datetime:
    return local.replace(second=0, microsecond=0)


def _hour(local: datetime) -> datetime:
    return _minute(local).replace(minute=0)


def _day(local: datetime) -> datetime:
    return _hour(local).replace(hour=0)


def _week(local: datetime) -> datetime:
    return _day(local) - timedelta(days=local.weekday())


TIME, DAY = "SHORT_DATETIME_FORMAT", "SHORT_DATE_FORMAT"
MINUTES, HOURS = Step(timedelta(minutes=1), _minute, TIME), Step(timedelta(hours=1), _hour, TIME)
DAYS, WEEKS = Step(timedelta(days=1), _day, DAY), Step(timedelta(days=7), _week, DAY)


def chart(broadcast: Broadcast, effect: Effect, labels: Mapping[Who, str]) -> Chart | None:
    """With a line for each of `labels` that anybody has done, or for the first of them. None if it was never published.

    In the active time zone and language. What is live goes on until now, anything else until the last that happened.
    """
    if broadcast.published_at is None:
        return None
    possible = [who for who in labels if who in effect.marks]
    kinds = [who for who in possible if effect.counts[who]] or possible[:1]
    last = max((at for who in kinds for at, _count in effect.marks[who]), default=broadcast.published_at)
    until = max(timezone.now(), last) if broadcast.state == State.LIVE else last
    step = _step_for(until - broadcast.published_at)
    span = _Span(step, _local(broadcast.published_at), _local(until))
    totals = {who: span.totals(effect.marks[who]) for who in kinds}
    top = _round_up(max((steps[-1][1] for steps in totals.values() if steps), default=0))
    lines = [Line(who, labels[who], effect.counts[who], span.points(totals[who], top)) for who in kinds]
    return Chart(lines, top, timezone.get_current_timezone_name(), span.times(), span.rows(list(totals.values())))


class _Span:
    """The time that a chart shows, in whole steps."""

    def __init__(self, step: Step, first: datetime, last: datetime) -> None:
        self.step = step
        self.begin = step.begin(first)
        self.end = step.begin(max(first, last)) + step.length

    def totals(self, marks: Iterable[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
        """The steps in which something happened, each with the total at its end. (What happened before the beginning,
        in a mailbox that came from another site, say, is in the first.)"""
        by_step: dict[datetime, int] = {}
        for at, count in marks:
            begin = max(self.begin, self.step.begin(_local(at)))
            by_step[begin] = by_step.get(begin, 0) + count
        steps = sorted(by_step)
        return list(zip(steps, accumulate(by_step[begin] for begin in steps), strict=True))

    def points(self, totals: list[tuple[datetime, int]], top: int) -> str:
        """From the total before each step to the one after it."""
        found = [(self.begin, 0)]
        for begin, total in totals:
            found += [(begin, found[-1][1]), (begin + self.step.length, total)]
        found.append((self.end, found[-1][1]))
        return " ".join(f"{self._x(at):g},{round(HEIGHT - HEIGHT * total / top, 1):g}" for at, total in found)

    def times(self) -> list[str]:
        middle = self.begin + (self.end - self.begin) / 2
        return [self._words(at) for at in (self.begin, middle, self.end)]

    def rows(self, totals: list[list[tuple[datetime, int]]]) -> list[tuple[str, list[int]]]:
        by_line = [dict(steps) for steps in totals]
        found, current = [], [0] * len(by_line)
        for begin in sorted({begin for steps in by_line for begin in steps}):
            current = [steps.get(begin, before) for steps, before in zip(by_line, current, strict=True)]
            found.append((self._words(begin), current))
        return found

    def _x(self, at: datetime) -> float:
        return round(min(WIDTH, WIDTH * ((at - self.begin) / (self.end - self.begin))), 1)

    def _words(self, at: datetime) -> str:
        return date_format(at, self.step.format)


def _step_for(span: timedelta) -> Step:
    return next((step for step in (MINUTES, HOURS, DAYS) if span <= step.length * STEPS), WEEKS)


def _round_up(count: int) -> int:
    """The next even number of one or two digits and zeros, so that its half is a whole number, too."""
    even: int = 2 * 10 ** max(0, len(str(count)) - 2)
    return max(2, -(-count // even) * even)


def _local(at: datetime) -> datetime:
    return timezone.localtime(at)
