"""What reads find undone is mended behind them, as soon as it can be."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, BroadcastClock, FollowMessage, Mailbox
from inbox.services import mender as mending
from tools.processes import wait_for

from .databases import postgres
from .people import live, people
from .threads import DEADLINE, held

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mends_wait")]


@pytest.fixture
def somebody_mends() -> Iterator[None]:
    mending.connect()
    yield
    wait_for(lambda: not mending._mender._is_running, DEADLINE)


@postgres
@pytest.mark.usefixtures("somebody_mends")
def test_what_is_due_is_done_as_soon_as_the_clock_is_free(due: Broadcast, user: int) -> None:
    services.send([user], FollowMessage)
    with held(BroadcastClock.objects.all()) as release:
        assert selectors.snapshot(user).by_type == {"follow": 1}
        services.send([user], FollowMessage)
        assert selectors.snapshot(user).by_type == {"follow": 2}
        release.set()
        wait_for(lambda: selectors.snapshot(user).by_type == {"follow": 2, "broadcast": 1}, DEADLINE)


@pytest.mark.usefixtures("somebody_mends")
def test_what_reads_find_is_mended_behind_them(due: Broadcast) -> None:
    users = people(3, is_staff=True)
    live(audience="staff")
    selectors.snapshots(users)
    wait_for(lambda: {each.unread for each in selectors.snapshots(users).values()} == {2}, DEADLINE)


def test_a_mend_that_leaves_a_broadcast_due_says_so(user: int, due: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(Broadcast.objects.all()), "update", lambda *args, **kwargs: 1 / 0)
        assert not services.mend(is_due=True)
    assert services.mend(is_due=True)
    assert Broadcast.objects.get(pk=due.pk).state == "live"


def test_a_clock_that_is_due_for_nothing_is_set_right() -> None:
    ended = live(expires_at=timezone.now() + timedelta(hours=1))
    BroadcastClock.objects.update(next_due=timezone.now() - timedelta(seconds=1))
    assert services.mend(is_due=True)
    assert BroadcastClock.objects.get().next_due == ended.expires_at


def test_a_mender_that_fails_tries_again(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    tries: list[set[Any]] = []

    def fail(is_due: bool, users: set[Any]) -> bool:
        tries.append(users)
        if len(tries) == 1:
            raise RuntimeError("the database is away")
        return len(tries) == 3

    monkeypatch.setattr(mending, "PAUSE", 0.01)
    monkeypatch.setattr(services, "mend", fail)
    mender = mending.Mender()
    mender.report(is_due=False, user_ids=[user])
    wait_for(lambda: len(tries) == 3 and not mender._is_running, DEADLINE)
    assert tries == [{user}] * 3


def test_a_mender_pauses_after_every_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often reads report the same again."""
    tries: list[bool] = []
    pauses: list[float] = []
    mender = mending.Mender()

    def fail(is_due: bool, users: set[Any]) -> bool:
        tries.append(is_due)
        if len(tries) < 10:
            mender.report(is_due=True, user_ids=[])
        return len(tries) == 10

    monkeypatch.setattr(mending, "TRIES", 3)
    monkeypatch.setattr(mending, "time", SimpleNamespace(sleep=pauses.append))
    monkeypatch.setattr(services, "mend", fail)
    mender.report(is_due=True, user_ids=[])
    wait_for(lambda: not mender._is_running, DEADLINE)
    assert len(tries) == 10
    assert pauses == [mending.PAUSE] * 9


def test_a_mender_outlives_a_thread_that_cannot_start(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    mender = mending.Mender()
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mender.report(is_due=False, user_ids=[user])
    mender.report(is_due=True, user_ids=[])
    wait_for(lambda: Mailbox.objects.filter(pk=user).exists(), DEADLINE)
    wait_for(lambda: not mender._is_running, DEADLINE)


def test_a_mender_outlives_a_connection_that_cannot_be_closed(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    failures = iter([True])
    real = mending.connections

    def close_all() -> None:
        real.close_all()
        if next(failures, False):
            raise OSError("the socket is gone")

    monkeypatch.setattr(mending, "PAUSE", 0.01)
    monkeypatch.setattr(mending, "connections", SimpleNamespace(close_all=close_all))
    mender = mending.Mender()
    mender.report(is_due=False, user_ids=[user])
    wait_for(lambda: not mender._is_running, DEADLINE)
    assert Mailbox.objects.filter(pk=user).exists()
    assert not next(failures, False)
