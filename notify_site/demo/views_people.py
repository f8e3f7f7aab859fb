"""People: the list, their pages, following them; the colour theme."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from . import selectors, services
from .faces import drawing
from .web import back, signed_in

THEMES = ("auto", "light", "dark")
YEAR = 365 * 24 * 3600  # seconds


@login_required
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    found = selectors.people(signed_in(request))
    return render(request, "demo/people.html", {"people": found, "here": reverse("people")})


@login_required
@require_GET
def profile(request: HttpRequest, username: str) -> HttpResponse:
    user = signed_in(request)
    try:
        person = selectors.person(user, username)
    except User.DoesNotExist:
        raise Http404(_("There is nobody of that name.")) from None
    feed = selectors.feed(user, request.GET.get("page"), author=person)
    return render(request, "demo/profile.html", {"person": person, "feed": feed, "here": request.get_full_path()})


@login_required
@require_GET
@cache_control(private=True, max_age=24 * 3600)
def face(request: HttpRequest, pk: int) -> HttpResponse:
    """A picture for each key, whether or not somebody has it."""
    return HttpResponse(drawing(pk), content_type="image/svg+xml")


@login_required
@require_POST
def follow(request: HttpRequest, username: str) -> HttpResponse:
    """POST `following`: 1 follows, anything else stops."""
    person = get_object_or_404(User, username=username, is_active=True)
    services.set_follow(signed_in(request), person, following=request.POST.get("following") == "1")
    return back(request, reverse("profile", args=[username]))


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """POST `theme`: auto, light or dark; kept in a cookie so that pages arrive in it and nothing flashes."""
    response = back(request, "/")
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response
