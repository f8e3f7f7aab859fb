"""The pages of preferences and snoozes, plain forms; the inbox page itself is in `page/views.py`."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as set_language_cookie

from . import selectors, services
from .core.choice import Choice
from .core.snapshots import UserId, user_id
from .core.subjects import PERIODS
from .core.zones import zone_named
from .errors import BadValue, InboxError, MayNotFollow
from .http.beside import beside
from .page.forms import PreferencesForm, SnoozeForm, in_words
from .page.snoozing import snooze_one
from .rendering.languages import supported

SUBJECT_ACTS: dict[str, Callable[[UserId, str], object]] = {
    "follow": services.follow,
    "unfollow": services.unfollow,
    "unsilence": services.unsilence,
}
SUBJECT_LISTS: dict[str, Callable[..., selectors.SubjectsPage[Any]]] = {
    "following": selectors.following_page,
    "silences": selectors.silences_page,
}
SUBJECTS = 25  # on a page of each list; the site is asked about each
SHOWN = 100  # items on the page of snoozes
COOKIE = ("path", "domain", "secure", "httponly", "samesite")


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
    context = {"form": form, "selects": selects, "inbox": beside(request, "inbox"), "saved": "saved" in request.GET}
    return render(request, "inbox/preferences.html", context | _chosen_subjects(request))


def _chosen_subjects(request: HttpRequest) -> dict[str, object]:
    """A page of what the user follows, and one of what they have silenced: each has its cursor in the address."""
    user, at = user_id(request.user.pk), {name: request.GET[name] for name in SUBJECT_LISTS if request.GET.get(name)}
    try:
        found = {name: read(user, before=at.get(name), limit=SUBJECTS) for name, read in SUBJECT_LISTS.items()}
    except BadValue as error:
        raise BadRequest("no such page of subjects") from error
    names = selectors.subject_names(user, {row.subject for page in found.values() for row in page.items})
    lists = [
        {
            "name": name,
            "rows": [(row, names[row.subject]) for row in page.items],
            "older": _page_of_subjects(request, {**at, name: page.next}, name) if page.next else "",
            "newest": _page_of_subjects(request, {**at, name: ""}, name) if name in at else "",
        }
        for name, page in found.items()
    ]
    return {"lists": lists, "here": _page_of_subjects(request, at), "subjects": beside(request, "inbox-subjects")}


def _page_of_subjects(request: HttpRequest, at: dict[str, str], name: str = "") -> str:
    """The address of the preferences page with these cursors, at this list."""
    query = urlencode({each: cursor for each, cursor in at.items() if cursor})
    return f"{request.path}{query and '?'}{query}{name and f'#rd-{name}'}"


@login_required
@require_POST
def subjects(request: HttpRequest) -> HttpResponse:
    """The forms of `{% follow_button %}` and of the preferences page: `act` (follow, unfollow, silence, unsilence),
    `subject`, for a silence `for` (day, week, ever), and `next`, the page to return to."""
    user, subject, act = user_id(request.user.pk), request.POST.get("subject", ""), request.POST.get("act", "")
    try:
        if act == "silence":
            services.silence(user, subject, lasting=PERIODS[request.POST.get("for", "ever")])
        else:
            SUBJECT_ACTS[act](user, subject)
    except MayNotFollow as error:
        raise PermissionDenied(error.detail) from error
    except (BadValue, KeyError) as error:
        raise BadRequest("no such act, period or subject") from error
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if is_ours else beside(request, "inbox-preferences"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def snooze_page(request: HttpRequest) -> HttpResponse:
    """What the dialog of the inbox page does, without scripts: times are in the zone that the user has stored, or in
    the site's, and the page names it."""
    user = user_id(request.user.pk)
    zone = selectors.chosen(user).time_zone
    with timezone.override(zone_named(zone) if zone else timezone.get_default_timezone()):
        return snooze_one(request, user) if "of" in request.GET else _snooze_page(request, user)


def _snooze_page(request: HttpRequest, user: UserId) -> HttpResponse:
    if "wake" in request.POST:
        return _wake(request, user)
    page = selectors.inbox_page(user, limit=SHOWN)
    items = [(item.ref, f"{item.title} ({in_words(item.created_at)})") for item in page.items]
    form = SnoozeForm(request.POST if request.method == "POST" else None, items, timezone.localtime())
    if form.is_valid() and _snooze(user, form):
        return redirect(request.path)
    snoozed = selectors.inbox_page(user, choice=Choice(snoozed=True), limit=SHOWN).items
    context = {
        "form": form,
        "snoozed": snoozed,
        "zone": timezone.get_current_timezone_name(),
        "inbox": beside(request, "inbox"),
        "preferences": beside(request, "inbox-preferences"),
    }
    return render(request, "inbox/snooze.html", context)


def _wake(request: HttpRequest, user: UserId) -> HttpResponse:
    try:
        services.unsnooze(user, [request.POST["wake"]])
    except InboxError as error:
        raise Http404(error.detail) from error
    return redirect(request.path)


def _snooze(user: UserId, form: SnoozeForm) -> bool:
    """Returns False if the form now says why it was not done."""
    until = form.end()
    try:
        if until is None:
            form.add_error("at", _("Enter a date and a time."))
        else:
            services.snooze(user, form.cleaned_data["items"], until)
    except InboxError as error:
        form.add_error(None, error.detail)
    return form.is_valid()


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
