"""The API's error responses: the problem document (`inbox/http/problems.py`) for each exception."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from ... import selectors, services
from ...core.patience import is_unavailable
from ...core.snapshots import UserId, user_id
from ...errors import (
    BadValue,
    Changed,
    InboxError,
    KeyTaken,
    MayNotFollow,
    NotApproved,
    NotCorrectable,
    NotFound,
)
from ...http.cookies import keep_session_cookie
from ...http.problems import MEDIA_TYPE, document
from ...services.access.idempotency import InProgress, KeyReused
from .faults import fault, sentence
from .throttle import Throttled

RETRY_SECONDS = 1
CHALLENGE = 'Session realm="inbox", Bearer realm="inbox"'
CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "bad_method",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    415: "bad_media_type",
    422: "bad_value",
    429: "too_many_requests",
    500: "broken",
    503: "unavailable",
}

SHOWN = 20  # items in the response to an act on more that has changed

Shown = TypeVar("Shown")
Handler = Callable[[HttpRequest, Any], HttpResponse]

logger = logging.getLogger("django.request")


class CsrfFailed(Exception):
    """A write with a session, but without its CSRF token."""


class BadToken(Exception):
    """The bearer token is no valid service token."""


class MissingScope(Exception):
    """The service token is valid, but lacks the scope."""


class PreconditionFailed(Exception):
    """A write with a condition that is not met."""


class BadValues(Exception):
    """Errors in values that the schema can't find, but the database can. `errors` are made by `fault`."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(errors)
        self.errors = errors


def problem(
    status: int, detail: str, *, code: str = "", headers: Mapping[str, str] | None = None, **extensions: object
) -> HttpResponse:
    """A response with a problem document. The default of `code` depends on the status."""
    body = json.dumps(document(status, detail, code or CODES.get(status, "error"), **extensions))
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def invalid(errors: list[dict[str, str]]) -> HttpResponse:
    """422: the request was understood, but `errors` name values that are not allowed."""
    return problem(422, _("Some values are not allowed; “errors” names them."), errors=errors)


def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The view for every unknown URL below the API."""
    return problem(404, _("There is nothing at this address. The addresses of the API end with a slash."))


def methods(allow: str) -> str:
    """The value of `Allow`: the methods of a view, and those that `exchange.py` adds."""
    named = set(allow.replace(" ", "").split(",")) | {"OPTIONS"}
    return ", ".join(sorted(named | {"HEAD"} if "GET" in named else named))


def not_allowed(allowed: str) -> HttpResponse:
    return problem(405, _("This address answers to %s.") % allowed, headers={"Allow": allowed})


def precondition_failed(*args: Any) -> HttpResponse:
    return problem(412, _("A condition of this request (If-Match, If-None-Match) does not hold here."))


def signed_out(request: HttpRequest, error: Exception) -> HttpResponse:
    keep_session_cookie(request)
    # RFC 9110, 15.5.2: a 401 names a scheme. With one that browsers don't know, they show no password dialogue.
    return problem(401, _("Sign in first."), headers={"WWW-Authenticate": CHALLENGE})


def unknown_token(request: HttpRequest, error: Exception) -> HttpResponse:
    """The same response for an unknown, expired or revoked token, and for one whose owner is inactive."""
    headers = {"WWW-Authenticate": 'Bearer realm="inbox", error="invalid_token"'}  # RFC 6750, 3
    return problem(401, _("This is no valid service token."), code="bad_token", headers=headers)


def out_of_scope(request: HttpRequest, error: MissingScope) -> HttpResponse:
    scope = str(error)
    headers = {"WWW-Authenticate": f'Bearer realm="inbox", error="insufficient_scope", scope="{scope}"'}
    return problem(403, _("This token lacks the scope %s.") % scope, code="missing_scope", headers=headers)


def throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    pause = _("Try again in %d seconds.") % error.seconds  # makemessages finds no string within an f-string
    return problem(429, f"{error.detail} {pause}", headers={"Retry-After": str(error.seconds)})


def busy(request: HttpRequest, error: InProgress) -> HttpResponse:
    return problem(409, error.detail, code=error.code, headers={"Retry-After": str(RETRY_SECONDS)})


def key_taken(request: HttpRequest, error: KeyTaken) -> HttpResponse:
    return problem(409, error.detail, code=error.code, send=error.send)


def changed(request: HttpRequest, error: Changed) -> HttpResponse:
    """409 with what the user has to see before they do anything to it."""
    user, shown = user_id(request.user.pk), error.refs[:SHOWN]
    items = [each.as_dict() for each in _found(selectors.item, user, shown)]
    announcements = [each.as_dict() for each in _found(selectors.announcement, user, shown)]
    return problem(409, error.detail, code=error.code, items=items, announcements=announcements)


def _found(selector: Callable[[UserId, str], Shown], user: UserId, refs: Iterable[str]) -> Iterator[Shown]:
    for ref in refs:
        with suppress(NotFound):
            yield selector(user, ref)


def note_act(request: HttpRequest, act: services.Act) -> None:
    """If the request fails after a part of this act was written, its problem document says how to undo that."""
    vars(request)["inbox_act"] = act


def _written_already(request: HttpRequest) -> dict[str, Any]:
    act: services.Act | None = vars(request).get("inbox_act")
    return {"changed": act.changed, "undo": act.undo} if act is not None and act.undo is not None else {}


def forged(request: HttpRequest, error: CsrfFailed) -> HttpResponse:
    detail = _("The CSRF token is missing or wrong. Send the cookie's in the header X-CSRFToken.")
    return problem(403, detail, code="csrf_failed")


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """An error of ninja itself. With status 400, it is always invalid JSON."""
    if error.status_code == 400:
        return problem(400, _("The body is not valid JSON."), code="bad_json")
    return problem(error.status_code, error.message)


def unprocessable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """422 for values that the schemas refuse."""
    faults = []
    for entry in error.errors:
        part, *path = entry["loc"]
        if part == "body":
            # In ninja, the path begins with the name of the view's parameter; then comes pydantic's tag of the union.
            path = path[2:] if path[:1] == ["event"] else path[1:]
        elif path == [part]:
            path = []  # an error of all values together has the name of the view's parameter
        if path[-1:] == ["[key]"] and entry["type"] != "extra_forbidden":
            path.pop()  # pydantic's mark of an error in the name itself
        faults.append(fault(part, path, sentence(entry)))
    return invalid(faults)


def bad_values(request: HttpRequest, error: BadValues) -> HttpResponse:
    return invalid(error.errors)


def refused(status: int) -> Handler:
    """A handler for the inbox's own errors, which have a text and a code."""

    def handle(request: HttpRequest, error: InboxError) -> HttpResponse:
        return problem(status, error.detail, code=error.code)

    return handle


def too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(413, _("The request is too large."))


def suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(400, _("The request is malformed."))


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503 if the database can't be reached, is read-only, or is too busy: a retry may succeed a moment later."""
    if not is_unavailable(error):
        return crashed(request, error)
    logger.error("Service Unavailable: %s", request.path, exc_info=error, extra={"status_code": 503})
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem(503, _("The inbox is busy. Try again in a moment."), headers=headers, **_written_already(request))


def crashed(request: HttpRequest, error: Exception) -> HttpResponse:
    """500, logged and signalled as Django does for its own views."""
    got_request_exception.send(sender=None, request=request)
    logger.error("Internal Server Error: %s", request.path, exc_info=error, extra={"status_code": 500})
    return problem(500, _("Something went wrong on our side. It has been logged."), **_written_already(request))


HANDLERS: dict[type[Exception], Handler] = {
    CsrfFailed: forged,
    BadToken: unknown_token,
    MissingScope: out_of_scope,
    PreconditionFailed: precondition_failed,
    Throttled: throttled,
    AuthenticationError: signed_out,
    HttpError: http_error,
    ValidationError: unprocessable,
    NotFound: refused(404),
    Changed: changed,
    MayNotFollow: refused(403),
    BadValue: refused(422),
    BadValues: bad_values,
    NotApproved: refused(409),
    InProgress: busy,
    KeyTaken: key_taken,
    NotCorrectable: refused(409),
    KeyReused: refused(422),
    InboxError: refused(400),
    Http404: not_found,
    RequestDataTooBig: too_large,
    SuspiciousOperation: suspicious,
    BadRequest: suspicious,
    MultiPartParserError: suspicious,
    OperationalError: unavailable,
    InterfaceError: unavailable,
    InternalError: unavailable,
    Exception: crashed,
}


def install(api: NinjaAPI) -> None:
    for error, handler in HANDLERS.items():
        api.add_exception_handler(error, handler)
