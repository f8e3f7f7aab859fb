"""The bus, the door into it from the inbox, and what happens when a broker or Redis fails."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.test import override_settings
from django.utils import timezone

from inbox.core.circuit import Circuit
from inbox.signals import broadcast_changed, mailbox_changed, send_queued
from push import channels, hub, receivers, tasks
from push.nudges import bus, enqueue, heartbeats
from push.nudges.bus import Nudge, Publisher, parse
from push.nudges.heartbeats import Lookout, worker
from tests.servers import wait_for

Freeze = Callable[[], object]
NUDGES, SENDS = worker("nudges"), worker("sends")


@pytest.mark.parametrize(
    "nudge", [Nudge([1, "9f1c"], "comment", id="x7"), Nudge([2]), Nudge(None, "broadcast-4"), Nudge(None)]
)
def test_a_nudge_comes_out_as_it_went_in(nudge: Nudge) -> None:
    assert parse({"type": "nudge", "from": "x", **nudge.as_dict()}) == nudge


@pytest.mark.parametrize(
    "bad", [{}, {"users": "7"}, {"users": [None]}, {"users": [1], "item": 3}, {"everyone": 1}, {"users": [1], "id": 7}]
)
def test_anything_else_is_no_nudge(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="nudge"):
        parse(bad)


class CrossingLayer:
    """A layer of several processes, as far as the bus can tell."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.loops: set[asyncio.AbstractEventLoop] = set()
        self.threads: set[str] = set()
        self.fail: Callable[[], Any] = lambda: None

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.fail()
        self.loops.add(asyncio.get_running_loop())
        self.threads.add(threading.current_thread().name)
        self.sent.append(message)


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> CrossingLayer:
    crossing = CrossingLayer()
    monkeypatch.setattr(bus, "get_channel_layer", lambda: crossing)
    monkeypatch.setattr(bus, "_publisher", Publisher())
    return crossing


def test_publishing_keeps_one_loop(layer: CrossingLayer) -> None:
    for user in range(3):
        bus.publish(Nudge([user]))
    assert [message["users"] for message in layer.sent] == [[0], [1], [2]]
    assert (len(layer.loops), layer.threads) == (1, {"push-bus"})


def test_a_layer_that_failed_is_left_alone(layer: CrossingLayer, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ConnectionError("Redis is away")

    layer.fail = fail
    bus.publish(Nudge([1]))
    layer.fail = lambda: None
    bus.publish(Nudge([2]))
    assert layer.sent == []
    assert "Redis is away" in caplog.text


def test_a_layer_that_hangs_is_waited_for_no_longer_than_its_timeout(
    layer: CrossingLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "REMOTE_TIMEOUT", 0.05)
    monkeypatch.setattr(layer, "group_send", lambda group, message: asyncio.Event().wait())
    bus.publish(Nudge([1]))
    assert not bus._publisher._circuit.allows()


def test_in_memory_there_is_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "get_channel_layer", InMemoryChannelLayer)
    assert bus.crossing_layer() is None
    bus.publish(Nudge([1]))


def test_after_a_failure_one_tries_and_the_others_go_on() -> None:
    now = [100.0]
    circuit = Circuit("It", clock=lambda: now[0])
    assert circuit.allows()
    assert circuit.allows()
    circuit.trip()
    assert not circuit.allows()
    now[0] += 5.1
    assert [circuit.allows() for _ in range(3)] == [True, False, False]
    circuit.trip()
    assert not circuit.allows()
    now[0] += 5.1
    assert circuit.allows()
    circuit.succeeded()
    assert [circuit.allows() for _ in range(3)] == [True, True, True]


def test_whoever_tried_may_never_be_heard_of_again() -> None:
    now = [100.0]
    circuit = Circuit("It", clock=lambda: now[0])
    circuit.trip()
    for _ in range(3):
        now[0] += 5.1
        assert [circuit.allows() for _ in range(2)] == [True, False]


class TestEnqueue:
    """From a signal of the inbox to nudges and tasks."""

    @pytest.fixture(autouse=True)
    def here(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Nudge, str]]:
        """What the hubs of this process are told, and on which thread."""
        seen: list[tuple[Nudge, str]] = []
        monkeypatch.setattr(bus, "publish_here", lambda nudge: seen.append((nudge, threading.current_thread().name)))
        monkeypatch.setattr(enqueue, "_broker", Circuit("The task broker"))
        monkeypatch.setattr(heartbeats, "lookout", Lookout())
        monkeypatch.setattr(heartbeats, "seen", lambda: {NUDGES: timezone.now()})
        return seen

    @pytest.fixture(autouse=True)
    def called(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        """What the channels are told by this process."""
        told: list[Any] = []
        monkeypatch.setattr(channels, "changed", told.append)
        return told

    @pytest.fixture
    def frozen(self) -> Iterator[Freeze]:
        """A call that does not return before the test has ended: it waits for longer than any test."""
        thaw = threading.Event()
        yield lambda: thaw.wait(60)
        thaw.set()

    def broker(self, monkeypatch: pytest.MonkeyPatch, apply_async: Callable[..., Any]) -> None:
        for task in (tasks.fan_out, tasks.work_off):
            monkeypatch.setattr(task.app.conf, "broker_url", "redis://nowhere")
            monkeypatch.setattr(task, "apply_async", apply_async)

    def test_the_hubs_here_are_told_by_the_thread_that_writes(
        self, here: list[tuple[Nudge, str]], called: list[Any]
    ) -> None:
        mailbox_changed.send(sender=None, user_ids=list(range(2500)), item="comment")
        broadcast_changed.send(sender=None, item="broadcast-4")
        assert [len(nudge.users or ()) for nudge, _ in here] == [1000, 1000, 500, 0]
        assert (here[-1][0].users, here[-1][0].item) == (None, "broadcast-4")
        assert {thread for _, thread in here} == {threading.current_thread().name}
        assert len({nudge.id for nudge, _ in here}) == 4
        wait_for(lambda: len(called) == 4)  # there is no worker to tell them
        assert called == [nudge.users for nudge, _ in here]

    @pytest.mark.parametrize("broker", ["none", "well", "frozen", "away"])
    def test_the_others_are_told_whatever_the_broker_does(
        self, broker: str, here: list[Any], layer: CrossingLayer, frozen: Freeze, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handed = []

        def apply_async(args: Any, **options: Any) -> None:
            handed.append(args)
            if broker == "frozen":
                frozen()
            elif broker == "away":
                raise ConnectionError("the broker is away")

        if broker != "none":
            self.broker(monkeypatch, apply_async)
        for user in (7, 8):
            mailbox_changed.send(sender=None, user_ids=[user], item=None)
        wait_for(lambda: len(layer.sent) == 2)
        assert [parse(message) for message in layer.sent] == [nudge for nudge, _ in here]
        if broker == "well":
            wait_for(lambda: len(handed) == 2)
            assert [args[2] for args in handed] == [nudge.id for nudge, _ in here]  # the worker publishes the same one

    def test_a_frozen_bus_delays_no_task(
        self, layer: CrossingLayer, called: list[Any], frozen: Freeze, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bus, "publish_elsewhere", lambda nudge: frozen())
        mailbox_changed.send(sender=None, user_ids=[7], item=None)
        wait_for(lambda: called == [[7]])

    def test_with_a_worker_the_channels_are_called_there(
        self, called: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handed: list[Any] = []
        self.broker(monkeypatch, lambda args, **options: handed.append(args))
        mailbox_changed.send(sender=None, user_ids=[7], item=None)
        wait_for(lambda: [args[:2] for args in handed] == [([7], None)])
        assert called == []

    @pytest.mark.parametrize("seen", [{}, {NUDGES: timezone.now() - timedelta(hours=1)}, {SENDS: timezone.now()}])
    def test_without_a_worker_this_process_calls_the_channels(
        self, seen: dict[str, Any], called: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A send is queued all the same: some worker will come, and meanwhile the hubs look after it."""
        handed: list[Any] = []
        self.broker(monkeypatch, lambda args, **options: handed.append(args))
        monkeypatch.setattr(heartbeats, "seen", lambda: seen)
        mailbox_changed.send(sender=None, user_ids=[7], item=None)
        send_queued.send(sender=None, send_id=4)
        wait_for(lambda: (called, handed) == ([[7]], [(4,)]))

    def test_if_that_cannot_be_known_a_worker_is_trusted(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        handed: list[Any] = []
        self.broker(monkeypatch, lambda args, **options: handed.append(args))

        def fail() -> None:
            raise RuntimeError("the database is away")

        monkeypatch.setattr(heartbeats, "seen", fail)
        for user in (7, 8):
            mailbox_changed.send(sender=None, user_ids=[user], item=None)
        wait_for(lambda: len(handed) == 2)
        assert caplog.text.count("is not known") == 1

    def test_a_broker_that_fails_is_left_alone_and_this_process_does_it(
        self, called: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        tried: list[Any] = []

        def fail(args: Any, **options: Any) -> None:
            tried.append(args)
            raise ConnectionError("the broker is away")

        self.broker(monkeypatch, fail)
        for user in (7, 8):
            mailbox_changed.send(sender=None, user_ids=[user], item=None)
        wait_for(lambda: called == [[7], [8]])
        assert [args[:2] for args in tried] == [([7], None)]
        assert "the broker is away" in caplog.text

    def test_the_one_who_writes_waits_for_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        frozen = threading.Event()
        self.broker(monkeypatch, lambda args, **options: frozen.wait(10))
        mailbox_changed.send(sender=None, user_ids=[7], item=None)
        frozen.set()  # reached only because send() came back

    def test_a_task_that_fails_is_logged(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(users: Any) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(channels, "changed", fail)
        mailbox_changed.send(sender=None, user_ids=[7], item=None)
        wait_for(lambda: "a bug" in caplog.text)


def test_the_signals_are_connected_once() -> None:
    before = len(mailbox_changed.receivers)
    receivers.connect()
    assert len(mailbox_changed.receivers) == before


def test_nudging_a_loop_that_is_gone_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    dead = hub.Hub.__new__(hub.Hub)
    dead.loop = loop
    monkeypatch.setattr("push.hub.hub._hubs", {loop: dead})
    hub.nudge_local(Nudge([1]))
    hub.stop_all()


@override_settings(CHANNEL_LAYERS={})
def test_a_site_without_channel_layers() -> None:
    from channels.layers import channel_layers

    channel_layers.backends = {}
    assert bus.crossing_layer() is None
    bus.publish(Nudge([1]))
