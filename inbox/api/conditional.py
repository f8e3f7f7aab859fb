"""Answers that a client may have already (RFC 9110, 13.1.2)."""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag


def conditional(run: Callable[..., Any]) -> Callable[..., HttpResponseBase | None]:
    """For `ninja.decorators.decorate_view`: an entity tag, and 304 for who shows it.

    The tag is of the whole answer: a title may change with the reader's language, or an actor's name, while the
    version stays.
    """

    @wraps(run)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase | None:
        response = run(request, *args, **kwargs)
        if response.status_code != 200:
            return response  # type: ignore[no-any-return]
        tag = quote_etag(sha256(response.content).hexdigest()[:32])
        response["ETag"] = tag
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Cookie", "Authorization", "Accept-Language"])
        return get_conditional_response(request, etag=tag, response=response)

    return answer
