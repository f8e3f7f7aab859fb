"""How often something may be tried in a minute, counted in Django's cache: requests of a service token, tickets of a
user, wrong tokens and tickets from an address.

A service is told in every answer what is left, as draft-ietf-httpapi-ratelimit-headers-10 has it. A cache that fails
costs nobody a request.
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
REMEMBERED = 1000  # addresses, and tokens, that a process keeps in mind
Run = Callable[..., HttpResponse]
T = TypeVar("T")

_circuit = Circuit("The cache")
_barred: dict[str, int] = {}  # address -> the window in which too many wrong tokens came from there
_proven: dict[bytes, None] = {}  # digests of tokens that were right: those are let in from a barred address too


class Throttled(Exception):
    """Nothing is left in this window, for so many seconds; `detail` says of what."""

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.detail, self.seconds = detail, seconds


@dataclass(frozen=True, slots=True)
class Budget:
    """`left` requests of `limit`, for `seconds` more."""

    limit: int
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"token";q={self.limit};w={WINDOW}',
            "RateLimit": f'"token";r={self.left};t={self.seconds}',
        }


def spend(request: Any, token: ServiceToken) -> None:
    """Count this request, and note what is left on it. Raises Throttled."""
    limit = conf.requests_per_minute()
    used = count(f"token-{token.pk}")
    request.budget = Budget(limit, max(0, limit - used), seconds_left())
    if used > limit:
        raise Throttled(_("Too many requests with this token."), request.budget.seconds)


def spend_ticket(user: UserId) -> None:
    """Count a ticket of this user. Raises Throttled."""
    if count(f"tickets-{user}") > conf.tickets_per_minute():
        raise Throttled(_("Too many tickets of this user."), seconds_left())


def check_address(request: HttpRequest, token: str) -> None:
    """Refuse what comes from an address that has shown too many wrong tokens, before anything is looked up.

    A token that was right before is let in: others at that address (behind a proxy, in an office) may be to blame.
    Raises Throttled.
    """
    if _barred.get(address_of(request) or "") == _window() and _digest(token) not in _proven:
        raise Throttled(_("Too many wrong credentials from this address."), seconds_left())


def count_wrong(request: HttpRequest) -> None:
    """Count a wrong token or ticket. Raises Throttled if it was one too many."""
    address = address_of(request)
    if address is not None and count(f"wrong-{address}") > conf.failed_checks_per_minute():
        _remember(_barred, address, _window())
        raise Throttled(_("Too many wrong credentials from this address."), seconds_left())


def note_right(token: str) -> None:
    """This token is valid."""
    digest = _digest(token)
    if digest not in _proven:
        _remember(_proven, digest, None)


def says_what_is_left(run: Run) -> Run:
    """A ninja decorator (mode "view"): the answers to a service carry its budget."""

    @wraps(run)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = run(request, *args, **kwargs)
        if budget := getattr(request, "budget", None):
            for name, value in budget.headers().items():
                response[name] = value
        return response

    return counted


def count(name: str, by: int = 1) -> int:
    """How often `name` was counted in this window, now included; 0 if the cache fails."""

    def add() -> int:
        cache.add(_key(name), 0, 2 * WINDOW)
        return cache.incr(_key(name), by)

    return _trying(add) or 0


def forget(name: str) -> None:
    """It was not counted in this window."""
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
    """No cache takes every character in a key."""
    return f"inbox-{_digest(name).hex()[:32]}-{_window()}"


def seconds_left() -> int:
    """Until the next window."""
    return math.ceil(WINDOW - time.time() % WINDOW)


def _window() -> int:
    return int(time.time() // WINDOW)


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value
