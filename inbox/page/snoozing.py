"""Until when an item or thread of the inbox page, or several, are to be snoozed: the page that its button leads to
without scripts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..core.snapshots import UserId
from ..errors import InboxError
from ..http.beside import beside
from . import notices
from .acts import ALL, SNOOZE, Order, Sheet, new_key, perform, sent_before, title_of, version_of
from .filters import Filter
from .forms import SnoozeForm


def snooze_one(request: HttpRequest, user: UserId) -> HttpResponse:
    """The address has `of`, what is snoozed; `version`, that of the page it was on; and `back`, the address of that
    page, whose search and type limit what is chosen of a thread. Times are in Django's current zone."""
    back = _back(request)
    wanted = Filter.read(QueryDict(back.partition("?")[2]))
    order = Order(SNOOZE, request.GET["of"])
    sheet = Sheet(_key(request.POST), version_of(request.GET), wanted)
    try:
        title = _title(order) if order.is_of_many else title_of(user, order.target, wanted)
    except InboxError as error:  # a thread that is snoozed is not found
        return _leave(request, user, back, sent_before(user, order, sheet) or notices.failure(error.detail))
    form = SnoozeForm(request.POST if request.method == "POST" else None, [(order.target, title)], timezone.localtime())
    if form.is_valid() and (until := form.end()):
        done = perform(user, order, sheet, until)
        if done.act != notices.ERROR:
            return _leave(request, user, back, done)
        form.add_error(None, done.error)
    elif form.is_valid():
        form.add_error("at", _("Enter a date and a time."))
    return render(request, "inbox/snooze.html", _context(request, form, order.target, title, back))


def _title(order: Order) -> str:
    """Of many. Raises BadValue if nothing is selected, or too much."""
    if order.target == ALL:
        return _("All that match, on later pages too")
    number = len(order.targets)
    return ngettext("%(n)s notification", "%(n)s notifications", number) % {"n": number}


def _context(request: HttpRequest, form: SnoozeForm, target: str, title: str, back: str) -> dict[str, Any]:
    return {
        "form": form,
        "one": target,
        "title": title,
        "key": request.POST.get("key") or new_key(),
        "zone": timezone.get_current_timezone_name(),
        "inbox": back,
        "preferences": beside(request, "inbox-preferences"),
    }


def _key(sent: QueryDict) -> str:
    """The key of the page and what was chosen on it: another end of the snooze is another act. "" without a key."""
    return "\n".join(sent.get(name, "") for name in ("key", "until", "at")) if sent.get("key") else ""


def _back(request: HttpRequest) -> str:
    back = request.GET.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else beside(request, "inbox")


def _leave(request: HttpRequest, user: UserId, back: str, notice: notices.Notice) -> HttpResponse:
    return notices.redirect(request, user, notice, back, beside(request, "inbox"))
