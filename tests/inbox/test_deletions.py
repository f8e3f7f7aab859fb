"""A user goes at once, whoever deletes them, however often, and whoever else goes along."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models.deletion import Collector
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.models import FollowMessage, LikeMessage, Mailbox, ledger
from inbox.services import departures

from .databases import postgres
from .people import one_of, people
from .rest import person
from .test_departures import in_a_transaction
from .threads import Pause, after, beside, blocked, once_before, together

transactional = pytest.mark.django_db(transaction=True)

# Deleted twice


@transactional
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
def test_a_group_deleted_twice() -> None:
    Group.objects.create(name="tea")
    group, again = Group.objects.get(), Group.objects.get()
    one_of(people(1)[0]).groups.add(group)
    assert group.delete()[0] > 0
    assert again.delete() == (0, {})


class NotSearched(list[Any]):
    def __iter__(self) -> Any:
        raise AssertionError("everything that the transaction has registered is searched")


@transactional
def test_each_deletion_of_many_in_one_transaction_takes_as_long() -> None:
    """Groups and users who are deleted one by one: what was registered for those before is not searched."""
    users = people(3)
    groups = [Group.objects.create(name=name) for name in ("tea", "coffee", "milk")]
    one_of(users[0]).groups.add(*groups)
    with transaction.atomic():
        connection.run_on_commit = NotSearched()
        for row in (*groups, *map(one_of, users)):
            row.delete()
        assert len(connection.run_on_commit) > len(users)
    assert not Mailbox.objects.exists()


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
@pytest.mark.parametrize("how", ["rows", "querysets", "admins"])
def test_two_delete_one_user_at_once(how: str) -> None:
    for _ in range(3):
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
        services.send([reader, actor], FollowMessage, actor=actor)
    collector = Collector("default")
    collector.collect(User.objects.filter(pk__in=actors))
    with CaptureQueriesContext(connection) as queries:
        assert collector.delete()[0] == len(actors)
    assert set(Mailbox.objects.values_list("pk", flat=True)) == {reader}
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    locked = {int(key) for lock in locks for keys in re.findall(r"{([\d,]+)}", lock) for key in keys.split(",")}
    assert locked <= set(actors)
    assert bool(locked) == (connection.vendor == "postgresql")
    assert {item.title for item in selectors.inbox_page(reader).items} == {"Someone followed you"}
    while services.forget_deleted_users():
        pass
    assert {row.actor_id for row in FollowMessage.objects.all()} == {None}


@postgres
@transactional
@pytest.mark.usefixtures("no_deadlock")
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


# Many messages of their own


@transactional
def test_a_large_inbox_is_deleted_without_being_loaded(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends to them, or to a thousand among whom they are, waits for it."""
    services.send([user], FollowMessage)
    monkeypatch.setattr(FollowMessage, "from_db", None)
    assert one_of(user).delete()[0] == 1
    assert not FollowMessage.objects.exists()


@transactional
def test_a_large_inbox_is_deleted_in_parts(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement has the keys of all its rows, nor loads them all for what goes along."""
    monkeypatch.setattr(departures, "PART", 3)
    for _ in range(7):
        services.send([user], FollowMessage)
    with CaptureQueriesContext(connection) as queries:
        assert one_of(user).delete()[0] == 1
    deleted = [query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "inbox_followmessage"')]
    assert len(deleted) == 3
    assert not FollowMessage.objects.exists()


@transactional
@pytest.mark.urls("tests.inbox.urls")
def test_the_admin_lists_no_messages_of_whom_it_deletes(user: int) -> None:
    services.send([user], FollowMessage, actor=user)
    client = Client()
    client.force_login(person("root", is_staff=True, is_superuser=True))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/admin/auth/user/{user}/delete/").status_code == 200
    assert not [query["sql"] for query in queries if "message" in query["sql"].split("FROM")[-1]]
