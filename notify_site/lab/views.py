"""The lab: the page, and what its buttons ask for. Answers are JSON; a refusal says why in `detail`."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from inbox.errors import NotApproved
from notify_site.demo.web import signed_in

from . import services
from .models import Burst
from .stamps import now
from .transports import CLAIMS, TRANSPORTS


@login_required
@require_GET
@ensure_csrf_cookie
def lab(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {
        "transports": TRANSPORTS,
        "claims": CLAIMS,
        "may_broadcast": services.may_broadcast(user),
        "config": _config(request),
    }
    return render(request, "lab/lab.html", context)


@require_GET
def clock(request: HttpRequest) -> JsonResponse:
    """The server's time in epoch milliseconds, from which a page learns how wrong its own clock is."""
    response = JsonResponse({"now": now()})
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def event(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"commits": [services.event(signed_in(request))]})


@login_required
@require_POST
def burst(request: HttpRequest) -> JsonResponse:
    try:
        started = services.start_burst(signed_in(request))
    except services.Busy:
        return _refusal(409, _("A burst is running already. Wait for its end."))
    return JsonResponse({"burst": started.pk, "total": started.total}, status=202)


@login_required
@require_GET
def burst_progress(request: HttpRequest, pk: int) -> JsonResponse:
    """How far a burst of one's own is; its commits once it has ended."""
    found = get_object_or_404(Burst, pk=pk, user=signed_in(request))
    ended = found.ended_at is not None
    return JsonResponse({"total": found.total, "done": found.done, "ended": ended, "commits": found.commits})


@login_required
@require_POST
def broadcast(request: HttpRequest) -> JsonResponse:
    user = signed_in(request)
    if not services.may_broadcast(user):
        return _refusal(403, _("Everybody would see a broadcast, so only staff may send one."))
    try:
        return JsonResponse({"commits": [services.broadcast(user)]})
    except NotApproved as error:
        return _refusal(409, error.detail)


@login_required
@require_POST
def disconnect(request: HttpRequest) -> JsonResponse:
    services.disconnect(signed_in(request))
    return JsonResponse({})


def _refusal(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


def _config(request: HttpRequest) -> dict[str, Any]:
    """What the page's script needs to know."""
    return {
        "user": str(signed_in(request).pk),
        "push": reverse("push:poll").removesuffix("poll/"),
        "api": reverse("inbox-api:api-root"),
        "mqttUrl": getattr(settings, "MQTT_WS_URL", ""),
        "urls": {name: reverse(f"lab-{name}") for name in ("clock", "event", "burst", "broadcast", "disconnect")},
    }
