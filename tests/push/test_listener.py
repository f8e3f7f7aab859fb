"""How a hub hears the nudges of other processes, on each of channels_redis' layers, with a real, ill-treated Valkey."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from channels.layers import InMemoryChannelLayer, channel_layers
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.test import override_settings

from push.concurrency.supervision import cancel, supervise
from push.nudges import bus, listener
from push.nudges.bus import GROUP, Nudge
from tests.push.fakes import until
from tools.stores import Valkey

LAYERS = [RedisChannelLayer, RedisPubSubChannelLayer]
SOON = 20.0  # seconds; a probe and its patience take less than one here
SUBSCRIBED = "subscribed"

each_layer = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "PROBE_SECONDS", 0.3)
    monkeypatch.setattr(listener, "PATIENCE", 0.5)


class Ear:
    """A hub's listener, supervised as there, and another process that publishes nudges with growing numbers."""

    def __init__(self, other: Any = None) -> None:
        self.heard: list[Any] = []
        self.other = other
        self.task = asyncio.create_task(supervise("reader", self._listen))

    async def _listen(self) -> None:
        await listener.listen(self.heard.append, lambda: self.heard.append(SUBSCRIBED))

    async def subscribed(self, times: int = 1) -> None:
        await until(lambda: self.heard.count(SUBSCRIBED) >= times, SOON)

    async def hears(self) -> None:
        """Sooner or later what is published comes here."""
        nudge = Nudge([time.monotonic_ns()])
        async with asyncio.timeout(SOON):
            while nudge not in self.heard:
                with suppress(redis.RedisError):  # it may be away still
                    await self.publish(nudge)
                await asyncio.sleep(0.05)

    async def publish(self, nudge: Nudge, sender: str = "another process") -> None:
        await self.other.group_send(GROUP, {"type": "nudge", "from": sender, **nudge.as_dict()})

    async def close(self) -> None:
        await cancel([self.task])
        if self.other is not None:
            await listener._close(self.other)


@pytest.fixture
async def listen() -> AsyncIterator[Callable[..., Ear]]:
    """`listen(layer, valkey, …its options)`."""
    ears: list[Ear] = []
    settings: list[Any] = []

    def start(layer: type, valkey: Valkey, **options: Any) -> Ear:
        path = f"{layer.__module__}.{layer.__qualname__}"
        config = {"hosts": [{"address": valkey.url, "socket_timeout": 2, "socket_connect_timeout": 2}], **options}
        settings.append(override_settings(CHANNEL_LAYERS={"default": {"BACKEND": path, "CONFIG": config}}))
        settings[-1].enable()
        ears.append(Ear(channel_layers.make_backend("default")))
        return ears[-1]

    yield start
    for ear in ears:
        await ear.close()
    for each in settings:
        each.disable()


def members(valkey: Valkey) -> dict[bytes, float]:
    """Of our group, as RedisChannelLayer keeps it: channel -> when it joined."""
    with redis.Redis.from_url(valkey.url) as client:
        return dict(client.zrange(f"asgi:group:{GROUP}", 0, -1, withscores=True))


@each_layer
async def test_what_others_publish_is_heard_and_the_own_is_not(layer: type, listen: Any, valkey: Valkey) -> None:
    ear = listen(layer, valkey)
    await ear.subscribed()
    await ear.publish(Nudge([1]), sender=bus._publisher.name)
    await ear.other.group_send(GROUP, {"type": "nudge", "from": "a later version of us", "people": [1]})
    await ear.publish(Nudge([2], "comment", id="x"))
    await until(lambda: ear.heard == [SUBSCRIBED, Nudge([2], "comment", id="x")])


async def test_a_membership_that_ends_by_itself_is_renewed(listen: Any, valkey: Valkey) -> None:
    """RedisChannelLayer's does, after a day; here after two seconds."""
    ear = listen(RedisChannelLayer, valkey, group_expiry=2, prefix="asgi")
    await ear.subscribed()
    [(channel, joined)] = members(valkey).items()
    await until(lambda: members(valkey).get(channel, 0.0) > joined + 2.5, SOON)
    await ear.publish(Nudge([7]))
    await until(lambda: ear.heard == [SUBSCRIBED, Nudge([7])])


async def test_an_idle_layer_is_no_failure(listen: Any, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py gives a socket up after its timeout, 5 s if none is set; RedisChannelLayer waits as long for a message.
    So the receive of an idle process failed all the time, and what came meanwhile could be lost."""
    monkeypatch.setattr(listener, "PROBE_SECONDS", 3600)
    ear = listen(RedisChannelLayer, valkey)
    await ear.subscribed()
    with redis.Redis.from_url(valkey.url) as client:

        def pops() -> int:
            return int(client.info("commandstats").get("cmdstat_bzpopmin", {"calls": 0})["calls"])

        before = pops()
        await until(lambda: pops() >= before + 3, SOON)
    assert ear.heard == [SUBSCRIBED]


GARBAGE = [b"", b"\xc1", b"\x07", b"\x90", b"\x81\xa5users\x07", b"\xdd\xff\xff\xff\xff", b"\x91" * 5000]  # MessagePack


@each_layer
async def test_what_cannot_be_read_costs_itself_only(layer: type, listen: Any, valkey: Valkey) -> None:
    valkey.flush()
    ear = listen(layer, valkey)
    await ear.subscribed()
    with redis.Redis.from_url(valkey.url) as client:
        for garbage in GARBAGE:
            if layer is RedisPubSubChannelLayer:
                client.publish(f"asgi__group__{GROUP}", garbage)
            else:
                [name] = members(valkey)
                client.zadd(f"asgi{name.decode().partition('!')[0]}!", {b"a random 12 " + garbage: time.time()})
    await ear.hears()
    assert ear.heard.count(SUBSCRIBED) == 1


@each_layer
async def test_after_a_flush(layer: type, listen: Any, own_valkey: Valkey) -> None:
    ear = listen(layer, own_valkey)
    await ear.subscribed()
    own_valkey.flush()
    await ear.hears()


async def test_a_forgotten_group_is_named_in_the_log(
    listen: Any, own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    ear = listen(RedisChannelLayer, own_valkey)
    await ear.subscribed()
    own_valkey.flush()
    await ear.subscribed(times=2)  # so everybody is looked at: what was published meanwhile is lost
    assert "channels_redis.core.RedisChannelLayer loses messages" in caplog.text


@each_layer
async def test_after_a_restart(layer: type, listen: Any, own_valkey: Valkey) -> None:
    ear = listen(layer, own_valkey)
    await ear.subscribed()
    await asyncio.to_thread(own_valkey.kill)
    own_valkey.start()
    await ear.hears()


@each_layer
async def test_after_its_connections_were_killed(layer: type, listen: Any, own_valkey: Valkey) -> None:
    ear = listen(layer, own_valkey)
    await ear.subscribed()
    with redis.Redis.from_url(own_valkey.url) as client:
        for kind in ("normal", "pubsub"):
            client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    await ear.hears()


async def test_a_reader_of_the_library_that_died(listen: Any, valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    """RedisPubSubChannelLayer's ends for good with the first TimeoutError, and nobody is told."""
    made: list[RedisPubSubChannelLayer] = []

    def make_layer() -> Any:
        made.append(channel_layers.make_backend("default"))
        return made[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(listener, "make_layer", make_layer)
        ear = listen(RedisPubSubChannelLayer, valkey)
        await ear.subscribed()
        [shard] = made[0]._get_layer()._shards
        shard._receive_task.cancel()
        await ear.subscribed(times=2)
        await ear.hears()
    assert "channels_redis.pubsub.RedisPubSubChannelLayer loses messages" in caplog.text


async def test_a_layer_of_somebody_else_that_swallows_everything(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Swallowing(InMemoryChannelLayer):
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            """Nobody gets it."""

    layers: list[Swallowing] = []

    def make_layer() -> Swallowing:
        layers.append(Swallowing())
        return layers[-1]

    monkeypatch.setattr(bus, "crossing_layer", lambda: "some")
    monkeypatch.setattr(listener, "make_layer", make_layer)
    ear = Ear()
    await ear.subscribed(times=3)
    await ear.close()
    assert "Swallowing loses messages" in caplog.text
    assert len(layers) == 1


async def test_who_listens_while_the_last_one_is_closing_has_a_layer_of_its_own(listen: Any, valkey: Valkey) -> None:
    """A hub ends after its last connection, and a new one may begin at that moment."""
    first = listen(RedisPubSubChannelLayer, valkey)
    await first.subscribed()
    first.task.cancel()
    second = Ear(first.other)
    await second.subscribed()
    await second.hears()
    assert second.heard.count(SUBSCRIBED) == 1
    second.task.cancel()
    await asyncio.gather(second.task, return_exceptions=True)


@pytest.fixture(autouse=True)
def no_spare_layers() -> Iterator[None]:
    yield
    listener._spare_layers.clear()
