"""daphne's side of newcomers.py and bodies.py: it reads a whole body, into a temporary file, before it calls us."""

import asyncio
import io
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest  # type: ignore[import-untyped]

from . import bodies, conf
from .newcomers import LAST_BYTES_SECONDS, lobby
from .problems import BODY_TOO_BIG, BODY_TOO_SLOW, Refusal


class DaphneGuest:
    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._channel = getattr(protocol, "_channel", protocol)  # it stands behind one that chooses HTTP/2
        self.heads = 0  # requests whose head has come

    @property
    def _transport(self) -> Any:
        return self._channel.transport

    def gone(self) -> bool:
        transport = self._transport
        if transport is None or not getattr(transport, "connected", True):
            return True
        inner = getattr(transport, "wrappedProtocol", None) or transport.protocol  # with TLS, without
        return inner is not self._protocol

    def request(self) -> tuple[object, bool]:
        requests = self._channel.requests
        return self.heads, bool(requests) and requests[0].has_head

    def drop(self) -> None:
        transport = self._transport
        transport.loseConnection()
        lobby().loop.call_later(LAST_BYTES_SECONDS, transport.abortConnection)


class LimitedRequest(WebRequest):  # type: ignore[misc]
    """A request that is refused as soon as its body is too much (413) or too slow (408)."""

    def __init__(self, guest: DaphneGuest, *args: Any, **kwargs: Any) -> None:
        self._guest = guest
        self._received = 0
        self._since = 0.0
        self._complete = self._refused = self.has_head = False
        super().__init__(*args, **kwargs)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (twisted's)
        """The head is complete; `length` is None for a chunked body."""
        self.has_head = True
        self._guest.heads += 1
        self._since = asyncio.get_running_loop().time()
        if length and self._is_too_much(length):
            self.content = io.BytesIO()
            self._refuse(BODY_TOO_BIG)
            return
        super().gotLength(length)
        if length != 0 and conf.request_seconds():
            self._check_pace()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 (twisted's)
        self._received += len(data)
        if self._refused:
            return
        if self._is_too_much(self._received):
            self._refuse(BODY_TOO_BIG)
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        self._complete = True
        return None if self._refused else super().process()

    def _is_too_much(self, size: int) -> bool:
        most = conf.max_body_bytes()
        return bool(most) and size > most

    def _check_pace(self) -> None:
        if self._complete or self._refused or self.channel is None:
            return
        loop = asyncio.get_running_loop()
        end = self._since + bodies.deadline(self._received, conf.request_seconds())
        if loop.time() >= end:
            self._refuse(BODY_TOO_SLOW)
        else:
            loop.call_at(end, self._check_pace)

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")  # or twisted says "100 Continue" now
        bodies.log("a request with a body", refusal)
        head, body = refusal.messages("en")
        fields = [*head["headers"], bodies.CLOSE]
        status = b"HTTP/1.1 %d %s" % (refusal.status, HTTPStatus(refusal.status).phrase.encode())
        lines = [status, *(b"%s: %s" % field for field in fields)]
        self.channel.transport.write(b"\r\n".join([*lines, b"", body["body"]]))
        self.channel.loseConnection()


def watch() -> None:
    """Have daphne's factory make limited requests, and show who comes."""
    build = HTTPFactory.buildProtocol
    if hasattr(build, "__wrapped__"):
        return

    @wraps(build)
    def build_protocol(self: Any, address: Any) -> Any:
        protocol = build(self, address)
        guest = DaphneGuest(protocol)
        protocol.requestFactory = partial(LimitedRequest, guest)
        asyncio.get_running_loop().call_soon(lobby().enter, guest)  # once it has its transport
        return protocol

    HTTPFactory.buildProtocol = build_protocol
