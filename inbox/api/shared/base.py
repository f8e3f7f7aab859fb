"""What every address of the API has in common, whatever the endpoint."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from ninja import NinjaAPI

from ...core.patience import budget
from . import docs, document, problems
from .exchange import exchange

View = Callable[..., HttpResponse]


def edge(view: View) -> View:
    """Answers are nobody else's and never stored, and speak HTTP (`exchange.py`).

    Outside ATOMIC_REQUESTS, because the answer to a write is read after its commit (and the transaction would hide
    what others commit). CSRF is the authentication's business (auth.py): only a cookie can be forged.
    """

    @csrf_exempt
    @transaction.non_atomic_requests
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with budget():
            response = exchange(request, lambda: view(request, *args, **kwargs))
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return answer


class InboxAPI(NinjaAPI):
    """A NinjaAPI whose errors, unknown addresses and documents are its own, wherever it is included."""

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
        return [_at_edge(pattern) for pattern in [*own, *patterns, unknown]], app_name, namespace

    def document(self, request: HttpRequest) -> HttpResponse:
        """The OpenAPI document, with the paths as they are on this site."""
        root = request.path.removesuffix("openapi.json")
        origin = request.build_absolute_uri("/").removesuffix("/")
        return self.create_response(request, document.openapi(self, root, origin), status=200)


def _at_edge(pattern: Any) -> URLPattern:
    return URLPattern(pattern.pattern, edge(pattern.callback), pattern.default_args, pattern.name)
