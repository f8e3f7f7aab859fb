"""The schemas of series: broadcasts that recur. A service validates values that depend on each other."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from ...core.recurrence import MAX_RULE, parts_of
from ...core.zones import MAX_ZONE, zone_named
from ...services.broadcasts.series import LONGEST, MINUTE
from ..shared.schemas import ABSENT, WHOLE, Moment
from .broadcast_schemas import BroadcastId

RULE_PATTERN = r"^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*$"
ZONE_PATTERN = r"^[A-Za-z0-9_+/-]+$"
DATE_PATTERN = r"^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"  # this millennium only
TIME_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"
DATE, TIME = gettext_lazy("A date is expected, as in 2030-01-31."), gettext_lazy("A time is expected, as in 09:00.")


def _local(pattern: str, parse: Callable[[str], date | time], sentence: Promise) -> BeforeValidator:
    """Refuse what pydantic accepts beyond ISO 8601: numbers, and other formats of text."""
    form = re.compile(pattern, re.ASCII)

    def parsed(given: Any) -> date | time:
        try:
            if isinstance(given, str) and form.fullmatch(given):
                return parse(given)
        except ValueError:  # there is no such day
            pass
        raise ValueError(str(sentence))

    return BeforeValidator(parsed)


def _schema(form: str, pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": form, "pattern": pattern})


def _rule(given: str) -> str:
    parts_of(given)  # BadValue is a ValueError, whose sentence the response has
    return given


def _zone(given: str) -> str:
    zone_named(given)
    return given


Rule = Annotated[
    str,
    Field(max_length=MAX_RULE, json_schema_extra={"pattern": RULE_PATTERN}, examples=["FREQ=WEEKLY;BYDAY=MO"]),
    AfterValidator(_rule),
]
Zone = Annotated[
    str,
    Field(max_length=MAX_ZONE, json_schema_extra={"pattern": ZONE_PATTERN}, examples=["Europe/Berlin"]),
    AfterValidator(_zone),
]
Day = Annotated[date, _local(DATE_PATTERN, date.fromisoformat, DATE), _schema("date", DATE_PATTERN)]
# No format: that of JSON Schema has a time zone.
TimeOfDay = Annotated[
    time,
    _local(TIME_PATTERN, time.fromisoformat, TIME),
    WithJsonSchema({"type": "string", "pattern": TIME_PATTERN, "examples": ["09:00"]}),
]
Minutes = Annotated[int, Field(ge=1, le=LONGEST // MINUTE, strict=True), WHOLE]
BroadcastSeriesId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[4])]


class BroadcastSeriesFields(BaseModel):
    """When a broadcast recurs, in the local time of a zone."""

    model_config = ConfigDict(extra="forbid")

    rule: Rule = Field(
        default=ABSENT,
        description="An RRULE (RFC 5545, 3.3.10) of FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, COUNT "
        "and UNTIL; once a day at most.",
    )
    starts_on: Day = Field(default=ABSENT, description="The date from which on the rule counts.")
    at: TimeOfDay = Field(default=ABSENT, description="The time of every occurrence, also after a clock change.")
    time_zone: Zone = Field(default=ABSENT, description="Its name in the tz database.")
    duration_minutes: Minutes | None = Field(
        default=None, description="When an occurrence expires after it was due; null: never."
    )

    def values(self) -> dict[str, Any]:
        """The fields that were sent, as the services call them."""
        values = {name: getattr(self, name) for name in self.model_fields_set & {*BroadcastSeriesFields.model_fields}}
        if "duration_minutes" in values:
            minutes = values.pop("duration_minutes")
            values["duration"] = None if minutes is None else timedelta(minutes=minutes)
        return values


class BroadcastSeriesDraft(BroadcastSeriesFields):
    """A new series. It is stopped."""

    broadcast: BroadcastId = Field(
        description="Occurrences are copies of this draft, as it is then. Of any other broadcast, a draft is made now."
    )
    rule: Rule
    starts_on: Day
    at: TimeOfDay
    time_zone: Zone


class BroadcastSeriesPatch(BroadcastSeriesFields):
    """The fields of a series to change, at least one. The others stay as they are."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(
                _("At least one of these is expected: %s.") % ", ".join(BroadcastSeriesFields.model_fields)
            )
        return self


class BroadcastSeriesQuery(BaseModel):
    """Selects a page of the series."""

    before: BroadcastSeriesId = Field(default=ABSENT, description="`next` of the previous page.")
    limit: int = Field(default=20, ge=1, le=100)


class BroadcastSeries(BaseModel):
    """A series, as its authors see it."""

    id: BroadcastSeriesId
    broadcast: int | None = Field(description="The draft of which occurrences are copies; null if it was deleted.")
    rule: str
    starts_on: str
    at: str
    time_zone: str
    duration_minutes: int | None
    active: bool = Field(description="Whether occurrences are published.")
    next_at: Moment | None = Field(description="The next occurrence; null if it is stopped, or if it was the last one.")
    problem: str = Field(description="Why it was stopped, if nobody has stopped it; or empty.")
    created_at: Moment
    author: int | str | None = Field(description="The user's primary key; null if the user was deleted.")


class BroadcastSeriesList(BaseModel):
    """A page of the series, newest first."""

    items: list[BroadcastSeries]
    next: BroadcastSeriesId | None = Field(description="Send it as `before` to get the next page; null on the last.")
