"""The page of a broadcast that lists who has read it and who has not, and the same as CSV."""

import csv
from collections.abc import Iterator

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from .. import selectors
from ..models import Broadcast
from ..selectors import Reader, Who
from .zones import moment

PAGE = 100
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes what begins with these for a formula


def page(request: HttpRequest, broadcast: Broadcast, site: AdminSite) -> HttpResponse:
    who, search = _asked(request)
    found = Paginator(selectors.people(broadcast, who, search), PAGE).get_page(request.GET.get("p"))
    labels = {Who.READ: _("Read"), Who.UNREAD: _("Not read"), Who.LEFT: _("Read, and left the audience")}
    numbers = selectors.counts(broadcast)
    context = site.each_context(request) | {
        "title": _("Readers"),
        "subtitle": str(broadcast),
        "opts": Broadcast._meta,
        "broadcast": broadcast,
        "lists": [(each.value, labels[each], numbers[each]) for each in Who],
        "size": numbers[Who.READ] + numbers[Who.UNREAD],
        "who": who.value,
        "search": search,
        "page": found,
        "people": [(user.get_username(), moment(user.read_at)) for user in found],  # type: ignore[attr-defined]
    }
    return TemplateResponse(request, "inbox/admin/readers.html", context)


def download(request: HttpRequest, broadcast: Broadcast) -> StreamingHttpResponse:
    """UTF-8 with a byte order mark, which Excel needs; times in UTC."""
    who, search = _asked(request)
    rows = _lines(selectors.readers_of(broadcast, who, search))
    name = f"broadcast-{broadcast.pk}-{who.value}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: HttpRequest) -> tuple[Who, str]:
    who = request.GET.get("who", "")
    return Who(who) if who in {*Who} else Who.READ, request.GET.get("q", "").replace("\0", "")[:200]


class _Echo:
    def write(self, line: str) -> str:
        return line


def _lines(readers: Iterator[Reader]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(["user", "name", "read_at"])
    for reader in readers:
        read_at = reader.read_at.isoformat() if reader.read_at else ""
        yield writer.writerow([neutralised(str(reader.id)), neutralised(reader.name), read_at])


def neutralised(cell: str) -> str:
    """With an apostrophe in front if a spreadsheet would calculate it."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell
