"""Rate limits per minute, counted in Django's cache: requests of a service token, tickets of a user, and invalid tokens
and tickets from an address.

Responses to services have the headers of draft-ietf-httpapi-ratelimit-headers-10. If the cache fails, no request is
refused.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ... import conf
from ...core.circuit import Circuit
from ...core.snapshots import UserId
from ...http.addresses import address_of
from ...models import ServiceToken

WINDOW = 60  # seconds
REMEMBERED = 1000  # addresses, and tokens, that a process remembers
Run = Callable[..., HttpResponse]
K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")

_circuit = Circuit("The cache")
_blocked: dict[str, int] = {}  # address -> the window in which it sent too many invalid tokens
_valid: dict[bytes, None] = {}  # digests of valid tokens: they are accepted from a blocked address, too


class Throttled(Exception):
    """The limit for this window is reached. `seconds` is the time until the next one, `detail` says which limit."""

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.detail, self.seconds = detail, seconds


@dataclass(frozen=True, slots=True)
class Budget:
    """`left` of `limit` requests are left for the next `seconds`."""

    limit: int
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"token";q={self.limit};w={WINDOW}',
            "RateLimit": f'"token";r={self.left};t={self.seconds}',
        }


def count_request(request: Any, token: ServiceToken) -> None:
    """Count this request, and set `request.budget`. Raises Throttled."""
    limit = conf.requests_per_minute()
    used = count(f"token-{token.pk}")
    request.budget = Budget(limit, max(0, limit - used), seconds_left())
    if used > limit:
        raise Throttled(_("Too many requests with this token."), request.budget.seconds)


def count_ticket(user: UserId) -> None:
    """Count a ticket of this user. Raises Throttled."""
    if count(f"tickets-{user}") > conf.tickets_per_minute():
        raise Throttled(_("Too many tickets of this user."), seconds_left())


def check_address(request: HttpRequest, token: str) -> None:
    """Refuse requests from an address that has sent too many invalid tokens, before the token is looked up.

    A token that was valid before is accepted, because other clients may use the same address (behind a proxy, in an
    office). Raises Throttled.
    """
    if _blocked.get(address_of(request) or "") == _window() and _digest(token) not in _valid:
        raise Throttled(_("Too many wrong credentials from this address."), seconds_left())


def count_invalid(request: HttpRequest) -> None:
    """Count an invalid token or ticket. Raises Throttled if there are too many."""
    address = address_of(request)
    if address is not None and count(f"wrong-{address}") > conf.failed_checks_per_minute():
        _remember(_blocked, address, _window())
        raise Throttled(_("Too many wrong credentials from this address."), seconds_left())


def remember_valid(token: str) -> None:
    """Remember that this token is valid."""
    digest = _digest(token)
    if digest not in _valid:
        _remember(_valid, digest, None)


def add_rate_limit_headers(run: Run) -> Run:
    """A ninja decorator (mode "view"): adds the headers of the rate limit to responses to services."""

    @wraps(run)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = run(request, *args, **kwargs)
        if budget := getattr(request, "budget", None):
            for name, value in budget.headers().items():
                response[name] = value
        return response

    return counted


def count(name: str, by: int = 1) -> int:
    """Count `name`; returns how often it was counted in this window, or 0 if the cache fails."""

    def add() -> int:
        cache.add(_key(name), 0, 2 * WINDOW)
        return cache.incr(_key(name), by)

    return _trying(add) or 0


def forget(name: str) -> None:
    """Set the count of `name` in this window back to 0."""
    _trying(lambda: cache.delete(_key(name)))


def _trying(call: Callable[[], T]) -> T | None:
    if not _circuit.allows():
        return None
    try:
        found = call()
        _circuit.succeeded()
        return found
    except Exception:  # noqa: BLE001 (whatever the cache's library raises; the circuit logs it)
        _circuit.trip()
        return None


def _key(name: str) -> str:
    """A key without the characters that a cache may refuse."""
    return f"inbox-{_digest(name).hex()[:32]}-{_window()}"


def seconds_left() -> int:
    """Seconds until the next window."""
    return math.ceil(WINDOW - time.time() % WINDOW)


def _window() -> int:
    return int(time.time() // WINDOW)


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _remember(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value
