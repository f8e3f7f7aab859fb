"""The language in which somebody is answered: that of the page they look at.

Only the page knows what the site has decided: a prefix (`i18n_patterns`) or a middleware of the site's own need not
reach the addresses that the page asks. So it names its language there: `?language=`.
"""

from contextlib import suppress

from django.http import HttpRequest
from django.utils.translation import get_language_from_request, get_supported_language_variant


def supported(language: str | None) -> str | None:
    """The one of `LANGUAGES` that it is, or is a variant of; upper case does not matter (HTML writes zh-Hans)."""
    with suppress(LookupError):
        return get_supported_language_variant((language or "").lower())
    return None


def language_of(request: HttpRequest) -> str:
    """What the page says; else what the language cookie and `Accept-Language` say."""
    return supported(request.GET.get("language")) or get_language_from_request(request)
