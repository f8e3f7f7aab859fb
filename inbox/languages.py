"""The language in which somebody is answered: that of the page they look at."""

from contextlib import suppress

from django.http import HttpRequest
from django.utils.translation import get_language_from_request, get_supported_language_variant


def language_of(request: HttpRequest) -> str:
    """The language of the page that connects (`?language=`), if it is one of `LANGUAGES` or a variant of one.

    Else what the language cookie and `Accept-Language` say. Only the page knows what the site has decided: a prefix
    (`i18n_patterns`) or a middleware of the site's own does not reach this address.
    """
    with suppress(LookupError):
        return get_supported_language_variant(request.GET.get("language", "").lower())  # HTML writes zh-Hans
    return get_language_from_request(request)
