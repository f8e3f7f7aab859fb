"""The language of a response: that of the page that sends the request.

Only the page knows its language: a prefix (`i18n_patterns`) or a middleware of the site may not apply to the URLs that
the page requests. So the page names its language in the query: `?language=`.
"""

from contextlib import suppress

from django.http import HttpRequest
from django.utils.translation import get_language_from_request, get_supported_language_variant


def supported(language: str | None) -> str | None:
    """The language of `LANGUAGES` for this tag or a variant of it; ignores case (HTML writes zh-Hans)."""
    with suppress(LookupError):
        return get_supported_language_variant((language or "").lower())
    return None


def language_of(request: HttpRequest) -> str:
    """The language in the query; otherwise that of the language cookie or `Accept-Language`."""
    return supported(request.GET.get("language")) or get_language_from_request(request)
