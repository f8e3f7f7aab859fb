"""Authentication: one class for each kind of credential. Views get the owner of the inbox from `owner()`."""

from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import activate, get_language
from ninja.security import HttpBearer, SessionAuth

from ... import selectors, services
from ...core.snapshots import UserId, user_id
from ...credentials import tickets
from ...http.preconditions import SAFE, evaluate
from ...models import ServiceToken
from ...rendering.languages import named_in, site_language, supported
from . import throttle
from .problems import BadToken, CsrfFailed, MissingScope, PreconditionFailed

T = TypeVar("T")


class ServiceRequest(HttpRequest):
    """A request that `Service` has authenticated."""

    auth: ServiceToken


def _no_view(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


class CsrfCheck(CsrfViewMiddleware):
    """Raises CsrfFailed. Ninja's own check has the site render its page (`CSRF_FAILURE_VIEW`), and throws it away."""

    def _reject(self, request: HttpRequest, reason: str) -> NoReturn:
        raise CsrfFailed(reason)

    def check(self, request: HttpRequest) -> None:
        request.csrf_processing_done = False  # type: ignore[attr-defined]
        self.process_request(request)
        self.process_view(request, _no_view, (), {})


class Session(SessionAuth):
    """Django's session cookie. Without a session it is 401. Writes also need the CSRF token: without it, 403."""

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def __call__(self, request: HttpRequest) -> Any:
        if Ticket.is_sent_with(request) or not self.authenticate(request, None):
            return None
        CsrfCheck(_no_view).check(request)
        return _in_their_language(request, _check_condition(request, super().__call__(request)))


class Ticket(HttpBearer):
    """A ticket as a bearer token (RFC 6750). Browsers never add one by themselves, so writes need no CSRF token."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = get_user_model()._default_manager.filter(pk__in=tickets.users_of([token], opening=True).values()).first()
        if user is not None:
            request.user = user
        elif not tickets.is_ours(token):  # an honest client may send a ticket that has ended, until it gets a new one
            throttle.count_invalid(request)
        return _in_their_language(request, _check_condition(request, user))

    @classmethod
    def is_sent_with(cls, request: HttpRequest) -> bool:
        """Whether the request has a bearer token. Then its cookies are ignored, even if the token is invalid."""
        return request.headers.get(cls.header, "").lower().startswith("bearer ")


class Service(HttpBearer):
    """A service token with this scope, as a bearer token (RFC 6750). Requests are counted (`throttle.py`)."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        throttle.check_address(request, token)
        found = services.use_token(token)
        if found is None:
            throttle.count_invalid(request)
            raise BadToken
        throttle.remember_valid(token)
        throttle.count_request(request, found)
        if self.scope not in found.scopes:
            raise MissingScope(self.scope)
        request.user = found.owner
        return _check_condition(request, found)


def _check_condition(request: HttpRequest, authenticated: T) -> T:
    """`authenticated`, or PreconditionFailed if a write has a condition: the resources that it changes have no entity
    tag. For requests that are refused anyway, the condition does not count (RFC 9110, 13.2.1)."""
    is_write = request.method not in SAFE
    if authenticated is not None and is_write and evaluate(request, None) == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed
    return authenticated


def _in_their_language(request: HttpRequest, user: T) -> T:
    """`user`. What follows is in their language: texts, and what is wrong with the request. `base.py` restores it."""
    if user is not None:
        activate(_language_for(request))
    return user


def _language_for(request: HttpRequest) -> str:
    """What the query asks for, else what the site has activated, else what the user chose last. The user is looked up
    only if the site had nothing to decide by."""
    active = get_language() or site_language()
    if asked := supported(request.GET.get("language")):
        return asked
    if active != site_language() or named_in(request):
        return active
    return selectors.chosen(owner(request)).language or active


def owner(request: HttpRequest) -> UserId:
    """The id of the user whose inbox an authenticated request is about."""
    return user_id(request.user.pk)
