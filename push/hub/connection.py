"""An open connection as the hub sees it: whose it is, what it was last sent, and one slot for what comes next."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, Protocol, TypeVar

from inbox.core.snapshots import UserId

from ..frames import Update
from ..gate import openings, shutouts
from ..gate.credentials import Credential
from ..refusals import RESTARTING, Refusal
from ..wire import Wire
from ..wire.servers import Message
from .changes import Changes
from .counts import Tally, tally_of

P = ParamSpec("P")
T = TypeVar("T")


class Owner(Protocol):
    """The hub, as far as a connection uses it."""

    loop: AbstractEventLoop
    changes: Changes

    def holds(self, connection: "Connection") -> bool: ...

    def ask(self, connection: "Connection") -> None: ...

    def deliver(self, connection: "Connection", write: Callable[[], object]) -> object: ...

    def refuse(self, connection: "Connection", refusal: Refusal) -> None: ...

    def leave(self, connection: "Connection") -> None: ...

    def call_soon(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None: ...

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...


class Connection:
    """One connection. Transports derive from it and say how it opens, speaks and ends.

    The hub sets `user` once the credential is verified; nothing of a user's is written before. A frame is written
    only to an idle wire; otherwise the newest waits in `slot` and the connection is lagging.
    """

    __slots__ = (
        "asked",
        "credential",
        "hub",
        "language",
        "names_language",
        "number",
        "refusal",
        "sent",
        "slot",
        "user",
        "wire",
    )

    keeps_alive: ClassVar[bool] = False
    tally: ClassVar[Tally] = tally_of("other")

    def __init__(self, wire: Wire, credential: Credential, language: str, names_language: bool = True) -> None:
        self.wire = wire
        self.credential = credential
        self.language = language
        self.names_language = names_language  # else it becomes what the user chose last
        self.hub: Owner | None = None
        self.number = 0  # spreads connections over the seconds of a resync interval
        self.user: UserId | None = None
        self.sent = -1
        self.slot: Update | None = None
        self.asked = False  # the client asked for its state: send it even if it has it
        self.refusal: Refusal | None = None

    # What a transport says

    @staticmethod
    def encode(update: Update, text: str) -> Any:
        """The frame of an update, whose JSON is `text`."""
        raise NotImplementedError

    def admitted(self) -> None:
        """`user` is known; the first state follows as soon as the wire is idle, unless the user is shut out."""
        if self.user is None or self.hub is None:
            return
        openings.belongs_to(self.credential, self.user)
        if self.refusal is None and (shut_out := shutouts.extends_to(self.credential, self.user)):
            self.hub.refuse(self, shut_out.refusal())

    def open(self, update: Update) -> bool:
        """Begin a verified connection with its first state. False: nothing was sent, the client has that state."""
        self._write(update)
        return True

    def keep_alive(self) -> None:
        """Show proxies a sign of life; called every `KEEP_ALIVE_SECONDS` if `keeps_alive`."""

    def refuse(self, refusal: Refusal) -> None:
        """Tell the client why and end the connection. May come before or after `open`."""
        raise NotImplementedError

    def restart(self) -> None:
        """The server stops: send the client elsewhere."""
        self.refuse(RESTARTING)

    def left(self) -> None:
        """The hub has removed this connection: release what it holds elsewhere. May be called more than once."""

    # What a transport does

    def leave_hub(self) -> None:
        """The client has gone. Harmless if no hub holds the connection."""
        if self.hub is not None:
            self.hub.leave(self)

    def restart_if_held(self) -> None:
        """The server cancels what it serves: have the client connect again."""
        if self.hub is not None and self.hub.holds(self):
            self.hub.deliver(self, self.restart)

    # What the hub does

    def offer(self, update: Update) -> bool:
        """Write it if it is news and the wire is idle. False: it is news, but has to wait in the slot."""
        if update.version < self.sent or (update.version == self.sent and not self.asked):
            return True
        if not self.wire.idle():
            self._keep(update)
            return False
        if self.sent >= 0:
            self._write(update)
            self.tally.sent += 1
        elif self.open(update):
            self.tally.sent += 1
        self.sent, self.slot, self.asked = update.version, None, False
        return True

    def flush(self) -> bool:
        """Write what waits in the slot. True: nothing waits any more."""
        if self.slot is not None:
            return self.offer(self.slot)
        return self.wire.idle()

    def _keep(self, update: Update) -> None:
        if self.slot is not None and self.slot.version < update.version:
            self.tally.conflated += 1
        self.slot = update

    def _write(self, update: Update) -> None:
        self.wire.write(update.frame(self.encode, self.language, self.sent))

    def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            self.wire.write(message)
