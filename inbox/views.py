"""The inbox page, which static/inbox/inbox.js fills from the API; and the preferences page, a plain form."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language as set_language_cookie

from . import services
from .core.snapshots import user_id
from .forms import PreferencesForm
from .models import Broadcast, event_types
from .rendering.languages import supported

COOKIE = ("path", "domain", "secure", "httponly", "samesite")


def _beside(request: HttpRequest, name: str) -> str:
    """The URL of a page of this urlconf, in whatever namespaces the site has included it."""
    match = request.resolver_match
    return reverse(":".join([*(match.namespaces if match else []), name]))


@login_required
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """One tab for each event type, and one for broadcasts."""
    models: dict[str, type[Model]] = {**event_types(), "broadcast": Broadcast}
    tabs = [{"type": name, "label": capfirst(model._meta.verbose_name_plural)} for name, model in models.items()]
    context = {
        "tabs": tabs,
        "page": request.path,
        "api": _beside(request, "inbox-api:api-root"),
        "preferences": _beside(request, "inbox-preferences"),
        "user_id": str(request.user.pk),
        "login_url": resolve_url(settings.LOGIN_URL),
    }
    return render(request, "inbox/inbox.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_page(request: HttpRequest) -> HttpResponse:
    """The form of what a user can choose. It needs neither JavaScript nor the messages framework, which a site may not
    use."""
    form = PreferencesForm(request.POST if request.method == "POST" else None, request.user)
    if form.is_valid():
        wanted = form.preferences()
        services.set_preferences(user_id(request.user.pk), **wanted)
        return _in_language(redirect(f"{request.path}?saved"), wanted.get("language", ""))
    selects = [form["language"], form["time_zone"]]
    context = {"form": form, "selects": selects, "inbox": _beside(request, "inbox"), "saved": "saved" in request.GET}
    return render(request, "inbox/preferences.html", context)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's `set_language`, which sets the cookie, and the same choice stored for the signed-in user. Use it in its
    place: `path("i18n/setlang/", set_language, name="set_language")`."""
    language = supported(request.POST.get("language"))
    if language is not None and request.user.is_authenticated:
        services.set_language(user_id(request.user.pk), language)
    return set_language_cookie(request)


def _in_language(response: HttpResponse, language: str) -> HttpResponse:
    """With the cookie that Django's `set_language` sets, so that pages are in the language too; unless it is ""."""
    if language:
        cookie = {name: getattr(settings, f"LANGUAGE_COOKIE_{name.upper()}") for name in COOKIE}
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=settings.LANGUAGE_COOKIE_AGE, **cookie)
    return response
