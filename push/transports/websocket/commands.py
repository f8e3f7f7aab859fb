"""The commands of a client on a WebSocket, one in each frame. `COMMANDS` is the table of them.

What a user does to items (`read`, `read_all`, `undo`) is answered with `written`: how many items have changed, and the
token that undoes it. The state comes as after every write, perhaps before the answer. If a write fails midway,
`written` says what it has changed, and the error follows.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from inbox import services
from inbox.core.isolation import log_failure
from inbox.core.patience import is_unavailable
from inbox.core.snapshots import MAX_VERSION, UserId
from inbox.errors import BadValue, InboxError

from ...conf import BULK
from ...gate.limits import WRITE_COST
from ...refusals import UNAVAILABLE
from ...wire.servers import Message
from .codecs import JSON, MSGPACK, Codec
from .connection import WebSocketConnection

MALFORMED = {
    JSON: _("A frame is one JSON object, sent as text."),
    MSGPACK: _("A frame is one MessagePack map, sent as binary."),
}


class BadFrame(InboxError):
    """A frame that cannot be understood; `code` says how."""

    def __init__(self, code: str, detail: Any) -> None:
        super().__init__(str(detail))
        self.code = code


class Unavailable(InboxError):
    """The database is away, takes no writes, or is busy beyond our patience."""

    code = UNAVAILABLE.code

    def __init__(self) -> None:
        super().__init__(str(UNAVAILABLE.detail))


async def run(connection: WebSocketConnection, message: Message) -> None:
    """Run the command in a message. Raises `InboxError` with what the client did wrong, or `Unavailable`."""
    frame = parse(connection.codec, message)
    await COMMANDS[frame["type"]](connection, frame)


def parse(codec: Codec, message: Message) -> dict[str, Any]:
    """The frame in a message. Raises `BadFrame`."""
    try:
        frame = codec.load(message)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict):
        raise BadFrame("bad_json", MALFORMED[codec])
    if frame.get("type") not in tuple(COMMANDS):
        raise BadFrame("unknown_type", _("Known types of frames: %s.") % ", ".join(COMMANDS))
    return frame


async def ping(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    connection.reply({"type": "pong"})


async def sync(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    """Answered with the state of now."""
    if connection.hub is not None:
        connection.hub.ask(connection)


async def mark_read(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    refs = frame.get("refs")
    if not isinstance(refs, list) or len(refs) > BULK or not all(isinstance(ref, str) for ref in refs):
        raise BadValue(str(_("“refs” is a list of at most %d strings.") % BULK))
    seen = frame.get("version")
    if seen is not None and not _is_version(seen):
        raise BadValue(str(_("“version” is that of what was shown.")))
    await _act(connection, frame, partial(services.mark_read, seen=seen), refs)


async def mark_all_read(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    up_to = frame.get("up_to")
    if not _is_version(up_to):
        raise BadValue(str(_("“up_to” is the version of the list that was shown.")))
    await _act(connection, frame, services.mark_all_read, up_to)


async def undo(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    token = frame.get("undo")
    if not isinstance(token, str):
        raise BadValue(str(_("“undo” is the token of what is to be undone.")))
    await _act(connection, frame, services.undo, token)


async def see(connection: WebSocketConnection, frame: dict[str, Any]) -> None:
    up_to = frame.get("up_to")
    if not _is_version(up_to):
        raise BadValue(str(_("“up_to” is the version of the list that was shown.")))
    await _write(connection, services.see, up_to)


def _is_version(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_VERSION


class Recorded:
    """A service that is called as one act, which can be undone. `token`: the client's own, if it has chosen one."""

    def __init__(self, service: Callable[..., Any], token: str | None) -> None:
        self._service, self._token = service, token
        self.act: services.Act | None = None
        self.numbers: dict[str, int] = {}

    def __call__(self, user: UserId, argument: Any) -> None:
        with services.recording(user, self._token) as self.act:
            found = self._service(user, argument)
        self.numbers = found._asdict() if isinstance(found, services.Undone) else {}

    def tell(self, connection: WebSocketConnection) -> None:
        """Send what was changed. The act has begun."""
        assert self.act is not None
        connection.reply({"type": "written", "changed": self.act.changed, "undo": self.act.undo, **self.numbers})


async def _act(
    connection: WebSocketConnection, frame: dict[str, Any], service: Callable[..., Any], argument: Any
) -> None:
    """Call a service that changes items."""
    token = frame.get("act")
    if token is not None and not isinstance(token, str):
        raise BadValue(str(_("“act” is a token of your own.")))
    recorded = Recorded(service, token)
    try:
        await _write(connection, recorded, argument)
    except Exception:
        if recorded.act is not None and recorded.act.undo is not None:
            recorded.tell(connection)
        raise
    if recorded.act is not None:
        recorded.tell(connection)


async def _write(connection: WebSocketConnection, service: Callable[..., Any], argument: Any) -> None:
    """Call a service of the inbox for the user; the answer is the state after it."""
    if not connection.meter.charge(WRITE_COST):
        return
    connection.wire.hold_input(True)
    try:
        await connection.until_verified()
        if connection.user is not None and connection.hub is not None and connection.refusal is None:
            await connection.hub.call(service, connection.user, argument)
            connection.hub.ask(connection)
    except Exception as error:
        if not is_unavailable(error):
            raise
        log_failure("A write from a WebSocket")
        raise Unavailable from error
    finally:
        connection.wire.hold_input(False)


Command = Callable[[WebSocketConnection, dict[str, Any]], Awaitable[None]]

# The `type` of a frame -> what it asks for.
COMMANDS: dict[str, Command] = {
    "ping": ping,
    "read": mark_read,
    "read_all": mark_all_read,
    "seen": see,
    "sync": sync,
    "undo": undo,
}
