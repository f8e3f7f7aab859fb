"""A hub's subscription to the nudges of other processes, and the probes that show whether it still works.

A layer may stop delivering without a word: RedisChannelLayer forgets who is in a group after `group_expiry` (a day), or
when Redis is flushed or restarted; a connection that a firewall has dropped looks open. So each hub publishes a *probe*
to the group now and then, and expects it back. If it does not come, the hub subscribes again, over new connections.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from .. import conf
from ..concurrency.supervision import cancel
from ..conf import REMOTE_TIMEOUT
from . import bus
from .bus import GROUP, Nudge

logger = logging.getLogger(__name__)

PROBE_SECONDS = 20.0  # from one probe to the next
PATIENCE = 2.5  # seconds until a probe is lost
PROBES = 2  # lost in a row: the layer does not deliver. One may be lost by chance, as when Redis restarts
LEAST_SECONDS = 0.2  # between probes, whatever the layer's expiry is
POP_SECONDS = 1  # RedisChannelLayer waits so long for a message; longer than a socket's timeout would be an error


class LostError(Exception):
    """The layer does not deliver what is published."""


async def listen(nudged: Callable[[Nudge], None], subscribed: Callable[[], None]) -> None:
    """Call `nudged` with every nudge of other processes, without end, and `subscribed` after each subscription: what
    was published before it is lost. Raises what the layer raises."""
    if bus.crossing_layer() is None:
        await asyncio.Event().wait()
    while True:
        layer = _own_layer()
        try:
            await _listen(layer, nudged, subscribed)
        except LostError:
            logger.warning("The channel layer %s loses messages; subscribing again", _name(layer))
        finally:
            await _close(layer)


async def _listen(layer: Any, nudged: Callable[[Nudge], None], subscribed: Callable[[], None]) -> None:
    async with asyncio.timeout(2 * REMOTE_TIMEOUT):
        channel = await layer.new_channel("push.")
        await layer.group_add(GROUP, channel)
    subscribed()
    echo = Echo(layer, channel)
    try:
        await _together(_receive(layer, channel, nudged, echo), echo.watch())
    finally:
        await _leave(layer, channel)


async def _leave(layer: Any, channel: str) -> None:
    try:
        async with asyncio.timeout(REMOTE_TIMEOUT):
            await layer.group_discard(GROUP, channel)
    except Exception as error:  # noqa: BLE001 (whatever the layer's library raises)
        logger.info("%s could not leave the group: %r", _name(layer), error)


async def _receive(layer: Any, channel: str, nudged: Callable[[Nudge], None], echo: "Echo") -> None:
    """A message that is no nudge is skipped, even if the layer can't read it: it has left the channel by then."""
    while True:
        try:
            nudge = _nudge(await layer.receive(channel), echo)
        except (ValueError, TypeError) as error:
            logger.warning("Not a nudge: %s", error)
        else:
            if nudge is not None:
                nudged(nudge)


def _nudge(message: Any, echo: "Echo") -> Nudge | None:
    """Raises `ValueError` for what is no nudge."""
    if not isinstance(message, dict):
        raise ValueError("a message is an object")
    if "probe" in message:
        echo.hear(message["probe"])
        return None
    return None if bus.is_own(message) else bus.parse(message)


class Echo:
    """Publishes probes to the group and waits for them; renews the membership."""

    def __init__(self, layer: Any, channel: str) -> None:
        self._layer, self._channel = layer, channel
        self._name = bus.new_id()
        self._heard = asyncio.Event()

    def hear(self, probe: Any) -> None:
        """A probe has come, of this hub or of another."""
        if probe == self._name:
            self._heard.set()

    async def watch(self) -> None:
        """For ever; raises LostError, or what the layer raises."""
        while True:
            await asyncio.sleep(self._seconds() * random.uniform(0.8, 1))  # all processes may have started at once
            await self._probe()
            async with asyncio.timeout(REMOTE_TIMEOUT):
                await self._layer.group_add(GROUP, self._channel)

    async def _probe(self) -> None:
        """To hubs of an older version this is a nudge about nobody."""
        self._heard.clear()
        for _ in range(PROBES):
            message: dict[str, Any] = {"type": "nudge", "from": self._name, "users": [], "probe": self._name}
            async with asyncio.timeout(REMOTE_TIMEOUT):
                await self._layer.group_send(GROUP, message)
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._heard.wait()
                    return
        raise LostError

    def _seconds(self) -> float:
        """Seconds until the next probe: a group membership that expires is renewed twice before it does."""
        expiry = getattr(self._layer, "group_expiry", None) or float("inf")
        return max(LEAST_SECONDS, min(PROBE_SECONDS, conf.resync_seconds(), expiry / 3))


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of them until one ends or fails, then cancel the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await cancel(tasks)


# A layer that the site uses too can't be given new connections without harm to the site; nor does its traffic hold ours
# up. They are used again: channels_redis wraps `loop.close` once more for each that is made.
_spare_layers: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()


def _own_layer() -> Any:
    """A layer that nobody else uses: a hub that ends may still be closing the last one."""
    layer = _spare_layers.pop(asyncio.get_running_loop(), None) or make_layer()
    if hasattr(type(layer), "brpop_timeout"):
        layer.brpop_timeout = POP_SECONDS
    return layer


def make_layer() -> Any:
    """As the default one of `CHANNEL_LAYERS`."""
    return channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)


async def _close(layer: Any) -> None:
    """Close its connections. If that fails, the layer is not used again."""
    close = getattr(layer, "close_pools", None)
    if isinstance(layer, RedisPubSubChannelLayer):
        close = layer.flush  # of RedisChannelLayer it would delete everybody's messages
    try:
        if close is not None:
            async with asyncio.timeout(REMOTE_TIMEOUT):
                await close()
    except Exception:
        logger.warning("The connections of %s could not be closed", _name(layer), exc_info=True)
    else:
        _spare_layers[asyncio.get_running_loop()] = layer


def _name(layer: Any) -> str:
    return f"{type(layer).__module__}.{type(layer).__qualname__}"
