"""Heartbeats of a worker and of beat, and the calls that may hang."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from celery.signals import after_task_publish
from django.test import override_settings

from push.concurrency.singleflight import SingleFlight
from push.nudges import heartbeats
from push.nudges.heartbeats import BEAT, Pulse, note
from tests.servers import wait_for

committed = pytest.mark.django_db(transaction=True)  # they are written on a thread of their own


class TestHeartbeats:
    def test_patience_follows_the_sweep(self) -> None:
        assert heartbeats.patience() == timedelta(seconds=30)
        with override_settings(PUSH_RESYNC_SECONDS=2):
            assert heartbeats.patience() == heartbeats.LEAST

    @committed
    def test_a_beat_is_written_once_per_period(self) -> None:
        pulse = Pulse("worker", partial(note, "worker"))
        pulse.beat()
        wait_for(heartbeats.seen)
        written = heartbeats.seen()
        pulse.beat()
        assert pulse._writing._under_way is not None
        pulse._writing._under_way.result(5)
        assert heartbeats.seen() == written

    @committed
    def test_only_what_beat_publishes_is_a_beat(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(heartbeats, "_beats_thread", None)
        monkeypatch.setattr(heartbeats, "_beat", Pulse(BEAT, partial(note, BEAT)))
        after_task_publish.send(sender="push.tasks.fan_out")
        in_thread(heartbeats.on_beat_init)
        after_task_publish.send(sender="push.tasks.fan_out")
        assert heartbeats._beat._writing._under_way is None
        heartbeats.on_beat_init()
        after_task_publish.send(sender="push.tasks.sweep")
        wait_for(lambda: BEAT in heartbeats.seen())


class TestSingleFlight:
    def test_who_asks_meanwhile_shares_the_call(self) -> None:
        go, calls = threading.Event(), []

        def slow() -> int:
            calls.append(1)
            go.wait(10)
            return len(calls)

        flight = SingleFlight("slow", slow)
        first, second = flight.call(), flight.call()
        assert first is second
        go.set()
        assert first.result(5) == 1
        assert flight.call().result(5) == 2

    def test_its_failure_is_theirs(self) -> None:
        with pytest.raises(ZeroDivisionError):
            SingleFlight("broken", lambda: 1 / 0).call().result(5)


def in_thread(call: Callable[[], object]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
