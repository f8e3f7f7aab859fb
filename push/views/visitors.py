"""The banners for signed-out visitors, at `banners/<language>/`: one response for all of them, which caches may keep.

It depends on the address alone: no cookie is read, no header, no session. It may be kept until the next change that is
due, at most for a minute. So a banner that is withdrawn is gone within a minute.
"""

from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from django.urls import reverse
from django.utils import timezone
from django.utils.http import quote_etag
from django.utils.translation import override

from inbox import selectors
from inbox.core.isolation import log_failure
from inbox.core.patience import is_unavailable
from inbox.http.preconditions import SAFE, NotModified, evaluate
from inbox.rendering.languages import supported

from ..frames import to_json
from ..gate.methods import only, problem
from ..refusals import PRECONDITION_FAILED, UNAVAILABLE

LONGEST = 60  # seconds that a cache may keep it


class WithoutVary(ResponseHeaders):
    """`LocaleMiddleware` would add `Vary: Accept-Language`, but the language is in the address."""

    def __setitem__(self, key: str, value: str | bytes) -> None:  # type: ignore[override]  # the stub names it _key
        if key.lower() != "vary":
            super().__setitem__(key, value)


def address(language: str) -> str:
    return reverse("push:banners", args=[supported(language) or settings.LANGUAGE_CODE])


def read(language: str) -> dict[str, Any]:
    """The banners in this language, and for how many seconds they can be kept (`max_age`)."""
    with override(supported(language) or settings.LANGUAGE_CODE):
        found = selectors.visitor_banners()
        items = [item.as_dict() for item in found.items]
    left = LONGEST if found.next_due is None else (found.next_due - timezone.now()).total_seconds()
    return {"items": items, "max_age": max(0, min(LONGEST, int(left)))}


@only(*SAFE)
def banners(request: HttpRequest, language: str) -> HttpResponse:
    """In the site's own language if it does not have this one. Any origin may read it."""
    try:
        found = read(language)
    except (DatabaseError, InterfaceError) as error:
        if not is_unavailable(error):
            raise
        log_failure("Reading the banners for visitors")
        return problem(UNAVAILABLE)
    body = to_json({"items": found["items"]}).encode()
    tag = quote_etag(sha256(body).hexdigest()[:32])
    outcome = evaluate(request, tag)
    if outcome == HTTPStatus.PRECONDITION_FAILED:
        return problem(PRECONDITION_FAILED)
    known = outcome == HTTPStatus.NOT_MODIFIED
    response: HttpResponse = NotModified() if known else HttpResponse(body, content_type="application/json")
    response.headers = WithoutVary(dict(response.headers))
    response["ETag"] = tag
    response["Cache-Control"] = f"public, max-age={found['max_age']}"
    response["Content-Language"] = supported(language) or settings.LANGUAGE_CODE
    response["Access-Control-Allow-Origin"] = "*"
    return response
