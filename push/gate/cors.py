"""Pages of other origins (`PUSH_ALLOWED_ORIGINS`) may read what a ticket opens: push and the user's API, and never with
a cookie (WHATWG Fetch, "CORS protocol"). Around the whole site: preflights are no business of views and transports."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..wire.servers import Message, Send
from .origins import known_origin

Headers = tuple[tuple[bytes, bytes], ...]

EXPOSED = b"ETag, Preference-Applied, Retry-After, X-Poll-Interval"
PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, If-None-Match, Last-Event-ID, Prefer"),
    (b"access-control-max-age", b"600"),
    (b"content-length", b"0"),
)


def grants(scope: Mapping[str, Any]) -> Headers:
    """Headers with which the page that asks may read the answer; none for our own pages and for strangers."""
    origin = header(scope, b"origin")
    if not origin or not known_origin(origin.decode("latin-1")):
        return ()
    return ((b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED), (b"vary", b"Origin"))


def is_preflight(scope: Mapping[str, Any]) -> bool:
    return scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method") is not None


async def answer_preflight(send: Send, granted: Headers) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [*granted, *PREFLIGHT]})
    await send({"type": "http.response.body", "body": b""})


def granting(send: Send, granted: Headers) -> Send:
    """A `send` that adds the headers to the answer."""

    async def added(message: Message) -> None:
        await send(with_headers(message, granted))

    return added


def with_headers(message: Message, more: Iterable[tuple[bytes, bytes]]) -> Message:
    """The message, with more headers if it begins an answer."""
    if message["type"] != "http.response.start":
        return message
    return {**message, "headers": [*message.get("headers", ()), *more]}


def header(scope: Mapping[str, Any], name: bytes) -> bytes | None:
    """The first field of that name (lower case)."""
    return next((bytes(value) for key, value in scope["headers"] if key == name), None)
