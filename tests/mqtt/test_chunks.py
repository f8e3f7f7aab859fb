"""What a worker does with a chunk of subscribers, at a broker that is paused where two workers may meet."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import count, islice
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.core.circuit import Circuit
from inbox.models import CommentMessage
from push.channels.mqtt import devices, leases, publisher, subscribers, topics
from push.channels.mqtt.broker import Kept, Unreachable
from push.channels.mqtt.queue import PublishingQueue
from push.models import NEVER, Device, Subscriber
from tests.mqtt.fakes import FakeBroker, swept, swept_later
from tests.servers import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
numbers = count()


def subscriber(name: str = "bob", **fields: Any) -> Any:
    user = get_user_model().objects.create(username=name)
    subscribers.renew(user.pk)
    Subscriber.objects.filter(pk=user.pk).update(**fields)
    return user


def receives(user: Any) -> None:
    services.send([user], CommentMessage, target_title="Tea", excerpt="Yes")


def row(user: Any) -> Subscriber:
    return Subscriber.objects.get(pk=user.pk)  # type: ignore[no-any-return]


def versions(broker: FakeBroker, user: Any) -> list[int]:
    """Of this user's states, in the order in which the broker had them."""
    return [json.loads(payload)["version"] for topic, payload in broker.received if topic == topics.unread(user.pk)]


def test_who_is_overtaken_publishes_once_more_and_nobody_else_meanwhile() -> None:
    """The slow one read before the change; the fast one leaves the news to it."""
    bob = subscriber()
    interrupted = iter([True])

    def overtaken() -> None:
        if next(interrupted, False):
            receives(bob)
            publisher.publish([bob.pk], fast)
            assert fast.chunks == []

    slow = FakeBroker(overtaken)
    fast = FakeBroker(beside=slow)
    publisher.publish([bob.pk], slow)
    assert slow.unread(bob) == 1
    assert versions(slow, bob) == [0, 1]
    assert row(bob).published == selectors.snapshot(bob).version
    assert (row(bob).holder, row(bob).wanted) == ("", False)


def test_who_was_frozen_publishes_nothing_old() -> None:
    """It comes back when its lease has run out and another has published since."""
    bob = subscriber()

    def frozen() -> None:
        Subscriber.objects.update(held_until=timezone.now() - timedelta(seconds=1))
        receives(bob)
        publisher.publish([bob.pk], other)

    slow = FakeBroker(frozen)
    other = FakeBroker(beside=slow)
    with pytest.raises(Unreachable):
        publisher.publish([bob.pk], slow)
    assert versions(slow, bob) == [1]
    assert row(bob).holder == ""


def test_a_slow_broker_costs_nobody_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its PUBACKs for one chunk take several times as long as a lease."""
    users = [subscriber(name) for name in ("one", "two", "three", "four", "five")]
    keys, now = [user.pk for user in users], timezone.now()
    monkeypatch.setattr(leases, "timezone", SimpleNamespace(now=lambda: now))

    def slowly() -> None:
        nonlocal now
        now += leases.LEASE * 0.7
        publisher.publish(keys, other)

    slow = FakeBroker()
    slow.slowly, other = slowly, FakeBroker(beside=slow)
    publisher.publish(keys, slow)
    assert (slow.ended, other.chunks) == (set(), [])
    assert not Subscriber.objects.exclude(holder="").exists()


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
    wait_for(lambda: slow.unread(alice) == slow.unread(carol) == 0, 4)
    wait_for(lambda: not Subscriber.objects.exclude(holder="").exists(), 4)
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
    wait_for(lambda: not Device.objects.exists(), 4)
    assert {"one", "two"} <= slow.ended


def test_a_sweep_that_is_taken_over_begins_again(queue: tuple[PublishingQueue, FakeBroker]) -> None:
    bob = subscriber()
    ours, slow = queue
    taken_over(slow, bob)
    ours.sweep()
    wait_for(lambda: topics.SWEPT in slow.topics, 4)


def test_who_died_keeps_others_for_no_longer_than_a_lease() -> None:
    bob = subscriber(holder="dead", held_until=timezone.now() + leases.LEASE)
    broker = FakeBroker()
    publisher.publish([bob.pk], broker)
    assert versions(broker, bob) == []
    Subscriber.objects.update(held_until=timezone.now())
    swept_later(broker)
    assert versions(broker, bob) == [0]
    assert broker.ended == {"dead"}


def test_a_state_that_never_rests_does_not_hold_the_worker() -> None:
    bob = subscriber()

    def wanted_again() -> None:
        receives(bob)
        publisher.publish([bob.pk], other)

    broker = FakeBroker(wanted_again)
    other = FakeBroker(beside=broker)
    publisher.publish([bob.pk], broker)
    assert len(broker.chunks) == publisher.ROUNDS
    assert row(bob).holder == ""
    swept_later(FakeBroker(beside=broker))
    assert broker.unread(bob) == publisher.ROUNDS


MEETINGS = ["change", "publish", "freeze", "both"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["change", "publish", "freeze", "both"])), max_size=6)
)
def test_states_arrive_in_order_whoever_meets_whom(steps: list[tuple[int, str]], db_of_one: Any) -> None:
    """Three publishers: at each point where one publishes, others change the state, publish, or let its lease lapse."""
    bob, plan = db_of_one(), iter(steps)
    first = FakeBroker()
    brokers, busy = [first, FakeBroker(beside=first), FakeBroker(beside=first)], set[str]()

    def meet() -> None:
        for who, what in islice(plan, 2):
            if what in {"change", "both"}:
                receives(bob)
            if what == "freeze":
                Subscriber.objects.filter(pk=bob.pk).update(held_until=timezone.now())
            if what in {"publish", "both"}:
                attempt(brokers[who])

    def attempt(broker: FakeBroker) -> None:
        if broker.name in busy:  # a process has one connection, which one thread uses at a time
            return
        busy.add(broker.name)
        try:
            publisher.publish([bob.pk], broker)
        except Unreachable:  # ended by the broker: its process makes a new connection, under the same name
            first.ended.discard(broker.name)
        finally:
            busy.discard(broker.name)

    for broker in brokers:
        broker.before = meet
    for broker in brokers:
        receives(bob)
        attempt(broker)
    Subscriber.objects.filter(pk=bob.pk).update(held_until=timezone.now())
    swept_later(FakeBroker(beside=first))
    seen = versions(first, bob)
    assert seen == sorted(seen)
    assert seen[-1] == selectors.snapshot(bob).version


@pytest.fixture
def db_of_one() -> Callable[[], Any]:
    """Somebody new for each example."""
    return lambda: subscriber(f"user-{next(numbers)}")


def test_the_record_goes_only_upwards() -> None:
    bob = subscriber()
    subscribers.record({bob.pk: 7})
    first = row(bob)
    subscribers.record({bob.pk: 5})
    subscribers.record({bob.pk: 7})
    assert (row(bob).published, row(bob).published_at) == (7, first.published_at)
    subscribers.record({bob.pk: 8})
    assert row(bob).published == 8


def test_2500_subscribers_in_chunks() -> None:
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


def test_who_is_gone_is_cleared_and_who_is_inactive_left_alone(three: tuple[Any, Any, Any]) -> None:
    broker, (gone, idle, other) = FakeBroker(), three
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
