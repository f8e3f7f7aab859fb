"""Attempts to sign in are limited: django-axes counts failures in the database, this says how many are too many.

`LOGIN_FAILURES` for an account from one address, and ten times as many for an account from anywhere, and for an address
with any accounts. Then `LOGIN_LOCKOUT_MINUTES` without an attempt. Whoever is signed in stays so.
"""

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from inbox.api.shared import throttle
from inbox.http import addresses

View = Callable[..., HttpResponseBase]

LOOSER = 10
WEIGHTS = (1, LOOSER, LOOSER)  # of a failure, as in AXES_LOCKOUT_PARAMETERS: its part of LOGIN_FAILURES


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """django-axes' own, with a limit for each of its parameters, and for attempts at one moment."""

    def is_allowed(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        """Attempts under way count as well: otherwise a hundred at a time are checked before the first has failed."""
        request.login_attempts = _names(request, credentials or {})
        limits = [settings.LOGIN_FAILURES * weight for weight in WEIGHTS]
        used = [throttle.count(name) for name in request.login_attempts]
        return all(map(int.__le__, used, limits)) and super().is_allowed(request, credentials)

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """This was no guess, and those of this account from this address are forgiven."""
        both, *others = getattr(request, "login_attempts", None) or [""]
        throttle.forget(both)
        for name in others:
            throttle.count(name, -1)
        super().user_logged_in(sender, request, user, **kwargs)

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """As a part of `LOGIN_FAILURES`. Clients whose address is not known are not counted as one."""
        attempts = self.get_user_attempts(request, credentials)
        totals = [rows.aggregate(total=Sum("failures_since_start"))["total"] or 0 for rows in attempts]
        if request.axes_ip_address is None:
            totals.pop()
        return max(total // weight for total, weight in zip(totals, WEIGHTS, strict=False))

    def reset_user_attempts(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """A right password forgives this account's failures from this address, and no others: an own account at hand
        would otherwise forgive the guesses at anybody's."""
        forgiven: int = self.filter_user_attempts(request, credentials)[0].delete()[0]
        return forgiven

    def seconds_left(self, request: Any, credentials: dict[str, Any] | None) -> int:
        """Until the next attempt is allowed."""
        cool_off = timedelta(minutes=settings.LOGIN_LOCKOUT_MINUTES)
        if not self.is_locked(request, credentials):
            return throttle.seconds_left()
        attempts = self.get_user_attempts(request, credentials)
        times = [rows.aggregate(newest=Max("attempt_time"))["newest"] for rows in attempts]
        until = max((time for time in times if time is not None), default=timezone.now()) + cool_off
        left: float = (until - timezone.now()).total_seconds()
        return max(1, math.ceil(left))


def address_of(request: HttpRequest) -> str | None:
    """The client's address; None if it is only that of a proxy which `INBOX_TRUSTED_PROXIES` does not name.

    Counted as one client, all that come through it would be locked out by any of them. Limits per account stay.
    """
    claims = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & request.META.keys()
    return None if claims and not addresses.comes_from_trusted(request) else addresses.address_of(request)


def _names(request: Any, credentials: dict[str, Any]) -> list[str]:
    account, address = credentials.get("username") or "", request.axes_ip_address
    names = [f"login-both-{address}-{account}", f"login-account-{account}"]
    return names if address is None else [*names, f"login-address-{address}"]


def locked_out(request: HttpRequest, original: Any = None, credentials: Any = None) -> HttpResponse:
    """429, whether or not there is such an account."""
    return _refusal(request, AxesProxyHandler.get_implementation().seconds_left(request, credentials))


def guesses_limited(view: View) -> View:
    """A form that asks for the old password: whoever found a browser signed in must not guess it there either.

    `LOGIN_FAILURES` per account and minute; a form that succeeds is answered with a redirect.
    """

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        name = f"password-{request.user.pk}"
        if throttle.count(name) > settings.LOGIN_FAILURES:
            return _refusal(request, throttle.seconds_left())
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.FOUND:
            throttle.forget(name)
        return response

    return limited


def _refusal(request: HttpRequest, seconds: int) -> HttpResponse:
    response = render(request, "registration/locked_out.html", {"minutes": math.ceil(seconds / 60)}, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response
