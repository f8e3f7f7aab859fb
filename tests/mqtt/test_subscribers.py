"""Who is published for, and what is recorded of it."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from push.channels.mqtt import publisher, subscribers, topics
from push.models import Subscriber
from tests.mqtt.fakes import FakeBroker, swept
from tests.mqtt.subscribed import receives, row, subscriber

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_record_goes_only_upwards() -> None:
    bob = subscriber()
    subscribers.record({bob.pk: 7})
    first = row(bob)
    subscribers.record({bob.pk: 5})
    subscribers.record({bob.pk: 7})
    assert (row(bob).published, row(bob).published_at) == (7, first.published_at)
    subscribers.record({bob.pk: 8})
    assert row(bob).published == 8


def test_who_is_gone_is_cleared_and_who_is_inactive_left_alone() -> None:
    broker, (gone, idle, other) = FakeBroker(), map(subscriber, ("gone", "idle", "other"))
    swept(broker)
    get_user_model().objects.filter(pk=idle.pk).update(is_active=False)
    key = gone.pk
    gone.delete()
    for user in (idle, other):
        receives(user)
    publisher.publish([key, idle.pk, other.pk], broker)
    assert topics.unread(key) not in broker.topics
    assert (broker.unread(idle), broker.unread(other)) == (0, 1)
    assert set(Subscriber.objects.values_list("pk", flat=True)) == {idle.pk, other.pk}


def test_renewing_writes_once_a_day(django_assert_num_queries: Any) -> None:
    bob = subscriber()
    with django_assert_num_queries(1):
        assert not subscribers.renew(bob.pk)
    Subscriber.objects.update(until=timezone.now() + timedelta(days=2))
    assert not subscribers.renew(bob.pk)
    assert row(bob).until > timezone.now() + timedelta(days=29)


def test_without_a_broker_nothing_is_asked(django_assert_num_queries: Any, settings: Any) -> None:
    from push import channels

    settings.MQTT_URL = ""
    threads = threading.active_count()
    with django_assert_num_queries(0):
        channels.changed([1])
        channels.changed(None)
        channels.sweep()
    assert threading.active_count() == threads
