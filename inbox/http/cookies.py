"""Refusals that leave the browser's cookies alone."""

from django.conf import settings
from django.http import HttpRequest


def keep_session_cookie(request: HttpRequest) -> None:
    """Keep `SessionMiddleware` from deleting the cookie in the answer to a request whose session has ended.

    A new password gives the browser a new cookie. A script's request that left with the old one may be answered after
    the new one has arrived: the deletion would sign the user out.
    """
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
