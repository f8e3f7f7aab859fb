"""HTTP methods and conditional requests, for every URL of the API (RFC 9110, 9.3 and 13)."""

from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag

from ...http.preconditions import NotModified, evaluate
from . import problems

Run = Callable[[], HttpResponse]

# Headers of a 200 that a 304 must have, too (RFC 9110, 15.4.5).
KEPT = ("Cache-Control", "Content-Location", "ETag", "Expires", "Vary")


def exchange(request: HttpRequest, run: Run) -> HttpResponse:
    """The response of the view `run`. Adds HEAD where there is GET, OPTIONS everywhere, and conditional requests."""
    if request.method == "HEAD":
        return _without_body(_as_get(request, run))
    response = run()
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _other_methods(request, problems.methods(response["Allow"]))
    return _conditional(request, response) if request.method == "GET" else response


def _other_methods(request: HttpRequest, allowed: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})
    return problems.not_allowed(allowed)


def _as_get(request: HttpRequest, run: Run) -> HttpResponse:
    request.method = "GET"
    try:
        return exchange(request, run)
    finally:
        request.method = "HEAD"


def _without_body(response: HttpResponse) -> HttpResponse:
    """The response to HEAD: with the length that the body of the GET would have (RFC 9110, 9.3.2)."""
    if response.status_code not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        response["Content-Length"] = str(len(response.content))
    response.content = b""
    return response


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add an entity tag; 304 if it matches `If-None-Match`, 412 if it does not match `If-Match`.

    The tag is a hash of the whole response, because a title can change while the version does not: with the language
    of the reader, or with the name of an actor.
    """
    if response.status_code != HTTPStatus.OK:
        return response
    tag = response["ETag"] = quote_etag(sha256(response.content).hexdigest()[:32])
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "Authorization", "Accept-Language"])
    outcome = evaluate(request, tag)
    if outcome == HTTPStatus.NOT_MODIFIED:
        return NotModified(headers={name: response[name] for name in KEPT if response.has_header(name)})
    return problems.precondition_failed() if outcome == HTTPStatus.PRECONDITION_FAILED else response
