"""A user goes at once, whoever deletes them and however often; messages of others forget them in batches."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.db.models.deletion import Collector
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import ledger, selectors, services
from inbox.models import BroadcastReceipt, DeletedUser, FollowMessage, LikeMessage, Mailbox
from inbox.services import departures

from .databases import postgres
from .listening import Heard
from .people import live, people
from .rest import person
from .threads import Pause, after, beside, blocked, together

transactional = pytest.mark.django_db(transaction=True)
Delete = Callable[[int], Any]


def one_of(pk: int) -> User:
    return User.objects.get(pk=pk)


def by_the_admin(pk: int) -> Any:
    client = Client()
    client.force_login(person("root", is_staff=True, is_superuser=True))
    form = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    assert client.post("/admin/auth/user/", form).status_code == 302


def in_a_transaction(pk: int) -> Any:
    with transaction.atomic():
        return one_of(pk).delete()


WAYS: dict[str, Delete] = {
    "row": lambda pk: one_of(pk).delete(),
    "queryset": lambda pk: User.objects.filter(pk=pk).delete(),
    "transaction": in_a_transaction,
    "admin": by_the_admin,
}
every_way = pytest.mark.parametrize("delete", WAYS.values(), ids=WAYS)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Messages in a batch."""
    monkeypatch.setattr(departures, "BATCH", 3)
    return 3


# Deleted twice


@transactional
@pytest.mark.timeout(60)
@pytest.mark.parametrize("acted", [0, 2, 10])
def test_deleting_who_is_gone_already_is_as_in_django_alone(few: int, acted: int) -> None:
    actor, *readers = people(11)
    services.send(readers[:acted], FollowMessage, actor=actor)
    rows, found = [one_of(actor), one_of(actor)], User.objects.filter(pk=actor)
    assert rows[0].delete()[0] == 1
    for again in (rows[1].delete, found.delete, found.all().delete):
        assert again() == (0, {})
    assert not Mailbox.objects.filter(pk=actor).exists()


@transactional
@pytest.mark.timeout(60)
def test_a_group_deleted_twice() -> None:
    Group.objects.create(name="tea")
    group, again = Group.objects.get(), Group.objects.get()
    one_of(people(1)[0]).groups.add(group)
    assert group.delete()[0] > 0
    assert again.delete() == (0, {})


@transactional
def test_a_deletion_that_was_rolled_back_is_done_again_by_the_same_queryset() -> None:
    actor, reader = people(2)
    services.send([actor, reader], FollowMessage, actor=actor)
    going = User.objects.filter(pk=actor)
    with transaction.atomic():
        going.delete()
        transaction.set_rollback(True)
    before = selectors.snapshot(reader).version
    assert going.delete()[0] == 1
    assert selectors.snapshot(reader).version == before + 1


@postgres
@transactional
@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", ["rows", "querysets", "admins"])
def test_two_delete_one_user_at_once(how: str) -> None:
    for _ in range(5):
        actor, *readers = people(3)
        services.send([actor, *readers], FollowMessage, actor=actor)
        rows = [one_of(actor), one_of(actor)]
        works: dict[str, list[Callable[[], Any]]] = {
            "rows": [row.delete for row in rows],
            "querysets": [User.objects.filter(pk=actor).delete, User.objects.filter(pk=actor).delete],
            "admins": [partial(in_a_transaction, actor), rows[0].delete],
        }
        deleted = together(*[partial(unless_gone, work) for work in works[how]])
        assert sum(count for count, _tables in deleted) == 1
        assert [FollowMessage.objects.filter(recipient=pk).get().actor_id for pk in readers] == [None, None]


def unless_gone(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except User.DoesNotExist:
        return 0, {}


# Many users at once

AFTER_COLLECTING = 'SELECT "auth_user"."id"( AS "pk")? FROM "auth_user" WHERE NOT'  # our query, which follows Django's


@transactional
def test_who_matches_a_query_only_after_it_was_run_keeps_everything() -> None:
    going, *staying = people(4)
    services.send([going, *staying], FollowMessage)
    services.send([going], LikeMessage, actor=staying[0], target_title="Tea")
    User.objects.filter(pk=going).update(is_active=False)
    deactivate = partial(User.objects.filter(pk__in=staying).update, is_active=False)
    with once_before(AFTER_COLLECTING, deactivate):
        assert User.objects.filter(is_active=False).delete()[0] == 1
    assert User.objects.filter(is_active=False).count() == len(staying)
    assert {row.recipient_id for row in FollowMessage.objects.all()} == set(staying)


@transactional
def test_who_matches_a_query_no_longer_is_deleted_with_what_is_theirs() -> None:
    first_one, second = people(2)
    services.send([first_one, second], FollowMessage)
    activate = partial(User.objects.filter(pk=second).update, is_active=True)
    User.objects.filter(pk__in=[first_one, second]).update(is_active=False)
    with once_before(AFTER_COLLECTING, activate):
        assert User.objects.filter(is_active=False).delete()[0] == 2
    assert not FollowMessage.objects.exists()
    assert not Mailbox.objects.exists()


@contextmanager
def once_before(pattern: str, work: Callable[[], Any]) -> Iterator[None]:
    """Do the work before the first statement that matches."""
    todo = [work]

    def execute(run: Any, sql: str, *args: Any) -> Any:
        if todo and re.search(pattern, sql):
            todo.pop()()
        return run(sql, *args)

    with connection.execute_wrapper(execute):
        yield
    assert not todo


@transactional
def test_a_further_user_of_a_queryset_costs_no_further_statement(django_assert_num_queries: Any) -> None:
    """Whether they have a mailbox, and whether others' messages name them."""
    users = people(47)
    reader = users.pop()
    for actor in users[::3]:
        services.send([reader, actor], FollowMessage, actor=actor)
    with CaptureQueriesContext(connection) as few:
        User.objects.filter(pk__in=users[:6]).delete()
    with django_assert_num_queries(len(few)):
        User.objects.filter(pk__in=users[6:]).delete()
    assert not FollowMessage.objects.exclude(actor_id=None, recipient=reader).exists()
    assert set(Mailbox.objects.values_list("pk", flat=True)) == {reader}


@transactional
def test_a_queryset_deleted_again_after_a_rollback_locks_again(user: int) -> None:
    """Also after a rollback to a savepoint, and in the transaction in which it deleted others."""
    services.send([user], FollowMessage)
    going = User.objects.filter(username__startswith="user")
    with transaction.atomic():
        with transaction.atomic():
            going.delete()
            transaction.set_rollback(True)
        assert not services.is_departing(user, going)
        assert FollowMessage.objects.count() == 1
        assert going.delete()[0] == 1
        [another] = people(1)
        services.send([another], FollowMessage)
        assert going.delete()[0] == 1
    assert not services.is_departing(user, going)
    assert not FollowMessage.objects.exists()
    assert not Mailbox.objects.exists()


@transactional
def test_a_user_who_comes_back_in_the_same_transaction_and_is_deleted_again(user: int) -> None:
    going = User.objects.filter(pk=user)
    with transaction.atomic():
        for _ in range(3):
            services.send([user], FollowMessage)
            assert going.delete()[0] == 1
            assert not Mailbox.objects.exists()
            User.objects.create(pk=user, username="again")
    assert not FollowMessage.objects.exists()


@transactional
def test_users_who_are_deleted_along_with_something_else(few: int) -> None:
    """Django tells of one after the other, so nobody's mailbox is locked but theirs: readers' would be out of order."""
    reader, *actors = people(4)
    for actor in actors:
        services.send([reader, *actors], FollowMessage, actor=actor)
    collector = Collector("default")
    collector.collect(User.objects.filter(pk__in=actors))
    with CaptureQueriesContext(connection) as queries:
        assert collector.delete()[0] == len(actors)
    assert set(Mailbox.objects.values_list("pk", flat=True)) == {reader}
    assert not any("FOR NO KEY UPDATE" in query["sql"] and str(reader) in query["sql"] for query in queries)
    assert {item.title for item in selectors.inbox_page(reader).items} == {"Someone followed you"}
    while services.forget_deleted_users():
        pass
    assert {row.actor_id for row in FollowMessage.objects.all()} == {None}


@postgres
@transactional
@pytest.mark.usefixtures("no_deadlock")
@pytest.mark.timeout(60)
def test_no_user_is_locked_before_a_mailbox() -> None:
    """Of two who are deleted, one without a mailbox is named to the other just now."""
    low, high = people(2)
    ledger.ensure([high])
    pause = Pause("FOR KEY SHARE")
    send = partial(services.send, [high], FollowMessage, actor=low)
    delete = after(pause, User.objects.filter(pk__in=[low, high]).delete)
    with beside(pause.around(send)) as sending, beside(delete) as deleting, pause:
        assert blocked(deleting)
    assert (sending.result(), deleting.result()[0]) == (1, 2)
    assert not FollowMessage.objects.exists()


# Many messages


@transactional
@pytest.mark.urls("tests.inbox.urls")
@every_way
def test_messages_forget_in_batches(delete: Delete, few: int) -> None:
    actor, *readers = people(9)
    services.send(readers, FollowMessage, actor=actor)
    services.send([*readers[:2], actor], LikeMessage, actor=actor, target_title="Tea")
    before = {pk: selectors.snapshot(pk) for pk in readers}
    with Heard() as heard:
        delete(actor)
        assert not heard.users & set(readers)
        assert {item.title.split()[0] for pk in readers for item in selectors.inbox_page(pk).items} == {"Someone"}
        assert FollowMessage.objects.first().actor is None
        [row] = DeletedUser.objects.all()
        assert (row.user, row.total, row.done) == (str(actor), 10, 0)
        batches = 0
        while services.forget_deleted_users():
            batches += 1
            assert len(heard.mailboxes) <= few
            heard.clear()
    row.refresh_from_db()
    assert (batches, row.done, row.finished_at is not None) == (5, 10, True)  # 3, 3, 2; 2; nothing
    for model in (FollowMessage, LikeMessage):
        assert not model.objects.exclude(actor_id=None).exists()
    for pk in readers:
        assert selectors.snapshot(pk).version == before[pk].version + (2 if pk in readers[:2] else 1)


@transactional
def test_a_large_inbox_is_deleted_without_being_loaded(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends to them, or to a thousand among whom they are, waits for it."""
    services.send([user], FollowMessage)
    monkeypatch.setattr(FollowMessage, "from_db", None)
    assert one_of(user).delete()[0] == 1
    assert not FollowMessage.objects.exists()


@transactional
def test_many_users_go_together(few: int) -> None:
    """Also those who have no mailbox, and those whose deletion goes along with another's."""
    *going, reader, other = people(6)
    live_one = live()
    for actor in going[:3]:
        services.send([reader, other], FollowMessage, actor=actor)
        services.mark_read(actor, [live_one.ref])
    User.objects.filter(pk__in=going).delete()
    while services.forget_deleted_users():
        pass
    assert not FollowMessage.objects.exclude(actor_id=None).exists()
    assert not BroadcastReceipt.objects.exists()
    assert set(Mailbox.objects.values_list("pk", flat=True)) == {reader, other}


@transactional
def test_a_key_that_somebody_else_has_got_since(few: int) -> None:
    actor, *readers = people(5)
    services.send(readers, FollowMessage, actor=actor)
    one_of(actor).delete()
    User.objects.create(pk=actor, username="another")
    services.send(readers, LikeMessage, actor=actor, target_title="Tea")
    while services.forget_deleted_users():
        pass
    assert not FollowMessage.objects.exclude(actor_id=None).exists()
    assert {row.actor_id for row in LikeMessage.objects.all()} == {actor}


@transactional
def test_a_batch_that_vanishes_is_not_the_last(few: int) -> None:
    """Somebody empties a mailbox after the messages in it were found, and before it is locked."""
    actor, reader, *readers = people(6)
    for _ in range(few):
        services.send([reader], FollowMessage, actor=actor)
    services.send(readers, FollowMessage, actor=actor)
    one_of(actor).delete()
    vanish = FollowMessage.objects.filter(recipient=reader).delete
    with once_before("SELECT DISTINCT .*inbox_followmessage", vanish):
        assert services.forget_deleted_users()
    assert DeletedUser.objects.get().finished_at is None
    while services.forget_deleted_users():
        pass
    assert [row.actor_id for row in FollowMessage.objects.all()] == [None] * len(readers)
    row = DeletedUser.objects.get()
    assert (row.done, row.finished_at is not None) == (len(readers), True)


@pytest.mark.django_db
@pytest.mark.parametrize(("idle", "stalled"), [((60, 1), False), ((60, 30), True), ((60,), True), ((), False)])
def test_work_is_stalled_if_nobody_is_at_any_of_it(idle: tuple[int, ...], stalled: bool) -> None:
    """One after the other: whoever waits their turn does not stand still."""
    now = timezone.now()
    for number, seconds in enumerate(idle):
        DeletedUser.objects.create(user=str(number), total=5, progress_at=now - timedelta(seconds=seconds))
    DeletedUser.objects.create(user="finished", finished_at=now, progress_at=now)
    assert services.is_forgetting_stalled(timedelta(seconds=10)) is stalled


@transactional
def test_a_key_that_no_user_can_have_any_more_is_finished_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The site has another user model since. Nobody else waits for it."""
    DeletedUser.objects.create(user="not-a-number", total=1)
    while services.forget_deleted_users():
        pass
    assert DeletedUser.objects.get().finished_at is not None
    assert not services.forget_deleted_users()
    assert len(caplog.records) == 1


@transactional
def test_one_that_fails_does_not_stop_the_next(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *readers = people(6)
    for actor in (first, second):
        services.send(readers, FollowMessage, actor=actor)
        one_of(actor).delete()
    real = departures._forget_some

    def fail(row: DeletedUser) -> int | None:
        if row.user == str(first):
            raise IntegrityError
        return real(row)

    monkeypatch.setattr(departures, "_forget_some", fail)
    monkeypatch.setattr(ledger, "RETRY_SECONDS", 0)
    while services.forget_deleted_users():
        pass
    assert {row.actor_id for row in FollowMessage.objects.all()} == {first, None}
    assert not services.is_forgetting_stalled(timedelta(seconds=5))  # just tried


@postgres
@transactional
def test_a_frozen_worker_keeps_nobody_but_its_batch(few: int) -> None:
    """Others are sent to, and another worker passes over what it holds."""
    actor, *readers = people(10)
    services.send(readers, FollowMessage, actor=actor)
    one_of(actor).delete()
    pause = Pause('UPDATE "inbox_followmessage"')
    batch = sorted(readers, key=lambda pk: FollowMessage.objects.get(recipient=pk).pk)[:few]
    others = [pk for pk in readers if pk not in batch]
    send = after(pause, partial(services.send, others, FollowMessage))
    with beside(pause.around(services.forget_deleted_users)), pause:
        assert together(send, after(pause, services.forget_deleted_users)) == [len(others), False]


@postgres
@transactional
def test_who_names_a_user_while_they_are_deleted_names_nobody(few: int) -> None:
    """Also by plain ORM use, where nothing but the lock of the user's row stands between the two."""
    actor, reader, *readers = people(7)
    services.send(readers, FollowMessage, actor=actor)
    pause = Pause('DELETE FROM "inbox_mailbox"')
    create = after(pause, partial(FollowMessage.objects.create, recipient_id=reader, actor_id=actor))
    with beside(pause.around(one_of(actor).delete)), beside(create) as creating, pause:
        pass
    assert creating.result().actor_id is None
