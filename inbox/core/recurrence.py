"""When something recurs: a subset of the rules of RFC 5545, section 3.3.10, in the local time of a zone.

Local time is kept when the clocks change: 9:00 stays 9:00. A time that a change skips moves forward by as much (2:30
becomes 3:30); of a time that comes twice, the first counts (RFC 5545, 3.3.5).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, time
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule
from django.utils.translation import gettext as _

from ..errors import BadValue
from .zones import zone_named

MAX_RULE, MAX_INTERVAL, MAX_COUNT = 200, 99, 999  # characters, periods, occurrences
YEARS = range(2000, 3000)  # near the years 1 and 9999, a time can't be converted to every time zone
CYCLE = 400  # years after which dates and weekdays repeat
FREQUENCIES = MappingProxyType(
    {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_BELOW_A_DAY = re.compile(r"FREQ=(SECOND|MINUTE|HOUR)LY|BY(SECOND|MINUTE|HOUR)=", re.ASCII)
_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_DAY = re.compile(rf"([+-]?[1-9]\d?)?({'|'.join(WEEKDAYS)})", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,3}", re.ASCII)
# Part -> the dateutil argument, and its largest value. Negative values count from the end; of months there are none.
_LISTS = MappingProxyType({"BYMONTHDAY": ("bymonthday", 31), "BYMONTH": ("bymonth", 12), "BYSETPOS": ("bysetpos", 366)})
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", *_LISTS})


@dataclass(frozen=True)
class Recurrence:
    """`parts` of the rule, and the local date and time from which on it counts, which need not match it."""

    parts: Mapping[str, str]
    start: datetime
    zone: ZoneInfo

    @classmethod
    def of(cls, rule: str, start: datetime, zone: str) -> "Recurrence":
        """Raises BadValue, with a sentence, if the rule is invalid or never matches."""
        if start.year not in YEARS:
            raise BadValue(_("Choose a year between %(first)d and %(last)d.") % {"first": YEARS[0], "last": YEARS[-1]})
        found = cls(parts_of(rule), start, zone_named(zone))
        if next(found.local(), None) is None:
            raise BadValue(_("There is no such date: this would never happen."))
        return found

    def local(self) -> Iterator[datetime]:
        """All occurrences, in local time without a zone.

        They are computed some centuries later, because dateutil looks for a match until the year 9999: so a rule that
        matches nothing takes a third of a second at most, and not twenty times as long.
        """
        for found in rrule.rrule(dtstart=_moved(self.start, self._distance), **self._arguments):
            yield _moved(found, -self._distance)

    def occurrences(self) -> Iterator[datetime]:
        """All occurrences, in UTC, each later than the one before."""
        before = None
        for local in self.local():
            moment = local.replace(tzinfo=self.zone).astimezone(UTC)
            if moment != before:  # some zones have skipped a day
                yield moment
            before = moment

    def around(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The latest occurrence until now, and the first one later than now."""
        latest = None
        for moment in self.occurrences():
            if moment > now:
                return latest, moment
            latest = moment
        return latest, None

    def after(self, now: datetime, most: int) -> list[datetime]:
        """The next occurrences."""
        return list(islice((moment for moment in self.occurrences() if moment > now), most))

    @property
    def _distance(self) -> int:
        """Years."""
        return (datetime.max.year - 100 - self.start.year) // CYCLE * CYCLE

    @cached_property
    def _arguments(self) -> dict[str, Any]:
        parts = self.parts
        arguments: dict[str, Any] = {"freq": FREQUENCIES[parts["FREQ"]], "interval": int(parts.get("INTERVAL", 1))}
        if "COUNT" in parts:
            arguments["count"] = int(parts["COUNT"])
        if "UNTIL" in parts:
            arguments["until"] = _moved(_until(parts["UNTIL"], self.zone), self._distance)
        if "BYDAY" in parts:
            arguments["byweekday"] = [_weekday(day) for day in parts["BYDAY"].split(",")]
        for name in _LISTS.keys() & parts.keys():
            arguments[_LISTS[name][0]] = [int(number) for number in parts[name].split(",")]
        return arguments


def parts_of(rule: str) -> dict[str, str]:
    """The parts of a rule in capitals: {"FREQ": "WEEKLY", "BYDAY": "MO"}. Raises BadValue."""
    text = rule.strip().upper().removeprefix("RRULE:")
    if _BELOW_A_DAY.search(text):
        raise BadValue(_("It can recur once a day at most."))
    found = [_PART.fullmatch(part) for part in text.split(";")]
    parts = {match[1]: match[2] for match in found if match}
    if len(text) > MAX_RULE or len(parts) < len(found) or "FREQ" not in parts:
        raise BadValue(_("This is not a rule such as FREQ=WEEKLY;BYDAY=MO (RFC 5545)."))
    for name, value in parts.items():
        if not _is_valid(name, value):
            raise BadValue(_("This part of a rule is not understood: %s") % f"{name}={value}")
    _check_together(parts)
    return parts


def written(parts: Mapping[str, str]) -> str:
    """The rule with these parts, in the order of the RFC's examples."""
    return ";".join(f"{name}={parts[name]}" for name in sorted(parts, key=lambda name: (name != "FREQ", name)))


def _is_valid(name: str, value: str) -> bool:
    if name == "FREQ":
        return value in FREQUENCIES
    if name in {"INTERVAL", "COUNT"}:
        most = MAX_INTERVAL if name == "INTERVAL" else MAX_COUNT
        return value.isdecimal() and 1 <= int(value) <= most
    if name == "UNTIL":
        return _until_parts(value) is not None
    if name == "BYDAY":
        return all(_DAY.fullmatch(day) for day in value.split(","))
    return name in _LISTS and all(_is_among(number, name) for number in value.split(","))


def _is_among(number: str, name: str) -> bool:
    least = 1 if name == "BYMONTH" else -_LISTS[name][1]
    return bool(_NUMBER.fullmatch(number)) and int(number) != 0 and least <= int(number) <= _LISTS[name][1]


def _check_together(parts: Mapping[str, str]) -> None:
    """What RFC 5545 says of parts beside each other."""
    has_numbers = any(character.isdigit() for character in parts.get("BYDAY", ""))
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadValue(_("A rule has a COUNT or an UNTIL, not both."))
    if has_numbers and parts["FREQ"] not in {"MONTHLY", "YEARLY"}:
        raise BadValue(_("Only a rule for months or years can number a weekday (1MO)."))
    if "BYMONTHDAY" in parts and parts["FREQ"] == "WEEKLY":
        raise BadValue(_("A rule for weeks has no BYMONTHDAY."))
    if "BYSETPOS" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH"}:
        raise BadValue(_("BYSETPOS chooses among what another part names: BYDAY, BYMONTHDAY or BYMONTH."))


def _until(value: str, zone: ZoneInfo) -> datetime:
    """The last local time. A date includes its whole day."""
    found = _until_parts(value)
    assert found is not None
    moment, is_utc = found
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if is_utc else moment


def _until_parts(value: str) -> tuple[datetime, bool] | None:
    """The time, and whether it is one of UTC; None if it is neither a date nor a time."""
    match = _UNTIL.fullmatch(value)
    if match is None:
        return None
    try:
        day = datetime.strptime(match[1], "%Y%m%d")
        if day.year not in YEARS:
            return None
        if match[2] is None:
            return datetime.combine(day, time.max), False
        return datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S"), bool(match[3])
    except ValueError:
        return None


def _weekday(day: str) -> rrule.weekday:
    match = _DAY.fullmatch(day)
    assert match is not None
    weekday = rrule.weekday(WEEKDAYS.index(match[2]))
    return weekday(int(match[1])) if match[1] else weekday


def _moved(moment: datetime, years: int) -> datetime:
    """At most to the end of the year 9999, where dateutil ends, too."""
    year = moment.year + years
    return moment.replace(year=year) if year <= MAXYEAR else datetime.max
