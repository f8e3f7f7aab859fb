"""Somebody holds a row: reads do not wait for it, mends not for long, and nothing else is kept back."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import Broadcast, BroadcastClock, Mailbox, ServiceToken, ledger
from inbox.models.ledger import Held

from .databases import postgres
from .people import live, mend, people
from .services import service
from .threads import held

LOCK_SECONDS = 5  # which the databases wait for a lock, if nothing asks for less

pytestmark = pytest.mark.django_db(transaction=True)


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_a_read_does_not_wait_for_the_clock(due: Broadcast, capsys: Any) -> None:
    users = people(2)
    undisturbed = median(seconds(lambda: selectors.snapshots(users)) for _ in range(15))
    with held(BroadcastClock.objects.all()):
        times = [seconds(lambda: selectors.snapshots(users)) for _ in range(15)]
    waited = median(times)
    with capsys.disabled():
        print(
            f"\nA read of two badges: {undisturbed * 1000:.1f} ms; with the clock held, {waited * 1000:.1f} ms "
            f"({waited / undisturbed:.1f} times)"
        )
    assert waited < 1  # each of them would wait


def test_a_service_that_reads_does_not_wait_for_its_token(due: Broadcast) -> None:
    """An administrator is just about to change it."""
    shop = service()
    with held(ServiceToken.objects.all()):
        assert seconds(lambda: shop.get("broadcasts/")) < LOCK_SECONDS
        assert shop.get("broadcasts/").status_code == 200
    assert ServiceToken.objects.get().last_used_at is None
    shop.get("broadcasts/")
    assert ServiceToken.objects.get().last_used_at is not None


@postgres
def test_one_mailbox_that_is_held_keeps_no_other_back() -> None:
    """Of those that a mend makes, changes and advances; and it waits 200 ms at a time."""
    users = people(20)
    mend(*users[:10])
    User.objects.update(is_staff=True)
    with held(Mailbox.objects.filter(pk=users[3])), held(User.objects.filter(pk=users[13])):
        began = time.perf_counter()
        assert not services.mend(users=users)
        assert time.perf_counter() - began < 10
        mended = set(Mailbox.objects.filter(is_staff=True).values_list("pk", flat=True))
        assert mended == {*users} - {users[3], users[13]}
    mend(*users)
    assert Mailbox.objects.filter(is_staff=True).count() == 20
    with held(Mailbox.objects.filter(pk=users[3])), pytest.raises(Held):
        services.touch(users)
    assert Mailbox.objects.filter(version=2).count() == 19


@postgres
def test_one_broadcast_that_is_held_keeps_no_other_back(due: Broadcast, user: int) -> None:
    others = [Broadcast.objects.create(title="Due", state="scheduled", publish_at=due.publish_at) for _ in range(3)]
    ending = live(expires_at=due.publish_at)
    with held(Broadcast.objects.filter(pk=due.pk)):
        with pytest.raises(Held):
            services.apply_due()
        assert set(Broadcast.objects.live().values_list("pk", flat=True)) == {row.pk for row in others}
        assert Broadcast.objects.get(pk=ending.pk).state == "expired"
        assert not services.mend(is_due=True)  # so that the mender pauses
        services.change_broadcast(others[0], {"title": "Changed meanwhile"})
    assert services.apply_due()
    assert selectors.snapshot(user).unread == 4


@pytest.mark.parametrize("mending_it", [services.apply_due, lambda: services.raise_clock(CLOCK_UNIT)])
def test_a_mend_gives_up_soon(due: Broadcast, mending_it: Callable[[], bool]) -> None:
    with held(BroadcastClock.objects.all()):
        began = time.perf_counter()
        with pytest.raises(OperationalError):
            mending_it()
        assert time.perf_counter() - began < LOCK_SECONDS
    assert mending_it()


def test_a_limit_ends_with_its_transaction() -> None:
    def limit() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout" if connection.vendor == "postgresql" else "PRAGMA busy_timeout")
            return cursor.fetchone()

    before = limit()
    with ledger.waiting_at_most(0.2):
        assert limit() in [("200ms",), (200,)]
    with pytest.raises(ZeroDivisionError), ledger.waiting_at_most(0.2):
        _ = 1 / 0
    assert limit() == before
    with transaction.atomic(), ledger.waiting_at_most(0.2):
        assert limit() == before
