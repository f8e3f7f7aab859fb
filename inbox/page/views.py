"""The view of the inbox page: GET lists, POST does one act and leads back to the list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from .. import selectors
from ..core.choice import MAX_SEARCH
from ..core.snapshots import Snapshot, UserId, user_id
from ..http.beside import beside
from ..models import Broadcast, event_types
from . import notices
from .acts import PRESS, SNOOZE, Sheet, new_key, order_of, perform, press, version_of
from .bar import bar_of
from .empty import empty_of
from .filters import Filter
from .reading import Reading, read
from .rows import by_day, icon_of, rows_of
from .times import clock_for


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inbox_page(request: HttpRequest) -> HttpResponse:
    """The list that the address chooses. Links and forms work without scripts; `inbox.js` takes over what is there."""
    user, wanted = user_id(request.user.pk), Filter.read(request.GET)
    if request.method == "POST":
        return _act(request, user, wanted)
    found = read(user, wanted)
    context = _frame(request, wanted, found) | _list(request, user, wanted, found)
    context["notice"] = notices.take(request, user)
    response = render(request, "inbox/inbox.html", context, status=400 if found.error else 200)
    notices.forget(response, request)
    add_never_cache_headers(response)
    return response


def _act(request: HttpRequest, user: UserId, wanted: Filter) -> HttpResponse:
    """One button was pressed. Leads back to the same list."""
    order, version = order_of(request.POST), version_of(request.POST)
    if order is None:
        raise BadRequest("no such act")
    sheet = Sheet(request.POST.get("key", ""), version, wanted)
    here = f"{request.path}{wanted.query(before=wanted.before)}"
    if order.act == SNOOZE:  # until when is asked on a page of its own
        asked = urlencode({"of": order.target, "version": str(version), "back": here})
        return HttpResponseRedirect(f"{beside(request, 'inbox-snooze')}?{asked}")
    link, notice = press(user, order, sheet) if order.act == PRESS else ("", perform(user, order, sheet))
    return notices.redirect(request, user, notice, here, request.path) if notice else follow(request, link)


def follow(request: HttpRequest, link: str) -> HttpResponse:
    """Lead to the link of a button that was pressed. `form-action 'self'` of a policy forbids that a form leads to
    another site, by a redirect too: a page of this site does."""
    if url_has_allowed_host_and_scheme(link, {request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(link)
    response = render(request, "inbox/leaving.html", {"link": link, "site": urlsplit(link).netloc})
    add_never_cache_headers(response)
    return response


def _frame(request: HttpRequest, wanted: Filter, found: Reading) -> dict[str, Any]:
    """What surrounds the list."""
    return {
        "page": request.path,
        "api": beside(request, "inbox-api:api-root"),
        "preferences": beside(request, "inbox-preferences"),
        "user_id": str(request.user.pk),
        "chosen": selectors.chosen(user_id(request.user.pk)),
        "login_url": resolve_url(settings.LOGIN_URL),
        "wanted": wanted,
        "q": wanted.q[:MAX_SEARCH],
        "tabs": [_tab(wanted, found.snapshot, name, label) for name, label in {"": "", **labels()}.items()],
        "views": [_view(wanted, name, label) for name, label in _views().items()],
        "unread": _unread(found.snapshot, wanted.type) if wanted.view in ("", "unread", "threads") else 0,
        "here": wanted.query(before=wanted.before),
        "bar": bar_of(wanted),
        "key": new_key(),
        "version": str(found.version),
    }


def _list(request: HttpRequest, user: UserId, wanted: Filter, found: Reading) -> dict[str, Any]:
    clock, names = clock_for(request, user), labels()
    rows = rows_of(found.found, wanted, request.path, names, clock)
    return {
        "found": found,
        "data": {"user": user, **found.as_dict(), "is_threads": wanted.is_threads},
        "days": by_day(rows),
        "important": rows_of(found.important, wanted, request.path, names, clock),
        "empty": None if rows or found.next else empty_of(wanted, names.get(wanted.type, "")),
        "older": wanted.query(before=found.next) if found.next else "",
        "newest": wanted.query() or request.path if wanted.before else "",
    }


def labels() -> dict[str, str]:
    """The names of the types of items."""
    models: dict[str, type[Model]] = {**event_types(), "broadcast": Broadcast}
    return {name: str(capfirst(model._meta.verbose_name_plural)) for name, model in models.items()}


def _tab(wanted: Filter, snapshot: Snapshot, name: str, label: str) -> dict[str, Any]:
    """`name` of the type; "" for all."""
    unread = _unread(snapshot, name)
    count = f"{unread}{'+' if snapshot.capped and not name else ''}" if unread else ""
    chosen = wanted.type == name
    icon = icon_of(name) if name else "tray"
    link = {"query": wanted.query(type=name), "count": count, "is_chosen": chosen}
    return {"type": name, "label": label, "icon": icon, **link}


def _views() -> dict[str, str]:
    return {
        "": _("Inbox"),
        "unread": _("Unread"),
        "threads": _("Threads"),
        "starred": _("Starred"),
        "snoozed": _("Snoozed"),
        "archived": _("Archived"),
    }


def _view(wanted: Filter, name: str, label: str) -> dict[str, Any]:
    """The items of one thread are below the threads."""
    chosen = "threads" if wanted.thread else wanted.view
    return {"name": name, "label": label, "query": wanted.query(view=name), "is_chosen": chosen == name}


def _unread(snapshot: Snapshot, name: str) -> int:
    return snapshot.by_type.get(name, 0) if name else snapshot.unread
