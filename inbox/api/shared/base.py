"""The behaviour of every URL of the API, whatever the endpoint."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from ninja import NinjaAPI

from ...core.patience import budget
from . import docs, document, problems
from .exchange import exchange

View = Callable[..., HttpResponse]


def api_view(view: View) -> View:
    """Wrap a view: responses are private and not stored, and HTTP methods and conditions work (`exchange.py`).

    The view runs outside ATOMIC_REQUESTS, because the response to a write is read after its commit (and a transaction
    would hide the commits of others). The authentication checks CSRF tokens (auth.py), because only sessions need them.
    """

    @csrf_exempt
    @transaction.non_atomic_requests
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with budget(), override(get_language()):  # which authentication may change (auth.py)
            response = exchange(request, lambda: view(request, *args, **kwargs))
            if language := get_language():
                response.headers.setdefault("Content-Language", language)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return answer


class InboxAPI(NinjaAPI):
    """A NinjaAPI with our own errors, 404 pages and documents, wherever a site includes it."""

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        patterns, app_name, namespace = super().urls
        own = [
            path("", require_safe(RedirectView.as_view(url="docs")), name="api-root"),
            path("openapi.json", require_safe(self.document), name="openapi"),
            path("docs", docs.page, name="docs"),
            path("docs/<str:name>", docs.asset, name="docs-asset"),
        ]
        unknown = re_path("", problems.not_found, name="not-found")
        return [_wrapped(pattern) for pattern in [*own, *patterns, unknown]], app_name, namespace

    def document(self, request: HttpRequest) -> HttpResponse:
        """The OpenAPI document, with the paths of this site."""
        root = request.path.removesuffix("openapi.json")
        origin = request.build_absolute_uri("/").removesuffix("/")
        return self.create_response(request, document.openapi(self, root, origin), status=200)


def _wrapped(pattern: Any) -> URLPattern:
    return URLPattern(pattern.pattern, api_view(pattern.callback), pattern.default_args, pattern.name)
