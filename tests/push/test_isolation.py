"""One step, one connection or one long errand of the hub's stops no other; nor does one step of beat's sweep."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from inbox import services
from inbox.core import isolation
from push import channels, periodic
from push.channels.mqtt.queue import PublishingQueue
from push.concurrency.singleflight import SingleFlight
from push.hub import Hub
from push.hub.clock import Clock
from push.hub.delivery import Delivery
from push.nudges.bus import Nudge, Publisher
from push.periodic import Job
from tests.push.fakes import FakeReads, FakeWire, joined, snapshot, until

STEPS = {"_resync_slice": Clock, "flush_lagging": Delivery, "_keep_slice_alive": Clock, "_start_jobs": Clock}


@pytest.fixture(autouse=True)
def nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_logged", {})


@pytest.mark.parametrize("broken", STEPS)
async def test_a_step_of_the_tick_that_fails_stops_no_other(
    the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch, caplog: Any, broken: str
) -> None:
    await joined(the_hub, reads.sign_in(7))
    done: list[str] = []
    for step in STEPS:
        monkeypatch.setattr(STEPS[step], step, lambda *_, step=step: done.append(step) if step != broken else 1 / 0)
    for _second in range(3):
        the_hub.clock.tick()
    assert set(done[-3:]) == set(STEPS) - {broken}
    assert caplog.text.count("ZeroDivisionError: ") == 1  # a minute


class BrokenWire(FakeWire):
    """A server whose private parts have changed."""

    def idle(self) -> bool:
        if self.messages:
            raise AttributeError("transport")
        return True


async def test_a_connection_that_cannot_be_looked_at_ends_alone(the_hub: Hub, reads: FakeReads) -> None:
    bad, good = reads.sign_in(7), reads.sign_in(8)
    bad.wire = bad.fake = BrokenWire()
    await joined(the_hub, bad, good)
    for _second in range(60):
        the_hub.clock.tick()
    assert bad not in the_hub.registry.connections
    assert good in the_hub.registry.connections
    assert good.alive > 0
    reads.states[8] = snapshot(8, 2)
    the_hub.nudged(Nudge([8]))
    await until(lambda: good.versions == [1, 2])


async def test_errands_that_hang_keep_no_client_waiting(the_hub: Hub, reads: FakeReads) -> None:
    release = threading.Event()
    hanging = [the_hub.errands.start(release.wait, 10) for _ in range(10)]
    assert await asyncio.wait_for(the_hub.call(lambda: "done"), 2) == "done"
    release.set()
    assert await asyncio.gather(*hanging) == [True] * 10


async def test_a_mend_is_not_begun_again_while_it_hangs(
    the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, tried = threading.Event(), []

    def hang(users: list[Any]) -> None:
        tried.append(users)
        release.wait(10)

    monkeypatch.setattr(services, "touch", hang)
    for _read in range(5):
        the_hub.touch([7])
    await until(lambda: tried)
    release.set()
    await until(lambda: all(mend.done() for mend in the_hub.errands._last.values()))
    assert tried == [[7]]
    the_hub.touch([8])
    await until(lambda: tried == [[7], [8]])


def starters() -> dict[str, Callable[[], object]]:
    flight = SingleFlight("test", lambda: 1)
    return {"bus": Publisher()._running_loop, "probe": lambda: flight.call().result(5), "mqtt": PublishingQueue().sweep}


@pytest.mark.parametrize("name", starters())
def test_a_thread_that_cannot_start_is_started_by_the_next_call(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(PublishingQueue, "_run", lambda self: None)
    start, started, call = threading.Thread.start, [], starters()[name]
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", lambda thread: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            call()
    monkeypatch.setattr("threading.Thread.start", lambda thread: (started.append(thread), start(thread)))
    call()
    assert len(started) == 1


BEATS = {
    "channels": (channels, "sweep"),
    "broadcasts": (services, "mend"),
    "deleted": (services, "purge_deleted"),
    "sends": (services, "finish_stalled"),
}


@pytest.mark.parametrize("broken", ["channels", "deleted", "sends"])
def test_a_step_of_the_sweep_that_fails_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: Any, broken: str
) -> None:
    done: list[str] = []
    for name, (where, step) in BEATS.items():
        monkeypatch.setattr(
            where, step, lambda *args, name=name, **kwargs: done.append(name) if name != broken else 1 / 0
        )
    periodic.sweep()
    assert set(done) == set(BEATS) - {broken}
    assert caplog.records[0].levelno == logging.ERROR


async def test_a_job_that_hangs_keeps_no_other_job_of_the_hub_waiting(
    the_hub: Hub, reads: FakeReads, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, ran = threading.Event(), []
    jobs = (
        Job("hangs", "sweep", lambda: ran.append("hangs") or release.wait(10), 1),
        Job("runs", "sweep", lambda: ran.append("runs"), 1),
    )
    monkeypatch.setattr(periodic, "JOBS", jobs)
    try:
        for _second in range(3):
            the_hub.clock.tick()
            await until(lambda: the_hub.errands._last["runs"].done())
        assert sorted(ran) == ["hangs", "runs", "runs", "runs"]
    finally:
        release.set()
