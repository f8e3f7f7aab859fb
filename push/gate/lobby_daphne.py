"""The lobby and the limits of bodies in daphne, which stores a whole body before it calls the application."""

import asyncio
import io
from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest  # type: ignore[import-untyped]

from .. import conf
from ..refusals import BODY_TOO_BIG, BODY_TOO_SLOW, Refusal
from . import bodies
from .holding import Front, IsHeld
from .lobby import LAST_BYTES_SECONDS, Phase, lobby


class DaphneGuest:
    received = 0  # daphne calls an application once it has the body: there is none after an answer

    def __init__(self, protocol: Any, is_held: IsHeld) -> None:
        self._protocol = protocol
        self._receive = protocol.dataReceived
        self.front = Front(self._pass_on, self._abort, is_held)
        self.heads = 0  # requests whose head has come
        self._half = True  # it has sent nothing yet, or something since its last request

    @property
    def _channel(self) -> Any:
        return getattr(self._protocol, "_channel", self._protocol)  # it stands behind one that chooses HTTP/2

    def look(self) -> None:
        """Look up the phase after an event."""
        if self._gone():
            lobby().leave(self)
        else:
            lobby().move(self, self._find_phase())

    def receive(self, data: bytes) -> None:
        """Bytes from the client."""
        (self._pass_on if self.front.passed else self.front.receive)(data)

    def _pass_on(self, data: bytes) -> None:
        heads, between = self.heads, self._find_phase() is not Phase.BUSY
        self._receive(data)
        self._half = between and heads == self.heads
        self.look()

    def drop(self) -> None:
        transport = self._channel.transport
        transport.loseConnection()
        asyncio.get_running_loop().call_later(LAST_BYTES_SECONDS, transport.abortConnection)

    def _abort(self) -> None:
        self._channel.transport.abortConnection()

    def _gone(self) -> bool:
        transport = self._channel.transport
        if transport is None or not getattr(transport, "connected", True):
            return True
        inner = getattr(transport, "wrappedProtocol", None) or transport.protocol  # with TLS, without
        return inner is not self._protocol

    def _find_phase(self) -> Phase:
        requests = getattr(self._channel, "requests", None)
        if requests is None:  # HTTP/2
            return Phase.BUSY
        if requests:
            return Phase.BUSY if requests[0].has_head else Phase.HEAD
        return Phase.HEAD if self._half else Phase.IDLE


class LimitedRequest(WebRequest):  # type: ignore[misc]
    """A request that is refused as soon as its body is too much (413) or too slow (408)."""

    def __init__(self, guest: DaphneGuest, *args: Any, **kwargs: Any) -> None:
        self._guest = guest
        self._received = self._discarded = 0
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
            self._discard(len(data))
            return
        if self._is_too_much(self._received):
            self._refuse(BODY_TOO_BIG)
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        self._complete = True
        if not self._refused:
            return super().process()
        self._hang_up()
        return None

    def finish(self) -> None:
        super().finish()
        self._guest.look()

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
        """Answer, and read on for a moment (as bodies.discard does), or the client may never see the answer."""
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")  # or twisted says "100 Continue" now
        bodies.log("a request with a body", refusal)
        head, body = refusal.messages("en")
        fields = [*head["headers"], bodies.CLOSE]
        status = b"HTTP/1.1 %d %s" % (refusal.status, HTTPStatus(refusal.status).phrase.encode())
        lines = [status, *(b"%s: %s" % field for field in fields)]
        self.channel.transport.write(b"\r\n".join([*lines, b"", body["body"]]))
        asyncio.get_running_loop().call_later(bodies.LINGER_SECONDS, self._hang_up)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > bodies.LINGER_BYTES:
            self._hang_up()

    def _hang_up(self) -> None:
        if self.channel is not None:
            self.channel.loseConnection()


def watch(is_held: IsHeld) -> None:
    """Make daphne's factory create limited requests, and register its connections."""
    build = HTTPFactory.buildProtocol
    if hasattr(build, "__wrapped__"):
        return

    @wraps(build)
    def build_protocol(self: Any, address: Any) -> Any:
        protocol = build(self, address)
        guest = DaphneGuest(protocol, is_held)
        protocol.requestFactory = partial(LimitedRequest, guest)
        protocol.dataReceived = guest.receive
        protocol.connectionLost = partial(_lost, guest, protocol.connectionLost)
        asyncio.get_running_loop().call_soon(lobby().enter, guest)  # once it has its transport
        return protocol

    HTTPFactory.buildProtocol = build_protocol


def _lost(guest: DaphneGuest, lost: Callable[[Any], None], reason: Any) -> None:
    guest.front.lost()
    lost(reason)
    lobby().leave(guest)
