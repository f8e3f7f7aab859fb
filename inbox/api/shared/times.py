"""Times in JSON."""

from datetime import UTC, datetime


def moment(value: datetime | None) -> str | None:
    """With microseconds, so that a client can send the value back without changing it."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
