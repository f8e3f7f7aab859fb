"""Users, for other services: `users/{id}/unread/`, `users/{id}/tickets/`."""

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Router

from ... import selectors
from ...core.users import UserPk, user_pk_or_none
from ...errors import NotFound
from ...models import Scope
from ..shared.auth import Service, ServiceRequest
from ..shared.document import answers
from ..shared.limits import KIB, json_body
from ..shared.schemas import NewTicket, Snapshot, TicketRequest, UserPath
from ..shared.throttle import add_rate_limit_headers
from ..user.minting import ticket_response

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")
router.add_decorator(add_rate_limit_headers, mode="view")


@router.get(
    "users/{id}/unread/",
    auth=Service(Scope.MESSAGES_READ),
    response=answers({200: Snapshot}, 403, 404, 422),
    operation_id="getUserUnread",
    summary="The state of a user's badge",
)
def unread(request: HttpRequest, id: Path[UserPath]) -> dict[str, Any]:
    """The same snapshot that the user's own pages show."""
    return selectors.snapshot(_key(id)).as_dict()


@router.post(
    "users/{id}/tickets/",
    auth=Service(Scope.TICKETS),
    response=answers({201: NewTicket}, 400, 403, 404, 413, 415, 422),
    operation_id="mintUserTicket",
    summary="A ticket for a user",
)
def mint(request: ServiceRequest, id: Path[UserPath], body: TicketRequest | None = None) -> Any:
    """For a site of yours on which the user is signed in. Its connections end when the user's password changes, the
    account is deactivated, or your token ends."""
    user = get_user_model()._default_manager.filter(pk=_key(id)).first()
    if user is None or not user.is_active:
        raise NotFound(_("There is no such user."))
    return ticket_response(user, body or TicketRequest(), token=request.auth.pk)


def _key(id: str) -> UserPk:
    """The user's primary key. Raises NotFound for a value that can't be one."""
    if (key := user_pk_or_none(id)) is None:
        raise NotFound(_("There is no such user."))
    return key
