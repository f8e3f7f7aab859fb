"""The language of a response: that of the page that sends the request.

Only the page knows its language: a prefix (`i18n_patterns`) or a middleware of the site may not apply to the URLs that
the page requests. So the page names its language in the query: `?language=`. A program may name none; then it is the
language that its user chose last.
"""

from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import (
    get_language_from_path,
    get_language_info,
    get_supported_language_variant,
)
from django.utils.translation.trans_real import parse_accept_lang_header


def languages() -> dict[str, str]:
    """Code -> name of each language of the site: in itself or, if Django does not know it, as `LANGUAGES` has it."""
    names: dict[str, str] = {code: str(name) for code, name in settings.LANGUAGES}
    for code in names:
        with suppress(KeyError):
            names[code] = get_language_info(code)["name_local"]
    return names


def supported(language: str | None) -> str | None:
    """The language of `LANGUAGES` for this tag or a variant of it; ignores case (HTML writes zh-Hans)."""
    with suppress(LookupError):
        return get_supported_language_variant((language or "").lower())
    return None


def site_language() -> str:
    """The language of those of whom nothing is known."""
    return supported(settings.LANGUAGE_CODE) or settings.LANGUAGE_CODE


def named_in(request: HttpRequest) -> str | None:
    """The language that a request names: in the query, else in the path (`i18n_patterns`), else in the language cookie,
    else in `Accept-Language`. None if it names none that the site has."""
    return (
        supported(request.GET.get("language"))
        or get_language_from_path(request.path_info)
        or supported(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
        or _accepted(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    )


def _accepted(header: str) -> str | None:
    """The most preferred language that the site has, as Django's `LocaleMiddleware` finds it."""
    for tag, _weight in parse_accept_lang_header(header):
        if tag == "*":
            return None
        if found := supported(tag):
            return found
    return None
