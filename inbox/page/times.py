"""Times and days on the inbox page, as `times.js` shows them, as far as the server knows the reader's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from .. import selectors
from ..core.snapshots import UserId
from ..core.zones import zone_named
from ..errors import BadValue
from ..selectors.items import iso

COOKIE = "reddot-zone"  # the browser's zone, written by `zone.js`


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment: for the attribute `datetime`, as short text, and whole."""

    iso: str
    text: str
    whole: str


@dataclass(frozen=True, slots=True)
class Clock:
    """`zone`: the reader's; None if it is unknown. Then the days are those of the site's zone, and called by dates."""

    zone: ZoneInfo | None
    now: datetime

    def shown(self, moment: datetime) -> Shown:
        """Of today the time of day, if the zone is known; else the date."""
        local, today = self._local(moment), self._local(self.now).date()
        if self.zone and local.date() == today:
            text = formats.date_format(local, "TIME_FORMAT")
        else:
            text = formats.date_format(local, _day_format(has_year=local.year != today.year), use_l10n=False)
        return Shown(iso(moment), text, self.whole(moment))

    def whole(self, moment: datetime) -> str:
        """Date and time of day, with the zone unless it is the reader's."""
        text = formats.date_format(self._local(moment), "DATETIME_FORMAT")
        return text if self.zone else f"{text} ({timezone.get_default_timezone_name()})"

    def day(self, moment: datetime) -> str:
        """The heading that items of that moment are listed under."""
        day, today = self._local(moment).date(), self._local(self.now).date()
        if day >= today - timedelta(days=1):
            names = (_("Today"), today) if day >= today else (_("Yesterday"), day)
            return names[0] if self.zone else formats.date_format(names[1], "DATE_FORMAT")
        return _("Last 7 days") if day >= today - timedelta(days=6) else _("Older")

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


def _day_format(*, has_year: bool) -> str:
    """As Intl writes a short date."""
    return pgettext("format of a date", "M j, Y") if has_year else pgettext("format of a date", "M j")
