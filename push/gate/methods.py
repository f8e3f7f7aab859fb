"""A decorator for views: which methods they answer, with 405 and `Allow` for others (RFC 9110, 9.3.7 and 15.5.6)."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt

from inbox.http.problems import MEDIA_TYPE

from ..refusals import BAD_METHOD, Refusal

View = Callable[..., HttpResponseBase]


def only(*methods: str) -> Callable[[View], View]:
    """Any other method gets a problem document, rather than an empty page, or one about a missing CSRF token.

    What is decorated is exempt from CSRF checks: it changes nothing for a session.
    """
    allow = ", ".join(sorted({*methods, "OPTIONS"}))
    refusal = replace(BAD_METHOD, headers=((b"allow", allow.encode()),))

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "OPTIONS":
                return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": allow})
            return view(request, *args, **kwargs) if request.method in methods else problem(refusal)

        return checked

    return decorate


def problem(refusal: Refusal) -> HttpResponse:
    """A refusal as Django's response."""
    response = HttpResponse(refusal.body(get_language() or "en"), status=refusal.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in refusal.headers:
        response[name.decode()] = value.decode()
    return response
