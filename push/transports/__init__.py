"""The transports. Each is one module or package; what is held open beside Django has one line in `HELD`."""

from collections.abc import Awaitable, Callable

from ..gate import Scope
from ..wire.servers import Receive, Send
from . import changes, http, iframe, polling, sse, websocket

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# (type of connection, name of its route in push.urls) -> the ASGI application that holds it.
HELD: dict[tuple[str, str], Application] = {
    ("websocket", "websocket"): websocket.application,
    ("http", "websocket"): http.demand_websocket,
    ("http", "sse"): sse.application,
    ("http", "poll"): polling.application,
    ("http", "iframe"): iframe.application,
    ("http", "changes"): changes.application,
}

# Routes that may also be plain requests: whether this one is to be held.
HELD_IF: dict[str, Callable[[Scope], bool]] = {
    "poll": polling.wants_to_wait,
}
