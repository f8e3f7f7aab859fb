"""How often a service may call: a number of requests per token and minute, counted in Django's cache.

Told in every answer as draft-ietf-httpapi-ratelimit-headers-10 has it. A cache that fails costs nobody a request.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from .. import conf
from ..circuit import Circuit
from ..models import ServiceToken

WINDOW = 60  # seconds
Run = Callable[..., HttpResponse]

_circuit = Circuit("The cache")


class Throttled(Exception):
    """No request is left in this window."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


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
    now, limit = time.time(), conf.requests_per_minute()
    used = _count(f"inbox-token-{token.pk}-{int(now // WINDOW)}")
    request.budget = Budget(limit, max(0, limit - used), math.ceil(WINDOW - now % WINDOW))
    if used > limit:
        raise Throttled(request.budget.seconds)


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


def _count(key: str) -> int:
    if _circuit.open:
        return 0
    try:
        cache.add(key, 0, 2 * WINDOW)
        return cache.incr(key)
    except Exception:  # noqa: BLE001 (whatever the cache's library raises; the circuit logs it)
        _circuit.trip()
        return 0
