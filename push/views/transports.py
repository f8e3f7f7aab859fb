"""Short poll, django-eventstream's own view, and a word where push.asgi is missing."""

from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import resolve
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django_eventstream.views import events as library_view

from inbox import selectors
from inbox.core.isolation import log_failure
from inbox.core.patience import is_unavailable
from inbox.errors import NotFound
from inbox.http.cookies import keep_session_cookie
from inbox.http.preconditions import SAFE, NotModified, evaluate

from .. import gate
from ..concurrency.threads import release
from ..gate.credentials import Credential
from ..gate.methods import View, only, problem
from ..hub.queries import verify
from ..refusals import BAD_ORIGIN, NEEDS_ASGI, NOT_FOUND, NOT_SIGNED_IN, PRECONDITION_FAILED, UNAVAILABLE, Refused
from ..transports import eventstream, polling
from ..transports.eventstream_view import follow


def through_the_gate(view: View) -> View:
    """The rules of origin are those of the held transports; `request.user` of a request that shows a ticket is the
    ticket's."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponseBase:
        try:
            credential = gate.credential_of(request)
            if not gate.origin_allowed(request, credential):
                return problem(BAD_ORIGIN)
            if credential is not None and credential.scheme == "ticket":
                request.user = user_of(credential) or AnonymousUser()
            return view(request)
        except Refused as refused:
            return problem(refused.refusal)
        except (DatabaseError, InterfaceError) as error:
            if not is_unavailable(error):
                raise
            log_failure("Answering a poll")
            return problem(UNAVAILABLE)

    return checked


def user_of(credential: Credential) -> Any:
    """The user behind a ticket, if it still counts. Raises `Refused` if nobody can say."""
    users, doubtful = verify([credential], opening=True)
    if doubtful:
        raise Refused(UNAVAILABLE)
    return get_user_model()._default_manager.filter(pk__in=users.values()).first()


@only(*SAFE)
@through_the_gate
def poll(request: HttpRequest) -> HttpResponse:
    """The current snapshot, or 304 if the client has it. Never waits."""
    if not request.user.is_authenticated:
        return _signed_out(request)
    try:
        snapshot = selectors.snapshot(request.user.pk)
    except NotFound:  # deleted since the session was looked up
        return _signed_out(request)
    outcome = evaluate(request, polling.etag(snapshot))
    if outcome == HTTPStatus.PRECONDITION_FAILED:
        return problem(PRECONDITION_FAILED)
    is_known = outcome == HTTPStatus.NOT_MODIFIED
    response: HttpResponse = NotModified() if is_known else JsonResponse(snapshot.as_dict())
    for name, value in polling.headers(snapshot).items():
        response[name] = value
    return response


def _signed_out(request: HttpRequest) -> HttpResponse:
    keep_session_cookie(request)
    return problem(NOT_SIGNED_IN)


@only(*SAFE)
@through_the_gate
def events(request: HttpRequest) -> HttpResponseBase:
    """django-eventstream's own view: one thread per stream, which keeps no database connection; refusals as
    `stream-error`."""
    query = eventstream.clean(request)
    if not request.user.is_authenticated:
        keep_session_cookie(request)
    elif "lastEventId" not in query:
        # Without an id the library sends nothing at first.
        query["lastEventId"] = f"{eventstream.channel_of(request.user.pk)}:{eventstream.NO_VERSION}"
    response: HttpResponseBase = library_view(request)
    patch_vary_headers(response, ["Cookie", "Authorization"])
    if request.method == "HEAD":  # the stream would not end
        response = HttpResponse(headers=response.headers)
    elif isinstance(response, StreamingHttpResponse) and request.user.is_authenticated:
        response.streaming_content = follow(response.streaming_content, request)
    release()
    return response


@only(*SAFE)
def needs_asgi(request: HttpRequest) -> HttpResponse:
    """A held transport, asked for on a server without push.asgi (or over the wrong protocol)."""
    return problem(NEEDS_ASGI)


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Every other address below push.urls. For one that lacks its slash, `CommonMiddleware` would have redirected."""
    is_redirected = settings.APPEND_SLASH and request.method in SAFE and not request.path.endswith("/")
    if is_redirected and resolve(f"{request.path_info}/").func is not nothing:
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    return problem(NOT_FOUND)
