"""A process whose users another process takes over: it connects again, and loses nothing that waits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.core.circuit import Circuit
from push.channels.mqtt import devices, publisher, topics
from push.channels.mqtt.broker import Kept
from push.channels.mqtt.queue import PublishingQueue
from push.models import Device, Subscriber
from tests.mqtt.fakes import FakeBroker
from tests.mqtt.subscribed import subscriber
from tests.servers import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(settings: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[PublishingQueue, FakeBroker]:
    """Of a process, and its connection: it can always have a new one with its name."""
    settings.MQTT_URL = "mqtt://service:secret@127.0.0.1:1"
    fake = FakeBroker()

    def connect(url: str, name: str) -> FakeBroker:
        fake.name = name
        fake.ended.discard(name)
        return fake

    monkeypatch.setattr("push.channels.mqtt.broker.Broker", connect)
    monkeypatch.setattr(Kept, "circuit", Circuit("The broker of this test"))
    return PublishingQueue(), fake


def taken_over(slow: FakeBroker, user: Any, meanwhile: Callable[[], None] = lambda: None) -> None:
    """At the first chunk another process takes this user over, as if ours had been frozen for longer than a lease."""
    frozen = iter([True])

    def before() -> None:
        if next(frozen, False):
            Subscriber.objects.filter(pk=user.pk).update(held_until=timezone.now() - timedelta(seconds=1))
            publisher.publish([user.pk], FakeBroker(beside=slow))
            meanwhile()

    slow.before = before


def test_who_is_taken_over_publishes_for_those_who_wait(queue: tuple[PublishingQueue, FakeBroker]) -> None:
    """It has lost its connection, and nothing else: neither the rest of its chunk nor the queue."""
    bob, carol, alice = (subscriber(name) for name in ("bob", "carol", "alice"))
    ours, slow = queue
    taken_over(slow, bob, lambda: ours.changed([alice.pk]))
    ours.changed([bob.pk, carol.pk])
    wait_for(lambda: slow.unread(alice) == slow.unread(carol) == 0, 20)
    wait_for(lambda: not Subscriber.objects.filter(holder=ours._kept.name).exists(), 20)
    assert ours._kept.circuit.allows()


def test_who_is_taken_over_ends_the_other_connections_too(queue: tuple[PublishingQueue, FakeBroker]) -> None:
    """Between two devices whose credentials have ended."""
    bob = subscriber()
    ours, slow = queue
    for name in ("one", "two"):
        devices.admitted(bob.pk, name, "no ticket")
    taken_over(slow, bob)
    with ours._something:  # so that both are done in one turn
        ours.recheck([bob.pk])
        ours.changed([bob.pk])
    wait_for(lambda: not Device.objects.exists(), 20)
    assert {"one", "two"} <= slow.ended


def test_a_sweep_that_is_taken_over_begins_again(queue: tuple[PublishingQueue, FakeBroker]) -> None:
    bob = subscriber()
    ours, slow = queue
    taken_over(slow, bob)
    ours.sweep()
    wait_for(lambda: topics.SWEPT in slow.topics, 20)
