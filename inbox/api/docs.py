"""The OpenAPI document and a page that shows it, from files that came with ninja: nothing is fetched from elsewhere."""

from pathlib import Path
from typing import Any

import ninja
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from .problems import MEDIA_TYPE, not_found

# Served by us, so that a site needs neither ninja in INSTALLED_APPS nor its files collected.
FILES = Path(ninja.__file__).parent / "static" / "ninja"
ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-init.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
}
DAY = 24 * 3600  # seconds


def openapi(api: NinjaAPI, root: str) -> dict[str, Any]:
    """The document for an API mounted at `root` ("/api/v1/"): ninja's, with errors under their media type."""
    document: dict[str, Any] = api.get_openapi_schema(path_prefix=root)
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["content"] = {MEDIA_TYPE: next(iter(answer["content"].values()))}
    return document


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/api_docs.html")


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    if name not in ASSETS:
        return not_found(request)
    headers = {"Cache-Control": f"public, max-age={DAY}", "X-Content-Type-Options": "nosniff"}
    return HttpResponse((FILES / name).read_bytes(), content_type=ASSETS[name], headers=headers)
