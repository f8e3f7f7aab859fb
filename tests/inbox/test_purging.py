"""Purging goes in small steps, each right by itself, among others who write; and how it is told to."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.errors import BadValue
from inbox.models import EndedSession, FollowMessage, IdempotencyKey, LikeMessage, event_types, ledger
from inbox.models.base import MailboxRowQuerySet

from .databases import sqlite
from .listening import Heard
from .mailboxes import ago, message, messages
from .people import people, state, unread
from .services import row_of
from .threads import together, watched

retention = import_module("inbox.services.retention")
pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)


# In small steps


def statements(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured]


@committing
def test_each_batch_commits_by_itself_and_the_badge_is_right_after_it(
    user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(11):
        message(user)
    seen: list[int] = []
    monkeypatch.setattr(retention, "let_others_write", lambda: seen.append(len(unread(user))))
    versions = [selectors.snapshot(user).version]
    with Heard() as heard:
        assert services.purge(keep=2) == {"follows": 9}
    assert seen == [8, 5, 2]
    assert selectors.snapshot(user).version == versions[0] + 3 == versions[0] + len(heard.mailboxes)


def test_a_run_may_be_cut_short(user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(7):
        message(user, read_at=ago(91))
    assert [services.purge(90, 0, most=2) for _ in range(3)] == [{"follows": 6}, {"follows": 1}, {}]


@committing
def test_a_thousand_rows_take_as_many_statements_for_one_user_as_for_many(clock: Any) -> None:
    def cost(users: list[int], each: int) -> int:
        FollowMessage.objects.bulk_create(
            FollowMessage(recipient_id=user, read_at=ago(91)) for _ in range(each) for user in users
        )
        return len(statements(lambda: services.purge(90, 0)))

    users = people(1000)
    assert cost(users[:1], 1000) == cost(users, 1) <= 40


def test_nothing_to_do_costs_a_look(user: int) -> None:
    """One at each table, one at who has too many, one at each kind of other rows; and no transaction."""
    message(user)
    taken = statements(lambda: services.purge(90, 10))
    assert len(taken) == len(event_types()) + 1 + len(retention._other_tables())
    assert all(sql.startswith("SELECT") for sql in taken)


@sqlite
def test_who_has_too_many_is_found_without_sorting(user: int) -> None:
    message(user)
    of_lost = ("inbox_following", "inbox_silence")  # rows of users whom an older release has deleted
    reads = [sql for sql in statements(lambda: services.purgeable(90, 10)) if "inbox_mailbox" in sql]
    [sql] = [sql for sql in reads if not any(table in sql for table in of_lost)]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = [str(row[-1]) for row in cursor.fetchall()]
    assert not any("TEMP B-TREE" in step for step in plan)
    assert [step for step in plan if step.startswith("SCAN")] == ["SCAN inbox_mailbox"]


# Among others who write


@committing
def test_a_send_while_purging_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    users, keep = people(3), 9
    for _ in range(18):
        services.send(users, FollowMessage)

    def send() -> None:
        for number in range(12):
            services.send(users, LikeMessage, target_title=str(number))

    def purge() -> None:
        for _ in range(4):
            services.purge(0, keep)

    with watched(users):
        together(send, purge)
    services.purge(0, keep)
    for user in users:
        assert len(messages(user)) == keep == len(unread(user))
        likes = LikeMessage.objects.filter(recipient=user).order_by("seq").values_list("target_title", flat=True)
        assert list(likes) == [str(number) for number in range(12 - keep, 12)]


@committing
def test_a_batch_that_loses_a_race_is_run_again(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)
    for _ in range(3):
        message(user)
    runs: list[Any] = []
    remove = MailboxRowQuerySet.remove

    def fail_once(rows: Any) -> Any:
        runs.append(rows)
        if len(runs) == 1:
            raise OperationalError
        return remove(rows)

    monkeypatch.setattr(MailboxRowQuerySet, "remove", fail_once)
    before = selectors.snapshot(user).version
    assert services.purge(0, 1) == {"follows": 2}
    assert len(runs) == 2
    assert selectors.snapshot(user).version == before + 1


# Other rows, settings, the command


def test_what_is_over_goes_too(clock: Any, django_user_model: Any) -> None:
    owner = django_user_model.objects.create(username="owner")
    token = row_of(services.create_token("shop", owner, ["messages:write"]))
    for key, hours in (("old", 25), ("new", 23)):
        IdempotencyKey.objects.create(token=token, key=key, claimed_at=ago(hours / 24))
    EndedSession.objects.create(digest="old", until=ago(1))
    EndedSession.objects.create(digest="new", until=ago(-1))
    assert services.purge() == {"ended sessions": 1, "idempotency keys": 1}
    assert IdempotencyKey.objects.get().key == EndedSession.objects.get().digest == "new"


def said(*options: str) -> list[str]:
    call_command("purge", *options, stdout=(out := StringIO()))
    return [line.strip() for line in out.getvalue().splitlines()]


@pytest.mark.anywhere
def test_the_settings_say_what_is_kept_and_zero_is_everything(user: int, clock: Any, settings: Any) -> None:
    for days in (400, 100, 10):
        message(user, read_at=ago(days))
    settings.INBOX_RETENTION_DAYS = settings.INBOX_MAX_MESSAGES_PER_USER = 0
    assert said() == ["Deleted: 0"]
    settings.INBOX_RETENTION_DAYS = 180
    assert said() == ["1  follows", "Deleted: 1"]
    settings.INBOX_MAX_MESSAGES_PER_USER = 1
    assert said("--keep", "0") == ["Deleted: 0"]
    assert said("--days", "0", "--dry-run") == ["1  follows", "Would be deleted: 1"]
    assert said("--days", "36500", "--keep", "1000000") == ["Deleted: 0"]
    assert said("--days", "9") == ["2  follows", "Deleted: 2"]


@pytest.mark.anywhere
def test_a_dry_run_changes_nothing(user: int, clock: Any) -> None:
    message(user, read_at=ago(200))
    for _ in range(3):
        message(user)
        message(user, LikeMessage)
    before = state(user)
    with Heard() as heard:
        assert said("--dry-run", "--keep", "3") == ["3  follows", "1  likes", "Would be deleted: 4"]
    assert (state(user), heard) == (before, Heard())
    assert said("--keep", "3") == ["3  follows", "1  likes", "Deleted: 4"]


@pytest.mark.anywhere
@pytest.mark.parametrize("options", [["--days", "-1"], ["--keep", "-1"], ["--days", "soon"], ["--keep", "1.5"]])
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_what_is_no_number_is_refused(options: list[str], dry: list[str]) -> None:
    with pytest.raises(CommandError):
        said(*options, *dry)


@pytest.mark.anywhere
def test_negative_numbers_are_refused_at_once() -> None:
    for work in (partial(services.purge, days=-1), partial(services.purge, keep=-1), partial(services.purgeable, -1)):
        with pytest.raises(BadValue):
            work()


# One that can't go keeps no other back


@pytest.fixture
def kept(user: int) -> Iterator[list[int]]:
    """Keys of follows on which something of the site's hangs."""
    keys: list[int] = []

    def refuse(instance: Any, **kwargs: Any) -> None:
        if instance.pk in keys:
            raise ProtectedError("an invoice hangs on it", {instance})

    pre_delete.connect(refuse, sender=FollowMessage)
    yield keys
    pre_delete.disconnect(refuse, sender=FollowMessage)


def key(ref: str) -> int:
    return int(ref.rpartition("-")[2])


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)
    monkeypatch.setattr(retention, "let_others_write", lambda: None)


@committing
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("how", ["read long ago", "too many", "deleted"])
def test_a_row_that_cannot_go_keeps_no_other_back(user: int, clock: Any, kept: list[int], how: str) -> None:
    columns = {"read_at": ago(91)} if how == "read long ago" else {"deleted_at": ago(1)} if how == "deleted" else {}
    rows = [message(user, **columns) for _ in range(10)]
    LikeMessage.objects.create(recipient_id=user, target_title="Tea", **columns)
    EndedSession.objects.create(digest="old", until=ago(1))
    kept += [key(rows[1]), key(rows[6])]
    for _run in range(2):
        if how == "deleted":
            services.purge_deleted()
        else:
            services.purge(90, 0 if how == "read long ago" else 1)
    assert set(FollowMessage.objects.values_list("pk", flat=True)) == set(kept)
    assert LikeMessage.objects.count() == (how == "too many")  # the newest
    assert EndedSession.objects.exists() is (how == "deleted")


@committing
@pytest.mark.usefixtures("hasty")
def test_what_cannot_be_looked_for_keeps_nothing_else_back(
    user: int, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> Iterator[Any]:
        raise OperationalError("no such table")
        yield

    message(user, read_at=ago(91))
    EndedSession.objects.create(digest="old", until=ago(1))
    monkeypatch.setattr(retention, "_over_limit", fail)
    services.purge(90, 1)
    assert not FollowMessage.objects.exists()
    assert not EndedSession.objects.exists()


@committing
@pytest.mark.usefixtures("hasty")
def test_erasing_goes_on_and_says_what_failed(user: int, kept: list[int]) -> None:
    kept.append(key(message(user)))
    LikeMessage.objects.create(recipient_id=user, target_title="Tea")
    services.set_muted(user, ["like"])
    with pytest.raises(ProtectedError):
        services.erase(user)
    assert not LikeMessage.objects.exists()
    assert selectors.muted(user) == []
    kept.clear()
    assert services.erase(user) == {"follows": 1}
