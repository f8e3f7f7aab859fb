"""The bus: nudges ("these users' state may have changed") to the hubs of this process and of all others.

A nudge carries ids, never state, so a lost or doubled one is harmless. It reaches the hubs of this process directly,
and the others over one group of the Channels layer, if that layer crosses processes. The process that wrote publishes
it, and so does the worker that has its task: hubs act on the first of the two.
"""

import asyncio
import logging
import os
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

from inbox.core.circuit import Circuit
from inbox.core.snapshots import UserId

from ..conf import REMOTE_TIMEOUT

logger = logging.getLogger(__name__)

GROUP = "reddot.nudges"
NOBODY = "reddot.nobody"  # a group that nobody joins


@dataclass(frozen=True, slots=True)
class Nudge:
    """`users` may see something new, or everybody if it is None. `item` hints at what arrived, for a toast.

    `recheck`: their credentials may have ended; no state has changed. A hub of an older version ignores this field and
    reads their state for nothing. Nudges with the same `id` tell of the same commit, all of them after it; one without
    is always acted on.
    """

    users: list[UserId] | None
    item: str | None = None
    recheck: bool = False
    id: str = ""

    def as_dict(self) -> dict[str, Any]:
        who = {"everyone": True} if self.users is None else {"users": self.users}
        return {**who, "item": self.item, "recheck": self.recheck, "id": self.id}


def new_id() -> str:
    """An id for a nudge that is published more than once."""
    return secrets.token_urlsafe(12)


def parse(message: dict[str, Any]) -> Nudge:
    """The nudge in a bus message; `ValueError` for anything else (another version of us may be on the bus)."""
    users, item, nudge_id = message.get("users"), message.get("item"), message.get("id", "")
    if message.get("everyone") is True:
        users = None
    elif not isinstance(users, list) or not all(isinstance(user, int | str) for user in users):
        raise ValueError("a nudge names users or everyone")
    if item is not None and not isinstance(item, str):
        raise ValueError("the item of a nudge is a string")
    if not isinstance(nudge_id, str):
        raise ValueError("the id of a nudge is a string")
    return Nudge(users, item, message.get("recheck") is True, nudge_id)


def crossing_layer() -> Any | None:
    """The channel layer, if it reaches other processes."""
    layer = get_channel_layer()
    return None if isinstance(layer, InMemoryChannelLayer) else layer


_hearers: list[Callable[[Nudge], None]] = []  # the hubs of this process; none in a worker


def hear(hearer: Callable[[Nudge], None]) -> None:
    """Call `hearer`, in any thread, with every nudge that this process publishes."""
    _hearers.append(hearer)


def publish(nudge: Nudge) -> None:
    """To the hubs of this process, then to the others. Never raises; waits for Redis 2 s at most."""
    publish_here(nudge)
    publish_elsewhere(nudge)


def publish_here(nudge: Nudge) -> None:
    """To the hubs of this process. Never raises, and waits for nothing."""
    for hearer in _hearers:
        hearer(nudge)


def publish_elsewhere(nudge: Nudge) -> None:
    """To the hubs of other processes. Never raises; waits for Redis 2 s at most."""
    _publisher.publish({"type": "nudge", "from": _publisher.name, **nudge.as_dict()})


def ping() -> None:
    """Send an empty message over the connection that nudges use. Raises what the layer raises, or TimeoutError."""
    _publisher.ping()


def is_own(message: dict[str, Any]) -> bool:
    """Whether this process published it: its hubs have it already."""
    return bool(message.get("from") == _publisher.name)


class Publisher:
    """Publishes on the layer from any thread, over one kept connection, on a loop of its own made after fork."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._circuit = Circuit("The channel layer")

    def publish(self, message: dict[str, Any]) -> None:
        layer = crossing_layer()
        if layer is None or not self._circuit.allows():
            return
        try:
            self._send(layer, GROUP, message)
            self._circuit.succeeded()
        except Exception:  # noqa: BLE001 (whatever the layer's library raises; the circuit logs it)
            self._circuit.trip()

    def ping(self) -> None:
        layer = crossing_layer()
        if layer is not None:
            self._send(layer, NOBODY, {"type": "ping"})

    def _send(self, layer: Any, group: str, message: dict[str, Any]) -> None:
        sending = asyncio.run_coroutine_threadsafe(layer.group_send(group, message), self._running_loop())
        try:
            sending.result(REMOTE_TIMEOUT)
        finally:
            sending.cancel()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                try:
                    threading.Thread(target=loop.run_forever, name="push-bus", daemon=True).start()
                except BaseException:
                    loop.close()
                    raise
                self._loop = loop
            return self._loop


def _renew() -> None:
    global _publisher
    _publisher = Publisher()


_publisher = Publisher()
os.register_at_fork(after_in_child=_renew)
