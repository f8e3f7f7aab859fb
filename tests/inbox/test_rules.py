"""docs/ARCHITECTURE.md, rules 1 and 2: locks and transactions. Each test fails without its rule."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Value
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, BroadcastClock, BroadcastReceipt, FollowMessage, Mailbox, ledger
from inbox.signals import broadcast_changed, mailbox_changed

from .databases import postgres
from .listening import Heard
from .people import people
from .scenes import CLOCK_WRITES, NOTHING, Scene, Write, all_writes, clock_writes, edited, mailbox_writes

sending = import_module("inbox.services.sending")  # `services.send` is the function
pytestmark = pytest.mark.django_db
AtCommit = Any
committing = pytest.mark.django_db(transaction=True)


def version(user: int) -> int:
    return Mailbox.objects.get(pk=user).version


def clock() -> int:
    return BroadcastClock.objects.get().value


@pytest.fixture
def at_commit(django_capture_on_commit_callbacks: AtCommit) -> AtCommit:
    return django_capture_on_commit_callbacks


# Rule 1: lock order


def locks(statements: list[str]) -> str:
    """One letter per statement: (c)lock locked, (m)ailboxes locked in order, (r)ows of either touched."""
    kinds = {
        "c": r'FROM "inbox_broadcastclock".* FOR NO KEY UPDATE',
        "m": r'FROM "inbox_mailbox".* ORDER BY (\S+\."user_id"|1) ASC FOR NO KEY UPDATE',
        "r": r'(INSERT INTO|UPDATE|DELETE FROM) "inbox_(\w+message|broadcastreceipt|broadcast|broadcast_groups)" |'
        r'FROM "inbox_\w+message" .* FOR UPDATE',
    }
    found = (next((kind for kind, shape in kinds.items() if re.search(shape, sql)), "") for sql in statements)
    return "".join(found)


def statements_of(write: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        write()
    return [query["sql"] for query in captured]


@postgres
@mailbox_writes
def test_mailboxes_are_locked_before_their_rows(scene: Scene, write: Write) -> None:
    assert re.match("c?m", locks(statements_of(lambda: write(scene))))


@postgres
@clock_writes
def test_the_clock_is_locked_before_anything_else(scene: Scene, write: Write) -> None:
    taken = locks(statements_of(lambda: write(scene)))
    assert re.match("r?c" if write is CLOCK_WRITES["groups.add"] else "c", taken)
    assert "m" not in taken


@postgres
def test_purging_takes_the_locks_too(scene: Scene) -> None:
    FollowMessage.objects.update(deleted_at=timezone.now() - timezone.timedelta(hours=1))
    assert re.match("m+r", locks(statements_of(services.purge_deleted)))


def edit_one_by_one(users: list[int]) -> None:
    rows = [edited(FollowMessage.objects.get(recipient=user), url="/tea") for user in users]
    FollowMessage.objects.bulk_update(rows, ["url"], batch_size=1)


@postgres
@pytest.mark.parametrize("write", [lambda users: services.send(users, FollowMessage), edit_one_by_one, services.touch])
def test_mailboxes_are_locked_at_once_in_the_order_of_their_ids(write: Callable[[list[int]], Any]) -> None:
    users = people(5)
    services.send(users, FollowMessage)
    lock = next(sql for sql in statements_of(lambda: write(users[::-1])) if "NO KEY" in sql)
    with connection.cursor() as cursor:
        cursor.execute(re.search(r"\(?(SELECT.*FOR NO KEY UPDATE)", lock)[1])  # type: ignore[index]
        assert [row[0] for row in cursor.fetchall()] == users


@committing
def test_a_mailbox_is_made_before_the_transaction_that_needs_it() -> None:
    [user] = people(1)
    with pytest.raises(DatabaseError):
        FollowMessage.objects.create(recipient_id=user, archived_at=timezone.now())
    assert version(user) == 0


@committing
@pytest.mark.parametrize("error", [OperationalError, IntegrityError])
def test_races_are_run_again_at_most_five_times(error: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)
    [user] = people(1)
    runs = []

    def insert(ids: Any, message: Any) -> None:
        runs.append(ids)
        if len(runs) != 5:
            raise error

    monkeypatch.setattr(sending, "_insert", insert)
    assert services.send([user], FollowMessage) == 1
    assert len(runs) == 5
    with pytest.raises(error):
        services.send([user], FollowMessage)
    assert len(runs) == 10
    with pytest.raises(error), transaction.atomic():
        services.send([user], FollowMessage)
    assert len(runs) == 11
    assert version(user) == 1


# Rule 2: one transaction


@mailbox_writes
def test_a_write_advances_and_announces(scene: Scene, write: Write, heard: Heard, at_commit: AtCommit) -> None:
    before, ticks = version(scene.reader), clock()
    with at_commit(execute=True):
        write(scene)
        assert heard == Heard()
    assert version(scene.reader) > before
    assert scene.reader in heard.users
    assert (clock(), heard.broadcasts) == (ticks, [])


@clock_writes
def test_a_broadcast_ticks_and_announces(scene: Scene, write: Write, heard: Heard, at_commit: AtCommit) -> None:
    before, ticks = version(scene.reader), clock()
    with at_commit(execute=True):
        write(scene)
        assert heard == Heard()
    assert clock() > ticks
    assert heard.broadcasts
    assert (version(scene.reader), heard.mailboxes) == (before, [])


@all_writes
def test_a_rollback_takes_all_of_it_back(scene: Scene, write: Write, at_commit: AtCommit) -> None:
    before = selectors.snapshots([scene.reader, scene.actor])
    with at_commit() as announcements, transaction.atomic():
        write(scene)
        transaction.set_rollback(True)
    assert selectors.snapshots([scene.reader, scene.actor]) == before
    assert announcements == []


@committing
def test_nothing_is_announced_before_the_commit(heard: Heard) -> None:
    users = people(2)
    with transaction.atomic():
        services.send(users, FollowMessage)
        broadcast = Broadcast.objects.create(title="News", state="live")
        assert heard == Heard()
    assert heard.mailboxes == [(user, "follow") for user in users]
    assert heard.broadcasts == [broadcast.ref]


@committing
@pytest.mark.parametrize("signal", [mailbox_changed, broadcast_changed])
def test_a_raising_receiver_hurts_nobody(signal: Signal, caplog: pytest.LogCaptureFixture) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("receiver")

    signal.connect(fail)
    try:
        with Heard() as heard:
            scene = Scene()
            assert (scene.reader in heard.users, heard.broadcasts) == (True, [scene.broadcast.ref, scene.dismissed.ref])
    finally:
        signal.disconnect(fail)
    assert "receiver" in caplog.text


def test_version_and_rows_change_together(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    before = version(scene.reader)

    def fail(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(sending, "_insert", fail)
    with pytest.raises(RuntimeError):
        services.send([scene.reader], FollowMessage)
    assert version(scene.reader) == before


def test_what_cannot_be_counted_is_refused(scene: Scene) -> None:
    for refused in (
        lambda: FollowMessage.objects.bulk_create([FollowMessage(recipient_id=scene.reader)], ignore_conflicts=True),
        lambda: FollowMessage.objects.bulk_create([FollowMessage(recipient_id=scene.reader)], None, True),
        lambda: FollowMessage.objects.update(recipient=scene.actor),
        lambda: FollowMessage.objects.update(recipient_id=scene.actor),
        lambda: Broadcast.objects.update(state=Value("live")),
        lambda: Broadcast.objects.update(audience=F("audience")),
    ):
        with pytest.raises(NotImplementedError):
            refused()
    with pytest.raises(ValueError, match="move"):
        edited(scene.row, recipient_id=scene.actor).save()
    for model in (FollowMessage, BroadcastReceipt, Broadcast):
        assert not hasattr(model.objects, "delete")
        assert not hasattr(model.objects, "purge")


@pytest.mark.parametrize("form", [str, int])
def test_a_recipient_in_any_form_is_counted(form: Any) -> None:
    [user] = people(1)
    FollowMessage.objects.bulk_create([FollowMessage(recipient_id=form(user)) for _ in range(2)])
    row = FollowMessage(recipient_id=form(user))
    row.save()
    edited(row, recipient_id=form(user), url="/tea").save()
    assert sorted(FollowMessage.objects.filter(recipient=user).values_list("seq", flat=True)) == [1, 2, 3]
    assert version(user) == 4


@pytest.mark.parametrize("write", NOTHING.values(), ids=NOTHING)
def test_what_changes_nothing_advances_nothing(scene: Scene, write: Write) -> None:
    services.touch([scene.actor])
    before = selectors.versions([scene.reader, scene.actor])
    write(scene)
    assert selectors.versions([scene.reader, scene.actor]) == before
