"""The inbox page: a frame for static/inbox/inbox.js, which fills it from the API."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from .models import Broadcast, event_types
from .snapshots import user_id

# Symbols of icons.svg that are named after their type; a site's own types show the bell.
ICONS = {"broadcast", "comment", "follow", "like", "mention", "share", "system"}


def _api(request: HttpRequest) -> str:
    """The API that stands beside this page, whatever namespaces a site has put both into."""
    match = request.resolver_match
    return reverse(":".join([*(match.namespaces if match else []), "inbox-api", "api-root"]))


@login_required
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """One tab per event type of the site, and broadcasts."""
    models: dict[str, type[Model]] = {**event_types(), "broadcast": Broadcast}
    tabs = [
        {
            "type": name,
            "label": capfirst(model._meta.verbose_name_plural),
            "icon": name if name in ICONS else "bell",
        }
        for name, model in models.items()
    ]
    context = {
        "tabs": tabs,
        "page": request.path,
        "api": _api(request),
        "user_id": user_id(request.user.pk),
        "login_url": resolve_url(settings.LOGIN_URL),
    }
    return render(request, "inbox/inbox.html", context)
