"""Polling: one resource, short or long. `GET /push/poll/` is a Django view; with `If-None-Match` and `Prefer: wait=…`
(RFC 7240) it is held here until there is something newer."""

import asyncio
import re
from typing import Any

from django.utils.http import parse_etags

from inbox.core.snapshots import Snapshot
from inbox.http import preconditions

from ..conf import MAX_WAIT_SECONDS, resync_seconds
from ..frames import Update
from ..gate import Scope, Visitor, openings
from ..hub.counts import tally_of
from ..wire import Wire
from ..wire.servers import Message, Receive, Send
from .http import HttpConnection, hold

# RFC 7240: a list of preferences, each `name[=value][; parameters]`, value a token or a quoted string.
WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*(?:"(\d+)"|(\d+))\s*(?=[,;]|$)', re.IGNORECASE)


def etag(snapshot: Snapshot) -> str:
    """The entity tag of a state: user and version."""
    return f'"{snapshot.user}-{snapshot.version}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether the client has this state. What is malformed matches nothing."""
    return preconditions.matches(parse_etags(if_none_match), tag)


def parse_wait(prefer: str) -> int | None:
    """Seconds the client is ready to wait, at most `MAX_WAIT_SECONDS`; None if it says nothing that makes sense."""
    found = WAIT.search(prefer)
    if found is None:
        return None
    digits = (found[1] or found[2]).lstrip("0") or "0"
    return MAX_WAIT_SECONDS if len(digits) > 2 else min(int(digits), MAX_WAIT_SECONDS)


def headers(snapshot: Snapshot) -> dict[str, str]:
    """Headers of every answer of the resource, 200 and 304 alike."""
    return {
        "ETag": etag(snapshot),
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, Authorization",
        "X-Poll-Interval": str(resync_seconds()),
    }


def wants_to_wait(scope: Scope) -> bool:
    """Only a GET that names a state and asks for a wait is held; everything else is a plain request.

    `*` names none, and another condition is the view's to evaluate.
    """
    names_a_state = _header(scope, b"if-none-match").strip() not in ("", "*") and not _header(scope, b"if-match")
    return scope["method"] == "GET" and names_a_state and _wait(scope) is not None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    wait, known = _wait(scope) or 0, _header(scope, b"if-none-match")
    await hold(scope, receive, send, lambda wire, visitor: PollConnection(wire, visitor, known, wait))


class PollConnection(HttpConnection):
    """A request that waits for a state other than the one it names."""

    __slots__ = ("deadline", "known", "shown", "wait")

    tally = tally_of("long-poll")

    def __init__(self, wire: Wire, visitor: Visitor, known: str, wait: int) -> None:
        super().__init__(wire, visitor)
        self.known = known
        self.wait = wait
        self.deadline: asyncio.TimerHandle | None = None
        self.shown: Snapshot | None = None

    @staticmethod
    def encode(update: Update, text: str) -> list[Message]:
        return _answer(200, update.snapshot, text.encode(), ())

    def open(self, update: Update) -> bool:
        if not matches(self.known, etag(update.snapshot)):
            return super().open(update)
        self.shown = update.snapshot
        if self.hub is not None:
            self.deadline = self.hub.loop.call_later(self.wait, self.hub.deliver, self, self.restart)
        return False

    def left(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()

    def restart(self) -> None:
        """Nothing new, be it the deadline or the end of the server: 304, and the client asks again."""
        if self.shown is None:
            super().restart()
            return
        if self.wait:
            openings.give_back(self.credential)
        applied = (b"preference-applied", b"wait=%d" % self.wait)
        self._finish(_answer(304, self.shown, b"", (applied,)))

    def _write(self, update: Update) -> None:
        if self.shown is not None:  # it has waited for this
            openings.give_back(self.credential)
        self._finish(update.frame(self.encode, self.language, self.sent))

    def _finish(self, messages: list[Message]) -> None:
        self.answer(messages)
        self.leave_hub()


def _answer(status: int, snapshot: Snapshot, body: bytes, more: tuple[tuple[bytes, bytes], ...]) -> list[Message]:
    fields = [(name.lower().encode(), value.encode()) for name, value in headers(snapshot).items()]
    if status == 200:
        fields += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": [*fields, *more]}
    return [start, {"type": "http.response.body", "body": body}]


def _wait(scope: Scope) -> int | None:
    return parse_wait(_header(scope, b"prefer"))


def _header(scope: Scope, name: bytes) -> str:
    """The header's value; several fields of the name count as one list (RFC 9110, 5.3)."""
    return ", ".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)
