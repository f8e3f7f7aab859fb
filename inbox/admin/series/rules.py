"""The rule of a series as the fields of its form, and in words.

A rule that these fields can't say is a rule of its own (`unit` is empty), which one types as RFC 5545 has it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dates import WEEKDAYS as NAMES
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, time_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ...core.recurrence import WEEKDAYS, parts_of, written
from ...errors import BadValue
from ...models import BroadcastSeries

Choices = list[tuple[str, str | Promise]]

WORKDAYS = "MO,TU,WE,TH,FR"
UNITS: Choices = [
    ("DAILY", gettext_lazy("days")),
    ("WEEKLY", gettext_lazy("weeks")),
    ("MONTHLY", gettext_lazy("months")),
    ("YEARLY", gettext_lazy("years")),
    ("", gettext_lazy("by a rule of its own")),
]
DAY_NAMES: dict[str, str | Promise] = {day: NAMES[number] for number, day in enumerate(WEEKDAYS)}
SAME, LAST = "", "last"
DAYS: Choices = [
    (SAME, gettext_lazy("the day of the first date")),
    (LAST, gettext_lazy("the last day")),
    ("1", gettext_lazy("the first")),
    ("2", gettext_lazy("the second")),
    ("3", gettext_lazy("the third")),
    ("4", gettext_lazy("the fourth")),
    ("-1", gettext_lazy("the last")),
]
DAYS_OF_WEEK: Choices = [*DAY_NAMES.items(), (WORKDAYS, gettext_lazy("working day (Monday to Friday)"))]
ENDS: Choices = [
    ("", gettext_lazy("never")),
    ("COUNT", gettext_lazy("after a number of times")),
    ("UNTIL", gettext_lazy("on a date")),
]


def rule_of(fields: Mapping[str, Any]) -> str:
    """Those that are missing or invalid count as empty."""
    if not (unit := fields.get("unit")):
        return str(fields.get("rule", ""))
    parts = {"FREQ": unit}
    if (every := fields.get("every") or 1) > 1:
        parts["INTERVAL"] = str(every)
    if unit == "WEEKLY" and fields.get("weekdays"):
        parts["BYDAY"] = ",".join(day for day in WEEKDAYS if day in fields["weekdays"])
    if unit == "MONTHLY":
        parts |= _day_parts(fields.get("day") or SAME, fields.get("weekday") or WEEKDAYS[0])
    return written(parts | _end_parts(fields))


def _day_parts(day: str, weekday: str) -> dict[str, str]:
    if day == SAME:
        return {}
    if day == LAST:
        return {"BYMONTHDAY": "-1"}
    return {"BYDAY": weekday, "BYSETPOS": day} if weekday == WORKDAYS else {"BYDAY": f"{day}{weekday}"}


def _end_parts(fields: Mapping[str, Any]) -> dict[str, str]:
    if fields.get("ends") == "COUNT" and fields.get("count"):
        return {"COUNT": str(fields["count"])}
    if fields.get("ends") == "UNTIL" and fields.get("until"):
        return {"UNTIL": f"{fields['until']:%Y%m%d}"}
    return {}


def fields_of(rule: str) -> dict[str, Any]:
    """The fields whose `rule_of` is this rule."""
    try:
        fields = _fields(parts_of(rule))
    except (BadValue, ValueError):
        fields = {}
    is_said = fields and fields.get("day", SAME) in dict(DAYS) and rule_of(fields) == rule
    return fields if is_said else {"unit": "", "rule": rule}


def _fields(parts: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"unit": parts["FREQ"], "every": int(parts.get("INTERVAL", 1))}
    day = parts.get("BYDAY", "")
    if parts["FREQ"] == "WEEKLY":
        fields["weekdays"] = day.split(",") if day else []
    elif "BYMONTHDAY" in parts:
        fields["day"] = LAST
    elif day:
        fields |= {"day": parts.get("BYSETPOS") or day[:-2], "weekday": day if day == WORKDAYS else day[-2:]}
    if "COUNT" in parts:
        fields |= {"ends": "COUNT", "count": int(parts["COUNT"])}
    if "UNTIL" in parts:
        fields |= {"ends": "UNTIL", "until": datetime.strptime(parts["UNTIL"], "%Y%m%d").date()}
    return fields


def wording(series: BroadcastSeries) -> str:
    """ "Every 2 weeks: Monday, Friday at 9 a.m. (Europe/Berlin)" """
    fields = fields_of(series.rule)
    period = _period(fields) if fields["unit"] else series.rule
    days = _days(fields, series)
    return _("%(period)s at %(time)s (%(zone)s)") % {
        "period": f"{period}: {days}" if days else period,
        "time": time_format(series.at),
        "zone": series.time_zone,
    }


def _period(fields: Mapping[str, Any]) -> str:
    every = fields["every"]
    return {
        "DAILY": lambda: ngettext("Every day", "Every %(every)d days", every),
        "WEEKLY": lambda: ngettext("Every week", "Every %(every)d weeks", every),
        "MONTHLY": lambda: ngettext("Every month", "Every %(every)d months", every),
        "YEARLY": lambda: ngettext("Every year", "Every %(every)d years", every),
    }[fields["unit"]]() % {"every": every}


def _days(fields: Mapping[str, Any], series: BroadcastSeries) -> str:
    if fields["unit"] == "WEEKLY":
        chosen = fields["weekdays"] or [WEEKDAYS[series.starts_on.weekday()]]
        return ", ".join(str(DAY_NAMES[day]) for day in chosen)
    if fields["unit"] == "MONTHLY":
        return _day_of_month(fields.get("day", SAME), fields.get("weekday", ""), series)
    return date_format(series.starts_on, "MONTH_DAY_FORMAT") if fields["unit"] == "YEARLY" else ""


def _day_of_month(day: str, weekday: str, series: BroadcastSeries) -> str:
    if day == SAME:
        return str(series.starts_on.day)
    name = str(dict(DAYS)[day])
    return name if day == LAST else f"{name} {dict(DAYS_OF_WEEK)[weekday]}"


def shown(moment: datetime, series: BroadcastSeries) -> str:
    """In the zone of the series, as in “Mon, Nov. 30, 2026, 9 a.m. CET”."""
    local = timezone.localtime(moment, series.recurrence.zone)
    return f"{WEEKDAYS_ABBR[local.weekday()]}, {date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
