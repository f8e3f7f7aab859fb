"""Times and days on the inbox page, as far as the server knows the reader's time zone. The rule is that of `times.js`;
`tests/moments.py` has cases for both.

Days are those of the reader's calendar in the reader's time zone: they are compared by date, because some have 23
hours, some 25, and a few never were. What is of today shows the time of day, and so does what is later because a clock
is wrong; what is of yesterday, "Yesterday"; what is older, the date, with the year unless it is this one. Headings:
"Today", "Yesterday", "Last 7 days" (the five days before), "Older". Nothing is an age, so a page that stays open
without scripts says nothing that becomes wrong before midnight.

Before the zone is known nothing is called by what depends on it: days are those of the site's zone, and have dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .. import selectors
from ..core.snapshots import UserId
from ..core.zones import zone_named
from ..errors import BadValue
from ..selectors.items import iso

COOKIE = "reddot-zone"  # the browser's zone, written by `zone.js`


class Formats(NamedTuple):
    """As Django names them."""

    time: str
    day: str
    day_and_year: str
    moment: str
    full: str


# As Intl writes them in Chromium, so that no text moves when the scripts take over. Other languages: Django's formats.
_ENGLISH = Formats("g:i A", "M j", "M j, Y", "M j, Y, g:i A", r"l, F j, Y \a\t g:i A")
FORMATS = {
    "en": _ENGLISH,
    "en-us": _ENGLISH,
    "de": Formats("H:i", "j. N", "j. N Y", "d.m.Y, H:i", r"l, j. F Y \u\m H:i"),
    "zh-hans": Formats("H:i", "n月j日", "Y年n月j日", "Y年n月j日 H:i", "Y年n月j日l H:i"),
    "ar": Formats("g:i A", "j F", "j F Y", "d\u200f/m\u200f/Y، g:i A", r"l، j F Y \ف\ي g:i A"),
}
# The one month that Django writes in another way, by format.
_APRIL = {
    **dict.fromkeys(FORMATS["de"][1:3], ("April", "Apr.")),
    **dict.fromkeys(FORMATS["ar"], ("\u0625\u0628\u0631\u064a\u0644", "\u0623\u0628\u0631\u064a\u0644")),
}
_OTHER = Formats("TIME_FORMAT", "MONTH_DAY_FORMAT", "DATE_FORMAT", "DATETIME_FORMAT", "DATETIME_FORMAT")


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment: for the attribute `datetime`, as short text, as date and time of day, and whole."""

    iso: str
    text: str
    moment: str
    whole: str


@dataclass(frozen=True, slots=True)
class Clock:
    """`zone`: the reader's; None if it is unknown."""

    zone: ZoneInfo | None
    now: datetime

    def shown(self, moment: datetime) -> Shown:
        return Shown(iso(moment), self._short(moment), self.moment(moment), self._zoned(moment, _formats().full))

    def moment(self, moment: datetime) -> str:
        """Date and time of day, with the zone unless it is the reader's."""
        return self._zoned(moment, _formats().moment)

    def day(self, moment: datetime) -> str:
        """The heading that items of that moment are listed under."""
        days = self._days_since(moment)
        if days <= 1 and not self.zone:
            shown = self.now if days < 0 else moment
            return formats.date_format(self._local(shown), "DATE_FORMAT")
        if days <= 0:
            return _("Today")
        if days == 1:
            return _("Yesterday")
        return _("Last 7 days") if days < 7 else _("Older")

    def _short(self, moment: datetime) -> str:
        days, known, local = self._days_since(moment), _formats(), self._local(moment)
        if self.zone and days <= 0:
            return _written(local, known.time)
        if self.zone and days == 1:
            return _("Yesterday")
        is_this_year = local.year == self._local(self.now).year
        return _written(local, known.day if is_this_year else known.day_and_year)

    def _days_since(self, moment: datetime) -> int:
        return (self._local(self.now).date() - self._local(moment).date()).days

    def _zoned(self, moment: datetime, format: str) -> str:
        text = _written(self._local(moment), format)
        return text if self.zone else f"{text} ({timezone.get_default_timezone_name()})"

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone or timezone.get_default_timezone())


def clock_for(request: HttpRequest, user: UserId) -> Clock:
    """In the zone that this browser has told, which its scripts use; else in the one that the user has chosen."""
    for name in (request.COOKIES.get(COOKIE, ""), selectors.chosen(user).time_zone):
        try:
            return Clock(zone_named(name), timezone.now())
        except BadValue:
            continue
    return Clock(None, timezone.now())


def _formats() -> Formats:
    return FORMATS.get(get_language() or "", _OTHER)


def _written(local: datetime, format: str) -> str:
    text = formats.date_format(local, format, use_l10n=format in _OTHER)
    return text.replace(*_APRIL[format]) if format in _APRIL else text
