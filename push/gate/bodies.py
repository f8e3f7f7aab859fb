"""Limits of request bodies, for the whole site: how large a body may be, and how slowly it may arrive.

Django reads a whole body, into memory or a temporary file, before any view is asked. A body that announces too much
(Content-Length) is refused before a byte of it is read; one that does not is cut where it becomes too much.

daphne has read the body before it asks an application: there the same rules stand in lobby_daphne.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from .. import conf
from ..logs import request_id
from ..refusals import BODY_TOO_BIG, BODY_TOO_SLOW, Refusal
from ..wire.servers import Message, Receive, Scope, Send
from . import cors

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger("django.request")

CLOSE = (b"connection", b"close")  # or an HTTP/1 server would read on, up to the next request
LINGER_SECONDS, LINGER_BYTES = 2.0, 32 * 1024 * 1024


async def limited(site: Application, scope: Scope, receive: Receive, send: Send, most: int) -> None:
    """Call an application whose request has a body of `most` bytes at most (0: of any size)."""
    if most and announced(scope) > most:
        await refuse(scope, receive, send, BODY_TOO_BIG)
        return
    if has_body(scope):
        body = Body(scope, receive, send, most)
        receive, send = body.receive, body.send
    await site(scope, receive, send)


def has_body(scope: Scope) -> bool:
    """RFC 9112, 6.3: a request without either of these has none. Later versions of HTTP may do without both."""
    return (
        cors.header(scope, b"content-length") not in (None, b"0")
        or cors.header(scope, b"transfer-encoding") is not None
        or not scope.get("http_version", "1.1").startswith("1")
    )


def deadline(received: int, seconds: int) -> float:
    """Seconds from a request's head until a body of which so many bytes have come is too slow (1 KiB a second)."""
    return seconds + received / 1024


def announced(scope: Scope) -> int:
    """Bytes that the head announces; 0 if it says nothing, as with a chunked body."""
    length = cors.header(scope, b"content-length") or b""
    return int(length) if length.isdigit() and len(length) < 20 else 0


class Body:
    """`receive` and `send` of a request whose body is limited to `most` bytes (0: not at all)."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._most, self._seconds = most, conf.request_seconds()
        self._received, self._since = 0, asyncio.get_running_loop().time()
        self._ended = self._started = self._refused = False

    async def receive(self) -> Message:
        """The next message. A client whose body is too much is answered here; to the application it has gone."""
        if self._ended:
            return await self._receive()
        message = await self._next()
        self._received += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._most and self._received > self._most:
            return await self._cut(BODY_TOO_BIG)
        return message

    async def send(self, message: Message) -> None:
        if not self._refused:
            self._started = True
            await self._send(message)

    async def _next(self) -> Message:
        if not self._seconds:
            return await self._receive()
        end = self._since + deadline(self._received, self._seconds)
        try:
            async with asyncio.timeout_at(end):
                return await self._receive()
        except TimeoutError:
            return await self._cut(BODY_TOO_SLOW)

    async def _cut(self, refusal: Refusal) -> Message:
        more = not self._ended
        self._ended = self._refused = True
        if not self._started:
            await refuse(self._scope, self._receive if more else None, self._send, refusal)
        return {"type": "http.disconnect"}


async def refuse(scope: Scope, receive: Receive | None, send: Send, refusal: Refusal) -> None:
    """Answer with the problem, and close the connection. Without `receive`, the body has been read."""
    log(scope.get("path", ""), refusal)
    head, body = refusal.messages("en")
    more = [*cors.grants(scope), (b"x-request-id", request_id.get().encode())]
    if not scope.get("http_version", "1.1").startswith("1"):
        await send(cors.with_headers(head, more))
        await send(body)
        return
    await send(cors.with_headers(head, [*more, CLOSE]))
    await send(body | {"more_body": True})
    if receive is not None:
        await discard(receive)
    await send({"type": "http.response.body"})


async def discard(receive: Receive) -> None:
    """Read on for a moment: a client that sends its whole body first would get a reset, no answer (RFC 9112, 9.6)."""
    left = LINGER_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0 and (message := await receive()).get("more_body", False):
                left -= len(message.get("body", b""))


def log(path: str, refusal: Refusal) -> None:
    shown = path.encode("ascii", "backslashreplace").decode()
    logger.warning("%s: %s", refusal.code, shown, extra={"status_code": refusal.status})
