"""An event stream without content: it says that something may have changed, and the page reads it anew.

For pages in Django's admin that count what all users do. Nobody else may open it, because it tells when others are
active. The page's own requests check what it may show.
"""

from asyncio import Task

from inbox import selectors
from inbox.core.isolation import log_failure

from ..frames import Update
from ..gate import Scope, Visitor
from ..hub.counts import tally_of
from ..refusals import NOT_ALLOWED, UNAVAILABLE
from ..wire import Wire
from ..wire.servers import Receive, Send
from .eventstream import KEEP_ALIVE
from .http import HttpConnection, hold
from .sse import START, body

CHANGED = body("data: changed\n\n")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await hold(scope, receive, send, ChangesConnection)


class ChangesConnection(HttpConnection):
    """The hub tells it what changes for its own user, as any connection; that is ignored here."""

    __slots__ = ("checking",)

    keeps_alive = True
    tally = tally_of("changes")

    def __init__(self, wire: Wire, visitor: Visitor) -> None:
        super().__init__(wire, visitor)
        self.checking: Task[None] | None = None

    def offer(self, update: Update) -> bool:
        if self.sent < 0 and self.hub is not None:
            self.checking = self.hub.loop.create_task(self._begin_if_allowed())
        self.sent = update.version
        return True

    def flush(self) -> bool:
        return self.wire.idle()

    def keep_alive(self) -> None:
        if self.started:
            self.wire.write({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})

    def left(self) -> None:
        if self.checking is not None:
            self.checking.cancel()
        if self.hub is not None:
            self.hub.changes.forget(self)

    async def _begin_if_allowed(self) -> None:
        hub = self.hub
        if hub is None or self.user is None:
            return
        try:
            is_allowed = await hub.call(selectors.may_see_effects, self.user)
        except Exception:  # noqa: BLE001 (logged there)
            log_failure("Checking a permission")
            hub.refuse(self, UNAVAILABLE)
            return
        if not is_allowed:
            hub.refuse(self, NOT_ALLOWED)
        elif hub.holds(self):
            hub.deliver(self, self._begin)

    def _begin(self) -> None:
        """What changed before is in what the page reads when the stream opens."""
        if self.begin_stream(START) and self.hub is not None:
            self.wire.write(body(": open\n\n"))
            self.hub.changes.listen(self, self._tell)

    def _tell(self) -> None:
        if self.hub is not None:
            self.hub.deliver(self, self._write_change)

    def _write_change(self) -> bool:
        """One that is busy is told the next time, or dropped."""
        if not self.wire.idle():
            return False
        self.wire.write(CHANGED)
        return True
