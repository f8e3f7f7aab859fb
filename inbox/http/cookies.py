"""Responses that do not delete the session cookie."""

from django.conf import settings
from django.http import HttpRequest


def keep_session_cookie(request: HttpRequest) -> None:
    """Prevent `SessionMiddleware` from deleting the session cookie of a request whose session has ended.

    When a user changes the password, the browser gets a new cookie. The response to a request with the old cookie may
    arrive after that. If it deleted the cookie, the user would be signed out.
    """
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
