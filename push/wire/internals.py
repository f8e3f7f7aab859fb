"""The private names of other libraries that we use, and what happens if one is missing.

The one list of it. Looked through when a web process starts (a warning in its log) and by `manage.py check`, so that an
upgrade which renames something is noticed there, and not by the first client it harms.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Use:
    """Names that `holder` (a class, or "" for the module itself) must have; of `a|b` one is enough."""

    module: str
    holder: str
    names: tuple[str, ...]
    otherwise: str  # what happens if one is missing

    def missing(self, module: ModuleType) -> list[str]:
        """The names that an imported module lacks."""
        holder = getattr(module, self.holder, None) if self.holder else module
        return [name for name in self.names if not any(has(holder, either) for either in name.split("|"))]


NO_LIMIT = "the server's own limit of frames stays, until the application sees a frame"
NO_METER = "frames are counted only once the server has parsed them"
ONE_TASK = "each frame is written by a task of its own, and slow clients are noticed later"
NO_NEWCOMERS = "silent connections are not dropped"
NO_BODIES = "daphne stores bodies of any size before they are refused"
NO_EVENTS = "/push/sse/ and /push/events/ do not work"

HTTPTOOLS, H11 = "uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.http.h11_impl"
SANS_IO = "uvicorn.protocols.websockets.websockets_sansio_impl"
AUTOBAHN = "autobahn.websocket.protocol"

USES = (
    Use(HTTPTOOLS, "HttpToolsProtocol", ("connection_made", "data_received", "cycle", "transport"), NO_NEWCOMERS),
    Use(HTTPTOOLS, "HttpToolsProtocol", ("on_response_complete", "connection_lost"), NO_NEWCOMERS),
    Use(
        HTTPTOOLS,
        "HttpToolsProtocol",
        ("timeout_keep_alive_task", "on_message_begin", "on_headers_complete"),
        NO_NEWCOMERS,
    ),
    Use(HTTPTOOLS, "HttpToolsProtocol", ("on_headers_complete", "on_body", "on_message_complete"), NO_NEWCOMERS),
    Use(HTTPTOOLS, "RequestResponseCycle", ("send", "transport"), ONE_TASK),
    Use(HTTPTOOLS, "RequestResponseCycle", ("response_complete",), NO_NEWCOMERS),
    Use(H11, "H11Protocol", ("connection_made", "data_received", "cycle", "transport"), NO_NEWCOMERS),
    Use(H11, "H11Protocol", ("on_response_complete", "connection_lost"), NO_NEWCOMERS),
    Use(H11, "H11Protocol", ("timeout_keep_alive_task", "conn"), NO_NEWCOMERS),
    Use(H11, "RequestResponseCycle", ("send", "transport"), ONE_TASK),
    Use(H11, "RequestResponseCycle", ("response_complete",), NO_NEWCOMERS),
    Use(SANS_IO, "WebSocketsSansIOProtocol", ("send", "transport", "conn"), ONE_TASK),
    Use(SANS_IO, "WebSocketsSansIOProtocol", ("data_received",), NO_METER),
    Use("websockets.protocol", "Protocol", ("state",), ONE_TASK),
    Use("websockets.protocol", "Protocol", ("max_size|max_message_size",), NO_LIMIT),
    Use("uvicorn.protocols.websockets.wsproto_impl", "WebsocketBuffer", ("max_length",), NO_LIMIT),
    Use("uvicorn.protocols.websockets.wsproto_impl", "WSProtocol", ("buffer", "data_received"), NO_METER),
    Use("daphne.server", "Server", ("handle_reply",), ONE_TASK),
    Use("daphne.http_protocol", "HTTPFactory", ("buildProtocol",), NO_NEWCOMERS),
    Use("daphne.http_protocol", "WebRequest", ("gotLength", "handleContentChunk", "process", "finish"), NO_BODIES),
    Use("twisted.web.http", "HTTPChannel", ("requests", "requestFactory", "loseConnection"), NO_NEWCOMERS),
    Use("twisted.web.http", "_GenericHTTPChannelProtocol", ("requestFactory",), NO_NEWCOMERS),
    Use("twisted.internet.abstract", "FileDescriptor", ("_tempDataLen", "dataBuffer", "offset"), ONE_TASK),
    Use("twisted.internet.tcp", "Connection", ("abortConnection", "pauseProducing", "protocol"), ONE_TASK),
    Use(AUTOBAHN, "WebSocketProtocol", ("sendCloseFrame", "STATE_OPEN"), ONE_TASK),
    Use(AUTOBAHN, "WebSocketProtocol", ("maxMessagePayloadSize", "maxFramePayloadSize", "failByDrop"), NO_LIMIT),
    Use("autobahn.twisted.websocket", "WebSocketAdapterProtocol", ("dataReceived",), NO_METER),
    Use("django_eventstream.views", "", ("get_listener_manager", "Listener", "ListenerManager"), NO_EVENTS),
    Use("django_eventstream.views", "ListenerManager", ("lock", "listeners_by_channel"), NO_EVENTS),
    Use("django_eventstream.views", "ListenerManager", ("add_listener", "remove_listener"), NO_EVENTS),
    Use("django_eventstream.views", "Listener", ("channel_items", "overflow", "wake_threadsafe"), NO_EVENTS),
    Use("django_eventstream.eventrequest", "EventRequest", ("channels", "channel_last_ids"), NO_EVENTS),
    Use("django_eventstream.utils", "", ("get_channelmanager", "sse_encode_event", "sse_encode_error"), NO_EVENTS),
)


def has(holder: Any, name: str) -> bool:
    """Whether a module or class has that name, or instances of the class, as far as `__init__` and tables tell."""
    if hasattr(holder, name):
        return True
    init = getattr(getattr(holder, "__init__", None), "__code__", None)
    tables = (getattr(holder, table, ()) for table in ("CONFIG_ATTRS_COMMON", "CONFIG_ATTRS_SERVER", "__annotations__"))
    return name in getattr(init, "co_names", ()) or any(name in table for table in tables)


def lacks(*modules: str) -> bool:
    """Whether a name of these modules is missing, so that they must be left as they are."""
    return any(missing for _use, missing in look_through(modules))


def look_through(modules: Iterable[str] | None = None) -> Iterator[tuple[Use, list[str]]]:
    """Uses with names that are missing, of modules that are loaded; of these only, if given."""
    for use in USES:
        module = sys.modules.get(use.module)
        if module is not None and (modules is None or use.module in modules) and (gone := use.missing(module)):
            yield use, gone


def describe(use: Use, missing: list[str]) -> str:
    place = ".".join(filter(None, [use.module, use.holder]))
    return f"{place} has no {', '.join(missing)}: {use.otherwise}."


def warn() -> None:
    """Log what is missing of what this process has loaded."""
    for use, missing in look_through():
        logger.warning("%s This version of the library is not supported.", describe(use, missing))


def import_all() -> None:
    """Load what is installed, for a check outside of a server."""
    for name in {use.module for use in USES}:
        if find_spec(name.partition(".")[0]) is not None:
            try:
                import_module(name)
            except ImportError as error:  # an optional dependency of it, such as wsproto
                logger.debug("%s cannot be imported: %s", name, error)
