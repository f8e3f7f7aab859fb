"""Middleware of the site."""

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_only_middleware

from inbox.core.patience import budget

View = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def one_thread(get_response: View) -> View:
    """Last in `MIDDLEWARE`: all of it then runs in the request's thread, where its views run.

    Under ASGI Django's own middleware is asynchronous with synchronous hooks: each of the seven would go to the thread
    and back twice a request. One that is synchronous only makes those before it so.
    """
    return get_response


@sync_only_middleware
def one_budget(get_response: View) -> View:
    """A page, the admin's too, goes on trying no longer than a request of the API (`inbox.core.patience`)."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with budget():
            return get_response(request)

    return answer


class SecurityPolicy(CSPMiddleware):
    """django-csp's middleware, with directives of their own for some paths (`SECURITY_POLICY_REPLACES`)."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        replaces: Any = settings.SECURITY_POLICY_REPLACES
        for beginning, directives in replaces.items():
            if request.path_info.startswith(beginning):
                parts.replace = directives
        return parts
