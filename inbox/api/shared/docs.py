"""A page that shows the OpenAPI document with the files in the ninja package. Nothing is loaded from other hosts."""

from pathlib import Path

import ninja
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .problems import not_found

# Served by us, so that a site need not add ninja to INSTALLED_APPS and collect its files.
FILES = Path(ninja.__file__).parent / "static" / "ninja"
ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-init.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
}
DAY = 24 * 3600  # seconds


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/api_docs.html")


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    if name not in ASSETS:
        return not_found(request)
    headers = {"Cache-Control": f"public, max-age={DAY}", "X-Content-Type-Options": "nosniff"}
    return HttpResponse((FILES / name).read_bytes(), content_type=ASSETS[name], headers=headers)
