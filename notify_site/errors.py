"""What the site answers when a view, or what is around it, fails."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

from inbox.core.patience import is_unavailable

RETRY_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away, takes no writes, or is busy beyond our patience; else 500."""
    if not is_unavailable(sys.exc_info()[1]):
        return defaults.server_error(request)
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"})
