"""Limits of request bodies, checked before anything parses them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from .problems import problem

KIB = 1024
IDENTITY = "identity"
Run = Callable[..., HttpResponse]


def json_body(limit: int) -> Callable[[Run], Run]:
    """A ninja decorator (mode "view"): a body must be plain JSON (415) of at most `limit` bytes (413)."""

    def decorate(run: Run) -> Run:
        @wraps(run)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return _refusal(request, limit) or run(request, *args, **kwargs)

        return checked

    return decorate


def _refusal(request: HttpRequest, limit: int) -> HttpResponse | None:
    if request.method not in ("POST", "PUT", "PATCH"):
        return None
    if _too_long(request, limit):
        detail = _("The body may have %(limit)d KiB at most. Send it in parts.")
        return problem(413, detail % {"limit": limit // KIB})
    if request.body and request.headers.get("Content-Encoding", IDENTITY).strip().lower() != IDENTITY:
        # RFC 9110, 12.5.3: the response names the content codings that are accepted.
        detail = _("Send the body as it is, without a content coding.")
        return problem(415, detail, headers={"Accept-Encoding": IDENTITY})
    if request.body and request.content_type != "application/json":
        return problem(415, _("Send the body as application/json."), headers={"Accept": "application/json"})
    return None


def _too_long(request: HttpRequest, limit: int) -> bool:
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        return True
    # A chunked body declares no length, and Django would read all of it. So read no more than one byte over the limit.
    request._body = request.read(limit + 1)
    return len(request._body) > limit
