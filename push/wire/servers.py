"""What ASGI does not offer, done on the server's own objects behind `send` and `receive`.

With the other modules of `push.wire` the only place that knows servers. What a server lacks is skipped.
"""

import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

from ..conf import SEND_BUFFER_BYTES, UNACKNOWLEDGED_SECONDS

Scope = MutableMapping[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

# Where WebSocket protocols keep their limit: attribute of the protocol that holds it (itself if empty) -> names.
FRAME_LIMITS = {
    # daphne (binds what we send as well: frames.MAX_ITEM keeps it below); uvicorn with websockets' old API
    "": ("maxMessagePayloadSize", "maxFramePayloadSize", "max_size"),
    # uvicorn with websockets' sans-I/O API: before and since websockets 16
    "conn": ("max_size", "max_message_size"),
    "buffer": ("max_length",),  # uvicorn with wsproto
}

# Without a bound the kernel grows to megabytes what it keeps for a client that reads nothing, and resends for a quarter
# of an hour to one that is gone. There is something to acknowledge every `KEEP_ALIVE_SECONDS`.
SOCKET_OPTIONS = [(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)]
if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
    SOCKET_OPTIONS.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_SECONDS * 1000))


def put_meter(send: Send, passes: Callable[[bytes], bool]) -> bool:
    """Call `passes` with all bytes before the server's protocol gets them; if it returns False, reading stops.

    False on a server whose protocol is not known. Call it before the connection is accepted.
    """
    protocol = owner(send)
    transport: Any = getattr(protocol, "transport", None)
    if hasattr(protocol, "data_received") and hasattr(transport, "set_protocol"):
        protocol.data_received = _metered(protocol.data_received, passes, transport.pause_reading)
        transport.set_protocol(protocol)  # uvloop has kept the method
        return True
    if hasattr(protocol, "dataReceived") and hasattr(transport, "pauseProducing"):
        protocol.dataReceived = _metered(protocol.dataReceived, passes, transport.pauseProducing)
        if early := getattr(protocol, "data", b""):  # autobahn keeps what comes before the handshake is answered
            passes(early)
        return True
    return False


def _metered(
    receive: Callable[[bytes], None], passes: Callable[[bytes], bool], pause: Callable[[], None]
) -> Callable[[bytes], None]:
    def metered(data: bytes) -> None:
        if passes(data):
            receive(data)
        else:
            pause()

    return metered


def limit_frames(send: Send, size: int) -> None:
    """Make the server itself refuse larger messages with 1009 before it has them in memory, where it can."""
    protocol = owner(send)
    for path, names in FRAME_LIMITS.items():
        holder = getattr(protocol, path, None) if path else protocol
        for name in names:
            if hasattr(holder, name):
                setattr(holder, name, size)
    if hasattr(protocol, "failByDrop"):  # autobahn: say why instead of just hanging up
        protocol.failByDrop = False


def bound(send: Send) -> None:
    """Limit the kernel's send buffer, and drop a client that acknowledges nothing (RFC 5482)."""
    transport: Any = getattr(owner(send), "transport", None)
    if hasattr(transport, "get_extra_info"):
        connection = transport.get_extra_info("socket")
    else:
        connection = getattr(transport, "socket", None)
    if connection is None:
        return
    for level, option, value in SOCKET_OPTIONS:
        with suppress(OSError):  # a Unix socket, or one that is gone
            connection.setsockopt(level, option, value)


def hide_query(send: Send, query: bytes) -> None:
    """daphne writes its access log from the address it was asked for; other servers from the scope."""
    protocol = owner(send)
    address = getattr(protocol, "uri", None)
    if isinstance(address, bytes):
        protocol.uri = address.partition(b"?")[0] + b"?" + query


def owner(send: Send) -> Any:
    """The protocol or request cycle behind `send`: uvicorn's method of it, daphne's partial(handle_reply, protocol)."""
    return send.args[0] if isinstance(send, partial) and send.args else getattr(send, "__self__", None)


def is_of(instance: object, package: str) -> bool:
    """Whether the class of an instance, or one of its base classes, is defined in this package or module."""
    kind = type(instance)
    if (kind, package) not in _origins:
        _origins[kind, package] = any(f"{base.__module__}.".startswith(f"{package}.") for base in kind.__mro__)
    return _origins[kind, package]


_origins: dict[tuple[type, str], bool] = {}
