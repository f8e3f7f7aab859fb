"""The gate of the held transports: what Django's middleware and views would check, for requests that go beside them.

It looks nothing up: host, origin and the presence of a credential are checked here, the credential itself by the hub's
next bulk read. Django's middleware does not run for these requests.
"""

import io
import logging
from dataclasses import dataclass

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import got_request_exception

from inbox.http.preconditions import SAFE
from inbox.rendering.languages import named_in, site_language

from ..refusals import BAD_METHOD, BAD_ORIGIN, BAD_REQUEST, BROKEN, NOT_SIGNED_IN, Refusal, Refused
from ..wire.servers import Scope
from .credentials import Credential, credential_of
from .origins import origin_allowed

logger = logging.getLogger("django.request")


@dataclass(slots=True)
class Visitor:
    """A request that passed every check that needs no database."""

    request: ASGIRequest
    credential: Credential
    language: str
    names_language: bool = True  # else it is that of the site, until the user is known


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
    named = named_in(request)
    return Visitor(request, credential, named or site_language(), names_language=named is not None)


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


def log_refusal(scope: Scope, refusal: Refusal) -> None:
    """As Django logs its own 4xx and 5xx answers."""
    level = logging.ERROR if refusal.status == 500 else logging.WARNING
    path = str(scope["path"]).encode("ascii", "backslashreplace").decode()
    logger.log(level, "%s: %s", refusal.code, path, extra={"status_code": refusal.status})


def log_exception(scope: Scope) -> None:
    """Call it while handling an unexpected exception: logged and signalled as Django does for views."""
    logger.exception("Internal Server Error: %s", scope["path"], extra={"status_code": BROKEN.status})
    got_request_exception.send(sender=None, request=None)
