"""One publisher at a time for each user: what it does when it is overtaken, slow, frozen or dead."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count, islice
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import selectors
from push.channels.mqtt import leases, publisher
from push.channels.mqtt.broker import Unreachable
from push.models import Subscriber
from tests.mqtt.fakes import FakeBroker, swept_later
from tests.mqtt.subscribed import receives, row, subscriber, versions

pytestmark = pytest.mark.django_db(transaction=True)
numbers = count()


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
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(MEETINGS)), max_size=6))
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
