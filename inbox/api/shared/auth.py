"""Who is asking. One callable per kind of credential; views ask `owner()` whose inbox it is."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer, SessionAuth

from ... import services
from ...core.snapshots import UserId, user_id
from ...credentials import tickets
from ...http.preconditions import SAFE, evaluate
from ...models import ServiceToken
from . import throttle
from .problems import BadToken, CsrfFailed, MissingScope, PreconditionFailed


class ServiceRequest(HttpRequest):
    """A request that `Service` has let in."""

    auth: ServiceToken


class Session(SessionAuth):
    """Django's session cookie. Writes need the CSRF token too: 403 without; nobody signed in is 401 first."""

    def __call__(self, request: HttpRequest) -> Any:
        if Ticket.shown_in(request) or not self.authenticate(request, None):
            return None
        try:
            return _on_condition(request, super().__call__(request))
        except HttpError as error:
            raise CsrfFailed from error


class Ticket(HttpBearer):
    """A ticket as a bearer token (RFC 6750). No browser sends one unasked, so a write needs no CSRF token."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = get_user_model()._default_manager.filter(pk__in=tickets.users_of([token], opening=True).values()).first()
        if user is not None:
            request.user = user
        elif not tickets.is_ours(token):  # one that has ended is shown by an honest client until it gets the next
            throttle.count_wrong(request)
        return _on_condition(request, user)

    @classmethod
    def shown_in(cls, request: HttpRequest) -> bool:
        """Whoever shows a ticket is let in by it or not at all, whatever cookies came with it."""
        return request.headers.get(cls.header, "").lower().startswith("bearer ")


class Service(HttpBearer):
    """A service token with this scope, as a bearer token (RFC 6750). Each use is counted (`throttle.py`)."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        throttle.check_address(request, token)
        found = services.use_token(token)
        if found is None:
            throttle.count_wrong(request)
            raise BadToken
        throttle.note_right(token)
        throttle.spend(request, found)
        if self.scope not in found.scopes:
            raise MissingScope(self.scope)
        request.user = found.owner
        return _on_condition(request, found)


def _on_condition(request: HttpRequest, visitor: Any) -> Any:
    """Whoever was let in. What is written to has no entity tag, so a write that demands one fails; for others the
    condition does not count (RFC 9110, 13.2.1)."""
    is_write = request.method not in SAFE
    if visitor is not None and is_write and evaluate(request, None) == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed
    return visitor


def owner(request: HttpRequest) -> UserId:
    """The id of the user whose inbox an authenticated request is about."""
    return user_id(request.user.pk)
