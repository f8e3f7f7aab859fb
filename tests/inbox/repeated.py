"""A series that is due every Monday at 9:00 in Berlin. The fixture `clock` stands on a Tuesday, 2030-01-01."""

from datetime import UTC, date, datetime, time
from typing import Any

from inbox import services
from inbox.models import Broadcast, BroadcastSeries

from .people import one_of

MONDAY, NEXT_MONDAY = datetime(2030, 1, 7, 8, tzinfo=UTC), datetime(2030, 1, 14, 8, tzinfo=UTC)
EVERY_MONDAY = {
    "rule": "FREQ=WEEKLY;BYDAY=MO", "starts_on": date(2030, 1, 1), "at": time(9), "time_zone": "Europe/Berlin",
    "duration": None,
}  # fmt: skip


def template(**columns: Any) -> Broadcast:
    return Broadcast.objects.create(
        **{"title": "Weekly", "body": "**Clean** the kitchen", "level": "warning", **columns}
    )


def stopped(author: Any, **values: Any) -> BroadcastSeries:
    values.setdefault("template", template())
    return services.create_series(one_of(author), EVERY_MONDAY | values)


def repeated(author: Any, **values: Any) -> BroadcastSeries:
    """A series that was started."""
    series = stopped(author, **values)
    services.start_series(series)
    return series


def occurrences(series: BroadcastSeries) -> list[tuple[datetime | None, str]]:
    return list(Broadcast.objects.filter(series=series).order_by("occurrence").values_list("occurrence", "state"))
