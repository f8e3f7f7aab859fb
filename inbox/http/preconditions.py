"""Conditional requests (RFC 9110, 13): `If-None-Match` and `If-Match`."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseNotModified
from django.utils.http import parse_etags

SAFE = frozenset({"GET", "HEAD"})
ANY = ["*"]


class NotModified(HttpResponseNotModified):
    """A 304 without `Content-Length`. The only valid one would be that of the 200 (RFC 9110, 8.6), which servers
    refuse to send without a body. `CommonMiddleware` would add a length of 0, so `has_header` claims that there is one.
    """

    def has_header(self, header: str) -> bool:
        return header.lower() == "content-length" or super().has_header(header)

    __contains__ = has_header


def evaluate(request: HttpRequest, tag: str | None) -> HTTPStatus:
    """OK, NOT_MODIFIED or PRECONDITION_FAILED for a resource that exists, in the order of RFC 9110, 13.2.2.

    `tag` is its strong entity tag in quotes, or None. Header fields that can't be parsed are ignored, and so are dates,
    because our resources have no date of modification (13.1.3, 13.1.4).
    """
    required = parse_etags(request.META.get("HTTP_IF_MATCH", ""))
    if required and required != ANY and tag not in required:
        return HTTPStatus.PRECONDITION_FAILED
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if known == ANY or (tag is not None and matches(known, tag)):
        return HTTPStatus.NOT_MODIFIED if request.method in SAFE else HTTPStatus.PRECONDITION_FAILED
    return HTTPStatus.OK


def matches(known: list[str], tag: str) -> bool:
    """Whether one of the tags equals `tag` by the weak comparison of RFC 9110, 8.8.3.2."""
    return any(one.removeprefix("W/") == tag.removeprefix("W/") for one in known)
