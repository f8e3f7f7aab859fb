"""The credential of a request: a session or a ticket. The hub checks later whether it is still valid.

A ticket stays out of every log.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from inbox.credentials import tickets
from inbox.credentials.tickets import BadTicket

from ..conf import MAX_QUERY_TICKET_SECONDS
from ..logs import REDACTED
from ..refusals import BAD_TICKET, OLD_TICKET, Refused
from ..wire.servers import Scope, Send, hide_query

SUBPROTOCOL = "reddot.ticket."
KEY = "reddot.ticket"  # in an ASGI scope: the ticket that stood in the query
IN_QUERY = re.compile(rb"((?:^|[?&])ticket=)([^&\s]+)")


@dataclass(frozen=True, slots=True)
class Credential:
    """`scheme` names who can verify the key (`push.hub.queries.VERIFIERS`)."""

    scheme: str
    key: str


def credential_of(request: HttpRequest) -> Credential | None:
    """The credential of a request. If it has a ticket, only the ticket counts. Raises `Refused`."""
    ticket = ticket_of(request)
    if ticket is not None:
        return Credential("ticket", ticket)
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return Credential("session", key) if key else None


def ticket_of(request: HttpRequest) -> str | None:
    """The ticket of a request, its signature and age verified; None if there is none.

    Raises `Refused`. Looked for in `Authorization: Bearer`, the WebSocket's subprotocols and `?ticket=`, in this order.
    """
    text = _bearer(request) or _subprotocol(request)
    queried = None if text else _queried(request)
    if not (text or queried):
        return None
    try:
        ticket = tickets.verify(text or queried or "")
    except BadTicket as error:
        raise Refused(BAD_TICKET) from error
    if queried and ticket.seconds_left > MAX_QUERY_TICKET_SECONDS:
        raise Refused(OLD_TICKET)
    return text or queried


def hide_ticket(scope: Scope, send: Send) -> None:
    """Remove a ticket from the query, in place: servers write their access log from the scope, after the answer."""
    query = scope.get("query_string", b"")
    if found := IN_QUERY.findall(query):
        scope[KEY] = found[-1][1].decode("latin-1")
        scope["query_string"] = IN_QUERY.sub(rb"\1" + REDACTED.encode(), query)
        hide_query(send, scope["query_string"])


def _bearer(request: HttpRequest) -> str | None:
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return value.strip() or None if scheme.lower() == "bearer" else None


def _subprotocol(request: HttpRequest) -> str | None:
    offered = str(request.META.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")).split(",")
    found = [name.strip().removeprefix(SUBPROTOCOL) for name in offered if name.strip().startswith(SUBPROTOCOL)]
    return found[0] if found else None


def _queried(request: HttpRequest) -> str | None:
    hidden = getattr(request, "scope", {}).get(KEY)
    return hidden or request.GET.get("ticket") or None
