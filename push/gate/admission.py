"""The gate of the held transports: what Django's middleware and views would check, for requests that go beside them.

It looks nothing up: host, origin and the presence of a credential are checked here, the credential itself by the hub's
next bulk read. Django's middleware does not run for these requests.
"""

import io
import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import got_request_exception
from django.http import HttpRequest

from inbox.http.preconditions import SAFE
from inbox.rendering.languages import language_of

from ..conf import allowed_origins
from ..refusals import BAD_METHOD, BAD_ORIGIN, BAD_REQUEST, BROKEN, NOT_SIGNED_IN, Refusal, Refused
from . import tickets
from .credentials import Credential

Scope = MutableMapping[str, Any]

logger = logging.getLogger("django.request")

SAME_SITE = {"", "same-origin", "none"}  # of Sec-Fetch-Site; "none": typed into the address bar


@dataclass(slots=True)
class Visitor:
    """Someone let in as far as can be told without the database."""

    request: ASGIRequest
    credential: Credential
    language: str


def admit(scope: Scope) -> Visitor:
    """Check host, method, origin and credential, in this order. Raises `Refused`."""
    request = build_request(scope)
    if request.method not in SAFE:
        raise Refused(BAD_METHOD)
    credential = credential_of(request)
    if not origin_allowed(request, credential, websocket=scope["type"] == "websocket"):
        raise Refused(BAD_ORIGIN)
    if credential is None:
        raise Refused(NOT_SIGNED_IN)
    return Visitor(request, credential, language_of(request))


def build_request(scope: Scope) -> ASGIRequest:
    """The `ASGIRequest` of a scope, WebSocket or HTTP, with an allowed host. Raises `Refused`."""
    if scope["type"] == "websocket":
        scheme = "https" if scope.get("scheme") == "wss" else "http"
        scope = {**scope, "type": "http", "method": "GET", "scheme": scheme}
    try:
        request = ASGIRequest(scope, io.BytesIO())
        request.get_host()
        request.GET  # noqa: B018 (parsed here, where too many parameters are a bad request)
    except (SuspiciousOperation, UnicodeDecodeError) as error:
        raise Refused(BAD_REQUEST) from error
    return request


def credential_of(request: HttpRequest) -> Credential | None:
    """What the request says it is: who shows a ticket is let in by it or not at all. Raises `Refused`."""
    ticket = tickets.shown_in(request)
    if ticket is not None:
        return Credential("ticket", ticket)
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return Credential("session", key) if key else None


def origin_allowed(request: HttpRequest, credential: Credential | None, *, websocket: bool = False) -> bool:
    """A present Origin must be our own in full (scheme, host and port), or with a ticket one of `PUSH_ALLOWED_ORIGINS`.

    An absent one (Chromium sends none with same-origin GETs) passes unless the browser says that another site asks.
    Only browsers send cookies unasked, and they send an Origin with every WebSocket.
    """
    scheme = credential.scheme if credential is not None else None
    origin = request.META.get("HTTP_ORIGIN")  # `request.headers` would be built for this alone: 6% of a connect
    if origin is not None:
        own = normal(f"{request.scheme}://{request.get_host()}")
        return normal(str(origin)) == own or (scheme == "ticket" and known_origin(str(origin)))
    if websocket and scheme == "session":
        return False
    return request.META.get("HTTP_SEC_FETCH_SITE", "") in SAME_SITE


def known_origin(origin: str) -> bool:
    """Whether it is one of `PUSH_ALLOWED_ORIGINS`."""
    return normal(origin) in map(normal, allowed_origins())


def normal(origin: str) -> str:
    """An origin in lower case and without the scheme's own port, which some proxies write into Host."""
    origin = origin.lower()
    return origin.removesuffix(":443") if origin.startswith("https:") else origin.removesuffix(":80")


def log_refusal(scope: Scope, refusal: Refusal) -> None:
    """As Django logs its own 4xx and 5xx answers."""
    level = logging.ERROR if refusal.status == 500 else logging.WARNING
    path = str(scope["path"]).encode("ascii", "backslashreplace").decode()
    logger.log(level, "%s: %s", refusal.code, path, extra={"status_code": refusal.status})


def log_exception(scope: Scope) -> None:
    """Call it while handling an exception nobody expected: logged and signalled as Django does for views."""
    logger.exception("Internal Server Error: %s", scope["path"], extra={"status_code": BROKEN.status})
    got_request_exception.send(sender=None, request=None)
