"""`POST tickets/`: the signed-in user's ticket for another connection, device or origin."""

from datetime import UTC, datetime
from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from ... import services
from ...core.snapshots import user_id
from ...signals import ticket_minted
from ..shared import throttle
from ..shared.document import answers
from ..shared.limits import KIB, json_body
from ..shared.schemas import NewTicket, TicketRequest

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")


@router.post(
    "tickets/",
    response=answers({201: NewTicket}, 400, 403, 413, 415, 422),
    operation_id="mintTicket",
    summary="A ticket",
)
def mint(request: HttpRequest, body: TicketRequest | None = None) -> Any:
    """Send it as `Authorization: Bearer`, as the WebSocket subprotocol `reddot.ticket.<ticket>`, as the MQTT password
    (the user name is your id) or, with at most 60 seconds left, as `?ticket=`. A ticket can't mint another one."""
    user = cast(AbstractBaseUser, request.user)  # the endpoint accepts only sessions, so it is not anonymous
    return ticket_response(user, body or TicketRequest(), request.session.session_key)


def ticket_response(
    user: AbstractBaseUser, body: TicketRequest, session_key: str | None = None, token: int | None = None
) -> Any:
    """Mint a ticket of this user, and return the response with it. Raises Throttled."""
    throttle.count_ticket(user_id(user.pk))
    text, ticket = services.mint_ticket(user, session_key, body.ttl, token=token)
    ticket_minted.send_robust(None, user_id=ticket.user, purpose=body.purpose, ticket=text, expires=ticket.expires)
    return Status(201, {"ticket": text, "expires_at": datetime.fromtimestamp(ticket.expires, UTC).isoformat()})
