"""Times in JSON."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, WithJsonSchema

from .faults import MOMENT

# RFC 3339, this millennium only: near the years 1 and 9999, a time can't be converted to every time zone.
MOMENT_PATTERN = r"^2\d{3}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$"
_MOMENT = re.compile(MOMENT_PATTERN, re.ASCII)


def _moment(given: Any) -> Any:
    """Refuse what pydantic accepts beyond RFC 3339: numbers, and other formats of text."""
    if not isinstance(given, str) or not _MOMENT.fullmatch(given):
        raise ValueError(MOMENT)
    return given


def _in_utc(given: datetime) -> datetime:
    """PostgreSQL takes no offset of 16 hours or more."""
    return given.astimezone(UTC)


MomentGiven = Annotated[
    AwareDatetime,
    BeforeValidator(_moment),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": MOMENT_PATTERN}),
]


def moment(value: datetime | None) -> str | None:
    """With microseconds, so that a client can send the value back without changing it."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
