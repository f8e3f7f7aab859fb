"""Time zones by name (IANA), as people choose them."""

from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils.translation import gettext as _

from ..errors import BadValue

MAX_ZONE = 64  # characters
REGIONS = frozenset("Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split())


def zone_named(name: str) -> ZoneInfo:
    """Raises BadValue."""
    try:
        if 0 < len(name) <= MAX_ZONE:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise BadValue(_("“%s” is not the name of a time zone, such as Europe/Berlin.") % name[:MAX_ZONE])


@cache
def offered_zones() -> list[str]:
    """The names to choose from, by region, UTC first, without older names such as US/Pacific."""
    return ["UTC", *sorted(name for name in available_timezones() if _region(name) in REGIONS)]


def zones_by_region() -> list[tuple[str, list[str]]]:
    return [(region, list(names)) for region, names in groupby(offered_zones(), _region)]


def _region(name: str) -> str:
    return name.partition("/")[0]
