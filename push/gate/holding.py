"""Holding: a client that is shut out waits for its refusal, so that it cannot come again at once.

It waits before the server has seen the request (`Front`): if it hangs up and comes again, that costs a look at the head
of the request, but no handshake, task or log line. The application holds what the front lets pass (`hold`): requests on
other servers, over HTTP/2, with a very long head, and all but the first of a connection.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import lru_cache
from urllib.parse import unquote

from ..refusals import Refused
from ..wire.servers import Receive, Scope
from . import shutouts
from .admission import build_request
from .credentials import Credential, credential_of
from .shutouts import ShutOut

GONE_SECONDS = 3.0  # from hanging up until the server has said so
MAX_HEAD_BYTES = 16 * 1024  # of a request that the front holds
HEADS_REMEMBERED = 256
END_OF_HEAD = b"\r\n\r\n"

IsHeld = Callable[[Scope], bool]  # whether a request is for one of our transports


class Front:
    """Stands before the server's parser, until the first request of a connection may go on to it."""

    __slots__ = ("_hang_up", "_is_held", "_kept", "_pass_on", "_timer", "_waiting", "passed")

    def __init__(self, pass_on: Callable[[bytes], None], hang_up: Callable[[], None], is_held: IsHeld) -> None:
        self._pass_on, self._hang_up, self._is_held = pass_on, hang_up, is_held
        self._kept = b""
        self._waiting = ExitStack()
        self._timer: asyncio.TimerHandle | None = None
        self.passed = False

    def receive(self, data: bytes) -> None:
        """Bytes from the client, as long as not all is `passed`."""
        self._kept += data
        if self._timer is not None:
            if len(self._kept) > MAX_HEAD_BYTES:
                self._hang_up()
        elif not shutouts.any_lasts() or len(self._kept) > MAX_HEAD_BYTES:
            self._pass()
        elif END_OF_HEAD in self._kept:
            self._decide()

    def lost(self) -> None:
        """The client has gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.close()

    def _decide(self) -> None:
        shut_out = shut_out_of(self._kept, self._is_held)
        if shut_out is None:
            self._pass()
        elif shut_out.can_hold():
            seconds = self._waiting.enter_context(shut_out.holding())
            self._timer = asyncio.get_running_loop().call_later(seconds, self._release, shut_out)
        else:
            self._hang_up()

    def _release(self, shut_out: ShutOut) -> None:
        """To the application, for its refusal."""
        self._waiting.close()
        shut_out.released += 1
        self._pass()

    def _pass(self) -> None:
        self.passed = True
        self._pass_on(self._kept)
        self._kept = b""


def shut_out_of(head: bytes, is_held: IsHeld) -> ShutOut | None:
    """The shut-out that lasts for the client who sends this request to one of our transports."""
    credential = _credential_in(head.partition(END_OF_HEAD)[0], is_held)
    return shutouts.of_credential(credential) if credential is not None else None


@lru_cache(maxsize=HEADS_REMEMBERED)
def _credential_in(head: bytes, is_held: IsHeld) -> Credential | None:
    """A client that comes again and again sends the same head, whose parsing would be half of what it costs."""
    try:
        scope = scope_of(head)
        return credential_of(build_request(scope)) if is_held(scope) else None
    except (ValueError, Refused):  # for the server to refuse
        return None


def scope_of(head: bytes) -> Scope:
    """What a server would make of the head of a request, as far as we need it. Raises ValueError."""
    line, *fields = head.split(b"\r\n")
    method, target, _version = line.split(b" ")
    path, _, query = target.partition(b"?")
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (field.partition(b":") for field in fields)]
    kind = (
        "websocket" if any(field[0] == b"upgrade" and field[1].lower() == b"websocket" for field in headers) else "http"
    )
    return {
        "type": kind,
        "method": method.decode("ascii"),
        "path": unquote(path.decode("ascii")),
        "query_string": query,
        "headers": headers,
    }


async def hold(shut_out: ShutOut, receive: Receive, hang_up: Callable[[], None]) -> bool:
    """Keep a client waiting, and hang up on one too many. Whether it is still there, to be refused."""
    if shut_out.released:
        shut_out.released -= 1
        return True
    if not shut_out.can_hold():
        hang_up()
        await _gone(receive, GONE_SECONDS)
        return False
    with shut_out.holding() as seconds:
        return not await _gone(receive, seconds)


async def _gone(receive: Receive, seconds: float) -> bool:
    """Wait so long at most; whether the client has gone."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not (await receive())["type"].endswith(".disconnect"):
                pass
        return True
    return False
