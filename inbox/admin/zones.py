"""Times of the admin in the time zone of its user: that of the browser, which zone.js tells in a cookie.

A form says which zone its times are in, and brings it along: the cookie may have changed since.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.formats import date_format

COOKIE = "reddot_timezone"
FIELD = "form_timezone"


@contextmanager
def zone_of(request: HttpRequest) -> Iterator[None]:
    """The zone in which the times of the request are meant. Without a valid one, that of the site."""
    name = request.POST.get(FIELD) or request.COOKIES.get(COOKIE, "")
    zone = _zone(name)
    if zone is None:
        yield
        return
    with timezone.override(zone):
        yield


def _zone(name: str) -> ZoneInfo | None:
    if not name or len(name) > 60:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(value: datetime | None) -> str:
    """With the abbreviation of the zone, as in “Nov. 28, 2026, 3 a.m. CET”."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def rendered_now(response: HttpResponse) -> HttpResponse:
    """Now, while the time zone of the user is active; Django renders templates later."""
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response
