"""What Django itself serves: short poll, django-eventstream's own view, and a word where push.asgi is missing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from django_eventstream.views import events as library_view

from inbox import selectors
from inbox.errors import NotFound

from . import eventstream, gate
from .credentials import Credential
from .problems import BAD_ORIGIN, CONTENT_TYPE, NEEDS_ASGI, NOT_SIGNED_IN, Refusal, Refused
from .reads import verify
from .stock import follow
from .threads import release
from .transports import polling

View = Callable[[HttpRequest], HttpResponseBase]


def problem(refusal: Refusal) -> HttpResponse:
    """A refusal as Django's response."""
    response = HttpResponse(refusal.body(get_language() or "en"), status=refusal.status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in refusal.headers:
        response[name.decode()] = value.decode()
    return response


def with_tickets(view: View) -> View:
    """`request.user` of a request that shows a ticket is the ticket's."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponseBase:
        try:
            credential = gate.credential_of(request)
            if credential is not None and credential.scheme == "ticket":
                if not gate.origin_allowed(request, credential):
                    return problem(BAD_ORIGIN)
                request.user = user_of(credential) or AnonymousUser()
        except Refused as refused:
            return problem(refused.refusal)
        return view(request)

    return checked


def user_of(credential: Credential) -> Any:
    """The user behind a ticket, if it still counts."""
    users = verify([credential], opening=True)
    return get_user_model()._default_manager.filter(pk__in=users.values()).first()


@require_safe
@with_tickets
def poll(request: HttpRequest) -> HttpResponse:
    """The current snapshot, or 304 if the client has it. Never waits."""
    if not request.user.is_authenticated:
        return problem(NOT_SIGNED_IN)
    try:
        snapshot = selectors.snapshot(request.user.pk)
    except NotFound:  # deleted since the session was looked up
        return problem(NOT_SIGNED_IN)
    response: HttpResponse = JsonResponse(snapshot.as_dict())
    if polling.matches(request.headers.get("If-None-Match", ""), polling.etag(snapshot)):
        response = HttpResponse(status=304)
    for name, value in polling.headers(snapshot).items():
        response[name] = value
    return response


@require_safe
@with_tickets
def events(request: HttpRequest) -> HttpResponseBase:
    """django-eventstream's own view: one thread per stream, which keeps no database connection; refusals as
    `stream-error`."""
    query = eventstream.clean(request)
    if request.user.is_authenticated and "lastEventId" not in query:
        # Without an id the library sends nothing at first.
        query["lastEventId"] = f"{eventstream.channel_of(request.user.pk)}:{eventstream.NO_VERSION}"
    response: HttpResponseBase = library_view(request)
    patch_vary_headers(response, ["Cookie", "Authorization"])
    if isinstance(response, StreamingHttpResponse) and request.user.is_authenticated:
        response.streaming_content = follow(response.streaming_content, request)
    release()
    return response


def needs_asgi(request: HttpRequest) -> HttpResponse:
    """A held transport, asked for on a server without push.asgi (or over the wrong protocol)."""
    return problem(NEEDS_ASGI)
