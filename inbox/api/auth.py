"""Who is asking. One callable per kind of credential; views ask `owner()` whose inbox it is."""

from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import SessionAuth

from ..snapshots import UserId, user_id
from .problems import CsrfFailed


class Session(SessionAuth):
    """Django's session cookie. Writes need the CSRF token too: 403 without; nobody signed in is 401 first."""

    def __call__(self, request: HttpRequest) -> Any:
        if not self.authenticate(request, None):
            return None
        try:
            return super().__call__(request)
        except HttpError as error:
            raise CsrfFailed from error


def owner(request: HttpRequest) -> UserId:
    """The id of the user whose inbox an authenticated request is about."""
    return user_id(request.user.pk)
