"""Whose connections are ended, and when nobody looks any more."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from inbox import services
from push.channels.mqtt import devices, subscribers, sweep, topics
from push.models import Device
from tests.mqtt.fakes import FakeBroker

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(settings: Any) -> Any:
    settings.MQTT_URL = "mqtt://service:secret@127.0.0.1:1"
    return get_user_model().objects.create(username="bob")


def connected(user: Any, name: str, ago: timedelta = timedelta(0)) -> None:
    devices.admitted(user.pk, name, services.mint_ticket(user, None)[0])
    Device.objects.filter(pk=name).update(seen_at=timezone.now() - ago)


def steps(broker: FakeBroker, users: list[Any] | None = None) -> int:
    return sum(1 for _ in devices.recheck(broker, users))  # type: ignore[arg-type]


def test_it_takes_a_step_for_each_chunk_and_for_each_that_is_ended(bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "BULK", 2)
    for number in range(5):
        connected(bob, f"phone-{number}")
    broker = FakeBroker()
    assert (steps(broker), broker.ended) == (3, set())
    bob.set_password("another")
    bob.save()
    assert steps(broker, [bob.pk]) == 3 + 5
    assert broker.ended == {f"phone-{number}" for number in range(5)}
    assert not Device.objects.exists()


def test_a_day_after_its_ticket_a_connection_ends_unless_it_was_made_again(bob: Any) -> None:
    """Or the rows of pages that were closed long ago would be read for as long as their session lives."""
    connected(bob, "closed", devices.KEPT + timedelta(minutes=1))
    connected(bob, "back", devices.KEPT + timedelta(minutes=1))
    connected(bob, "open", devices.KEPT - timedelta(minutes=1))
    connected(bob, "back")
    broker = FakeBroker()
    steps(broker)
    assert broker.ended == {"closed"}
    assert set(Device.objects.values_list("pk", flat=True)) == {"open", "back"}


def test_who_is_let_in_meanwhile_is_looked_after(bob: Any) -> None:
    """With the ticket that it had, as a device that has just lost its connection."""
    connected(bob, "phone", devices.KEPT + timedelta(minutes=1))
    ticket = Device.objects.get().ticket

    class Quick(FakeBroker):
        def fence(self, name: str) -> None:
            devices.admitted(bob.pk, name, ticket)

    steps(Quick())
    assert Device.objects.filter(pk="phone").exists()


@pytest.mark.parametrize(("resync", "looks"), [(60, 2), (25, 5), (2, 25)])
def test_all_are_looked_at_within_the_resync_interval_and_seldom_more_often(
    bob: Any, resync: int, looks: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For 100 s (10 sweeps), or 50 s where sweeps are every two seconds."""
    settings.PUSH_RESYNC_SECONDS = resync
    looked: list[float] = []
    monkeypatch.setattr(devices, "recheck_all", lambda broker: iter(looked.append(now) or ()))  # type: ignore[func-returns-value]
    broker, now = FakeBroker(), 1_000_000.0
    monkeypatch.setattr(sweep.time, "time", lambda: now)
    every = sweep.sweep_seconds()
    for _ in range(25 if resync == 2 else 10):
        for _ in sweep.steps(broker):  # type: ignore[arg-type]
            pass
        now += every
    assert len(looked) == looks
    assert all(later - sooner <= resync for sooner, later in pairwise(looked))
    assert topics.CHECKED in broker.topics
