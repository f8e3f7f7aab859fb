"""A read writes nothing and waits for no lock; what it finds undone is reported, and mended elsewhere."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import Broadcast, BroadcastClock, FollowMessage, Mailbox, ServiceToken, ledger
from inbox.models.ledger import Held
from inbox.services import mender as mending
from tools.processes import wait_for

from .databases import postgres
from .people import live, mend, people, undone
from .rest import Caller
from .scenes import Scene
from .services import service
from .test_sends import start
from .threads import DEADLINE, beside

pytestmark = pytest.mark.django_db(transaction=True)

READS = re.compile(r"\s*(SELECT|WITH|EXPLAIN|SAVEPOINT|RELEASE|ROLLBACK|SET|PRAGMA)\b", re.IGNORECASE)
LOCKS = re.compile(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b|\bLOCK TABLE\b", re.IGNORECASE)


@contextmanager
def nothing_can_be_written() -> Iterator[None]:
    """Whoever tries to write, or to lock a row, finds it held by somebody else."""

    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        if LOCKS.search(sql) or not READS.match(sql):
            raise OperationalError(f"this row is held by somebody else: {sql}")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def undone_scene(scene: Scene) -> Scene:
    """Much is undone: a broadcast is due to start and one to end, a user has no mailbox, another is staff unnoticed."""
    soon, later = timezone.now() - timedelta(minutes=1), timezone.now() - timedelta(seconds=30)
    Broadcast.objects.create(title="Soon", state="scheduled", publish_at=soon)
    live(title="Over", expires_at=later)
    User.objects.filter(pk=scene.reader).update(is_staff=True)
    people(1, is_staff=True)
    shop = service()
    scene.token = shop
    scene.send = start(1)
    scene.send.token = ServiceToken.objects.get()
    scene.send.save(update_fields=["token"])
    return scene


SELECTORS: dict[str, Callable[[Scene], Any]] = {
    "broadcast": lambda scene: selectors.broadcast(scene.broadcast.pk).title,
    "broadcasts_page": lambda scene: [row.pk for row in selectors.broadcasts_page().items],
    "export": lambda scene: len(list(selectors.export(scene.reader))),
    "failed_sends": lambda scene: selectors.failed_sends(),
    "inbox_page": lambda scene: selectors.inbox_page(scene.reader),
    "item": lambda scene: selectors.item(scene.reader, scene.row.ref),
    "muted": lambda scene: selectors.muted(scene.reader),
    "newest": lambda scene: selectors.newest({scene.reader: 0}, "follow"),
    "pending_sends": lambda scene: selectors.pending_sends(),
    "readers": lambda scene: selectors.readers([scene.broadcast]),
    "send": lambda scene: selectors.send(scene.send.pk, scene.send.token).type,
    "snapshot": lambda scene: selectors.snapshot(scene.reader),
    "snapshots": lambda scene: selectors.snapshots(User.objects.values_list("pk", flat=True)),
    "versions": lambda scene: selectors.versions(User.objects.values_list("pk", flat=True)),
}
VALUES = {"Page"}


def test_every_selector_is_asked() -> None:
    assert set(SELECTORS) | VALUES == set(selectors.__all__)


@pytest.mark.parametrize("read", SELECTORS.values(), ids=SELECTORS)
def test_a_selector_writes_nothing_and_locks_nothing(undone_scene: Scene, read: Callable[[Scene], Any]) -> None:
    with nothing_can_be_written():
        found = read(undone_scene)
    assert found == read(undone_scene)


ADDRESSES = [
    "/api/v1/unread/",
    "/api/v1/inbox/",
    "/api/v1/inbox/{ref}/",
    "/api/v1/preferences/",
    "/inbox/",
    "/inbox/preferences/",
]
OF_SERVICES = ["sends/{send}/", "users/{user}/unread/", "broadcasts/", "broadcasts/{broadcast}/"]


def test_a_page_or_an_answer_of_the_api_needs_no_write(undone_scene: Scene) -> None:
    browser = Caller(User.objects.get(pk=undone_scene.reader)).client
    with nothing_can_be_written():
        answers = [browser.get(path.format(ref=undone_scene.row.ref)) for path in ADDRESSES]
    assert [answer.status_code for answer in answers] == [200] * len(ADDRESSES)


def test_a_service_that_reads_needs_no_write(undone_scene: Scene, caplog: Any) -> None:
    """Not even that its token was used: somebody may hold that row."""
    known = {"send": undone_scene.send.pk, "user": undone_scene.reader, "broadcast": undone_scene.broadcast.pk}
    shop = undone_scene.token
    with nothing_can_be_written():
        answers = [shop.get(path.format(**known)) for path in OF_SERVICES]
    assert [answer.status_code for answer in answers] == [200] * len(OF_SERVICES)
    assert ServiceToken.objects.get().last_used_at is None
    shop.get("broadcasts/")
    assert ServiceToken.objects.get().last_used_at is not None


# What is undone has a state of its own, until it is done


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_user_without_a_mailbox_has_a_state(is_staff: bool) -> None:
    """That of nobody special: becoming staff, which their mailbox knows, is news and so a new version."""
    [user] = people(1, is_staff=is_staff)
    for audience in ("everyone", "staff"):
        live(audience=audience)
    with undone() as found:
        before = selectors.snapshot(user)
    assert found == [(False, (user,))]
    assert (before.version, before.by_type) == (2 * CLOCK_UNIT, {"broadcast": 1})
    assert selectors.versions([user]) == {user: before.version}
    assert not Mailbox.objects.exists()
    mend(user)
    after = selectors.snapshot(user)
    assert (after == before) is not is_staff
    assert after.unread == 1 + is_staff
    assert after.version == before.version + is_staff
    assert services.mark_all_read(user, before.version) == 1  # what came in reach later was not shown
    with undone() as found:
        selectors.snapshot(user)
    assert found == []


def test_a_mailbox_made_by_a_write_of_staff_has_a_version_that_nobody_saw() -> None:
    [user] = people(1, is_staff=True)
    live(audience="staff")
    before = selectors.snapshot(user)
    services.set_muted(user, ["like"])
    after = selectors.snapshot(user)
    assert (before.unread, after.unread) == (0, 1)
    assert after.version > before.version


def test_inside_a_transaction_it_is_reported_when_that_commits() -> None:
    [user] = people(1)
    with undone() as found:
        with transaction.atomic():
            selectors.snapshot(user)
            assert found == []
        assert found == [(False, (user,))]
    with undone() as found, transaction.atomic():
        selectors.snapshot(user)
        transaction.set_rollback(True)
    assert found == []


# Somebody holds a row


@contextmanager
def held(rows: Any) -> Iterator[Event]:
    """Another connection holds these rows until the event is set, or the body ends."""
    holding, may_go = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            assert list(rows.select_for_update())
            holding.set()
            assert may_go.wait(DEADLINE)

    with beside(hold):
        try:
            assert holding.wait(DEADLINE)
            yield may_go
        finally:
            may_go.set()


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.fixture
def due() -> Broadcast:
    return Broadcast.objects.create(title="Due", state="scheduled", publish_at=timezone.now() - timedelta(seconds=1))


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
    assert max(times) < 1


def test_a_service_that_reads_does_not_wait_for_its_token(due: Broadcast) -> None:
    """An administrator is just about to change it."""
    shop = service()
    with held(ServiceToken.objects.all()):
        assert seconds(lambda: shop.get("broadcasts/")) < 2
        assert shop.get("broadcasts/").status_code == 200
    assert ServiceToken.objects.get().last_used_at is None
    shop.get("broadcasts/")
    assert ServiceToken.objects.get().last_used_at is not None


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
        wait_for(lambda: selectors.snapshot(user).by_type == {"follow": 2, "broadcast": 1}, 2)


@pytest.mark.usefixtures("somebody_mends")
def test_what_reads_find_is_mended_behind_them(due: Broadcast) -> None:
    users = people(3, is_staff=True)
    live(audience="staff")
    selectors.snapshots(users)
    wait_for(lambda: {each.unread for each in selectors.snapshots(users).values()} == {2}, DEADLINE)


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


def test_a_mend_that_leaves_a_broadcast_due_says_so(due: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("mending_it", [services.apply_due, lambda: services.raise_clock(CLOCK_UNIT)])
def test_a_mend_gives_up_soon(due: Broadcast, mending_it: Callable[[], bool]) -> None:
    with held(BroadcastClock.objects.all()):
        began = time.perf_counter()
        with pytest.raises(OperationalError):
            mending_it()
        assert time.perf_counter() - began < 2
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
