"""Sweeps: what was not published, or what a broker forgot, is published."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from push.channels.mqtt import publisher, sweep, topics
from push.channels.mqtt.broker import Unreachable
from push.models import NEVER, Subscriber
from tests.mqtt.fakes import FakeBroker, swept, swept_later
from tests.mqtt.subscribed import receives, row, subscriber

pytestmark = pytest.mark.django_db(transaction=True)


def test_2500_subscribers_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    users = get_user_model()
    users.objects.bulk_create(users(username=f"user-{number}") for number in range(2500))
    until = timezone.now() + timedelta(days=1)
    Subscriber.objects.bulk_create(Subscriber(pk=pk, until=until) for pk in users.objects.values_list("pk", flat=True))
    broker = FakeBroker()
    swept(broker)
    assert [size for size in broker.chunks if size] == [1000, 1000, 500, 1, 1]  # the markers last
    assert len(broker.topics) == 2502
    assert Subscriber.objects.filter(published=NEVER).count() == 0
    broker.chunks.clear()
    monkeypatch.setattr(sweep, "sweep_seconds", lambda: 3600)  # the first one may have taken longer than an interval
    swept(broker)
    assert sum(broker.chunks) == 0  # it was done a moment ago


@pytest.fixture
def three() -> tuple[Any, Any, Any]:
    return subscriber("one"), subscriber("two"), subscriber("three")


def test_what_a_broker_forgot_comes_back(three: tuple[Any, Any, Any]) -> None:
    broker = FakeBroker()
    swept(broker)
    before = dict(broker.topics)
    broker.topics.clear()
    swept(broker)
    assert broker.topics.keys() == before.keys()


def test_only_what_came_after_the_marker_is_published_again(three: tuple[Any, Any, Any]) -> None:
    """And it keeps its date, or it would be published at every sweep for ever."""
    broker, (old, new, _) = FakeBroker(), three
    swept(broker)
    now = timezone.now()
    Subscriber.objects.update(published_at=now - timedelta(hours=1))
    Subscriber.objects.filter(pk=new.pk).update(published_at=now)
    broker.topics = {topics.SWEPT: repr(now.timestamp() - 60)}
    swept(broker)
    assert broker.topics.keys() == {topics.SWEPT, topics.CHECKED, topics.unread(new.pk)}
    assert row(new).published_at == now
    assert broker.unread(old) is None


def test_a_worker_killed_after_it_was_overtaken(three: tuple[Any, Any, Any]) -> None:
    """Its older state is the last that was published, and the record says that the newer one was."""
    broker, (bob, *_) = FakeBroker(), three
    swept(broker)
    late = broker.topics[topics.unread(bob.pk)]
    receives(bob)
    publisher.publish([bob.pk], broker)
    broker.topics[topics.unread(bob.pk)] = late
    swept_later(broker)
    assert broker.unread(bob) == 1


def test_a_failed_sweep_leaves_the_marker(three: tuple[Any, Any, Any]) -> None:
    def fail() -> None:
        raise Unreachable

    broker = FakeBroker(fail)
    with pytest.raises(Unreachable):
        swept(broker)
    assert broker.topics == {}
    assert {row(user).published for user in three} == {NEVER}


def test_after_thirty_days_without_a_ticket_the_number_is_taken_back(three: tuple[Any, Any, Any]) -> None:
    broker, (late, *_) = FakeBroker(), three
    swept(broker)
    Subscriber.objects.filter(pk=late.pk).update(until=timezone.now())
    swept_later(broker)
    assert broker.unread(late) is None
    assert not Subscriber.objects.filter(pk=late.pk).exists()
