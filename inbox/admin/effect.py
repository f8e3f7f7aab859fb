"""The page of an announcement that shows its effect: numbers, a chart, and the list behind each number, also as CSV.

While somebody looks at it, effect.js asks for the part that changes (`now`). However many look, a process counts the
people of an announcement at most every two seconds.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .. import selectors, services
from ..core.recently import Recently
from ..http.preconditions import NotModified, evaluate
from ..models import Broadcast, State
from ..rendering import change_stream
from ..rendering.bidi import isolated
from ..rendering.spreadsheets import neutralised
from ..selectors import DONE, NOT_DONE, Effect, Reader, Who
from .chart import chart
from .people import may_see_addresses, search_label
from .zones import moment

PAGE = 100
SECONDS = 2.0  # between two counts

_recently: Recently[int, Effect] = Recently(SECONDS)


@dataclass(frozen=True, slots=True)
class Card:
    """A number, which leads to its list. `percent`: of the audience, if it has anybody."""

    who: Who
    label: str
    number: int
    percent: int | None


def page(request: HttpRequest, broadcast: Broadcast, site: AdminSite, may_remind: bool) -> HttpResponse:
    found = _counted(broadcast)
    return TemplateResponse(
        request,
        "inbox/admin/effect.html",
        site.each_context(request)
        | {"title": _("Effect"), "subtitle": str(broadcast), "opts": Broadcast._meta, "stream": change_stream.address()}
        | _numbers(request, broadcast, found)
        | _list(request, broadcast, found)
        | _reminder(broadcast, found, may_remind),
    )


def now(request: HttpRequest, broadcast: Broadcast, may_remind: bool) -> HttpResponse:
    """The part of the page that changes; 304 if it has not."""
    found = _counted(broadcast)
    numbers = _numbers(request, broadcast, found)
    tag = _tag(numbers)
    if evaluate(request, tag) == HTTPStatus.NOT_MODIFIED:
        return NotModified(headers={"ETag": tag})
    context = numbers | _list(request, broadcast, found) | _reminder(broadcast, found, may_remind)
    return TemplateResponse(request, "inbox/admin/effect_now.html", context, headers={"ETag": tag})


def download(request: HttpRequest, broadcast: Broadcast) -> StreamingHttpResponse:
    """UTF-8 with a byte order mark, which Excel needs; times in UTC."""
    who, search = _asked(request)
    found = selectors.readers_of(broadcast, who, search, with_addresses=may_see_addresses(request.user))
    name = f"broadcast-{broadcast.pk}-{who.value}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8", headers=headers)


def _counted(broadcast: Broadcast) -> Effect:
    return _recently.get(broadcast.pk, lambda: selectors.effect(broadcast))


def _numbers(request: HttpRequest, broadcast: Broadcast, found: Effect) -> dict[str, Any]:
    who, _search = _asked(request)
    names = {
        each: label for each, label in labels(broadcast).items() if _is_shown(each, broadcast, found) or each == who
    }
    size = found.counts[Who.AUDIENCE]
    cards = [Card(each, label, found.counts[each], _percent(each, found, size)) for each, label in names.items()]
    return {"broadcast": broadcast, "cards": cards, "chart": chart(broadcast, found, names), "who": who}


def _list(request: HttpRequest, broadcast: Broadcast, found: Effect) -> dict[str, Any]:
    who, search = _asked(request)
    names, with_addresses = labels(broadcast), may_see_addresses(request.user)
    columns = [each for each in DONE if found.counts[each] or found.counts[Who.LEFT] or each == Who.SEEN]
    people = selectors.people(broadcast, who, search, with_addresses=with_addresses)
    shown: Page[Any] = Paginator(people, PAGE).get_page(request.GET.get("p"))
    readers = [selectors.reader(user) for user in shown]
    return {
        "search": search,
        "search_label": search_label(with_addresses=with_addresses),
        "label": names[who],
        "page": shown,
        "columns": [names[each] for each in columns],
        "people": [(reader.name, [moment(reader.done[each], short=True) for each in columns]) for reader in readers],
    }


def _reminder(broadcast: Broadcast, found: Effect, may_remind: bool) -> dict[str, Any]:
    """How many can be asked again, and a key for the form that asks."""
    missing = selectors.yet_to(broadcast)
    count = found.counts[missing] if may_remind and missing and broadcast.state == State.LIVE else 0
    return {"missing": count, "has_dialog": broadcast.as_dialog, "form_key": services.new_form_key()}


def labels(broadcast: Broadcast) -> dict[Who, str]:
    """In the order of the cards."""
    return {
        Who.AUDIENCE: _("In the audience"),
        Who.SHOWN: _("Shown on open pages"),
        Who.SEEN: _("Seen"),
        Who.READ: _("Read"),
        Who.UNREAD: _("Not read"),
        Who.CONFIRMED: _("Confirmed"),
        Who.UNCONFIRMED: _("Not confirmed"),
        Who.CLOSED: _("Banner closed"),
        Who.DISMISSED: _("Dismissed"),
        Who.LINK: _("Link followed"),
        **_buttons(broadcast),
        Who.LEFT: _("No longer in the audience"),
    }


def _buttons(broadcast: Broadcast) -> dict[Who, str]:
    names = [isolated(button.label) for button in broadcast.buttons_in(get_language())]
    kinds = (Who.BUTTON_0, Who.BUTTON_1)
    # A button that was clicked may have been removed since.
    return {who: _("Clicked: %s") % (names[i] if i < len(names) else i + 1) for i, who in enumerate(kinds)}


def _is_shown(who: Who, broadcast: Broadcast, found: Effect) -> bool:
    """Whether readers can do it where the announcement shows; or whether anybody has done it."""
    possible = {
        Who.AUDIENCE: True,
        Who.SHOWN: True,
        Who.SEEN: True,
        Who.READ: broadcast.in_inbox,
        Who.UNREAD: broadcast.in_inbox,
        Who.CONFIRMED: broadcast.as_dialog,
        Who.UNCONFIRMED: broadcast.as_dialog,
        Who.CLOSED: broadcast.as_banner,
        Who.DISMISSED: broadcast.in_inbox,
        Who.LINK: bool(broadcast.url),
        Who.BUTTON_0: len(broadcast.valid_buttons) > 0,
        Who.BUTTON_1: len(broadcast.valid_buttons) > 1,
    }
    is_missing = who in NOT_DONE
    return possible.get(who, False) or (found.counts[who] > 0 and not is_missing)


def _percent(who: Who, found: Effect, size: int) -> int | None:
    return round(100 * found.counts[who] / size) if size and who not in (Who.AUDIENCE, Who.LEFT) else None


def _tag(numbers: dict[str, Any]) -> str:
    said = repr((get_language(), numbers["cards"], numbers["chart"]))
    return f'"{blake2b(said.encode(), digest_size=12).hexdigest()}"'


def _asked(request: HttpRequest) -> tuple[Who, str]:
    who = request.GET.get("who", "")
    return Who(who) if who in {*Who} else Who.AUDIENCE, request.GET.get("q", "").replace("\0", "")[:200]


class _Echo:
    def write(self, line: str) -> str:
        return line


def _lines(readers: Iterator[Reader]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(["user", "name", *(f"{who}_at" for who in DONE)])
    for reader in readers:
        times = [at.isoformat() if (at := reader.done[who]) else "" for who in DONE]
        yield writer.writerow([neutralised(str(reader.id)), neutralised(reader.name), *times])
