"""Two threads, one of them stopped at the worst moment (PostgreSQL: SQLite has one writer)."""

import logging
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import OperationalError, connection, transaction

from inbox import selectors, services
from inbox.models import BroadcastReceipt, FollowMessage, Mailbox, ledger

from .databases import postgres
from .people import live, people
from .threads import Pause, after, beside, blocked, sequence, together

pytestmark = [pytest.mark.django_db(transaction=True), postgres]


def test_a_transaction_that_commits_late() -> None:
    """Readers go on with the old state; writers queue; what was not shown is not marked."""
    [user] = people(1)
    services.send([user], FollowMessage)
    before = selectors.snapshot(user)
    sent, commit = Event(), Event()

    def slowly() -> None:
        with transaction.atomic():
            services.send([user], FollowMessage)
            sent.set()
            assert commit.wait(60)

    with beside(slowly):
        assert sent.wait(60)
        with beside(partial(services.send, [user], FollowMessage)) as next_send:
            assert blocked(next_send)
            assert selectors.snapshot(user) == before
            shown = selectors.inbox_page(user).version
            commit.set()
    assert sequence(user, FollowMessage) == [1, 2, 3]
    assert services.mark_all_read(user, shown) == 1
    assert selectors.snapshot(user).unread == 2


@pytest.mark.parametrize("how", ["delete", "clear"])
def test_joining_a_group_that_is_being_emptied(how: str) -> None:
    """Either they joined after, or are counted among those who leave: no version has two states."""
    group = Group.objects.create(name="tea")
    member, newcomer = (User.objects.get(pk=pk) for pk in people(2))
    services.touch([newcomer.pk])
    member.groups.add(group)
    live(audience="groups").groups.add(group)
    seen: dict[int, int] = {}

    def look() -> None:
        snapshot = selectors.snapshot(newcomer.pk)
        assert seen.setdefault(snapshot.version, snapshot.unread) == snapshot.unread

    def join() -> None:
        try:
            newcomer.groups.add(group)
        except Exception:  # noqa: BLE001 (a group that is gone can't be joined: the foreign key says so)
            assert how == "delete"

    pause = Pause('DELETE FROM "auth_user_groups"')
    empty = group.delete if how == "delete" else group.user_set.clear
    with beside(pause.around(empty)), beside(after(pause, join)) as joining, pause:
        blocked(joining)
        look()
    look()


def test_joining_a_group_just_before_it_is_held() -> None:
    """Then there is one more to count out, and to lock before the group: it starts again."""
    group = Group.objects.create(name="tea")
    member, newcomer = (User.objects.get(pk=pk) for pk in people(2))
    member.groups.add(group)
    pause = Pause('FROM "auth_group" .* FOR UPDATE')
    join = after(pause, partial(newcomer.groups.add, group))
    with beside(pause.around(group.delete)), pause:
        together(join)
        joined = selectors.snapshot(newcomer.pk).version
    assert selectors.snapshot(newcomer.pk).version == joined + 1


def test_naming_a_user_just_before_they_are_deleted() -> None:
    """In a mailbox that the deletion has not locked: that message forgets them in a batch."""
    actor, reader, other = people(3)
    services.send([other], FollowMessage, actor=actor)
    pause = Pause('DELETE FROM "auth_user"')
    send = after(pause, partial(services.send, [reader], FollowMessage, actor=actor))
    with beside(pause.around(User.objects.get(pk=actor).delete)), pause:
        together(send)
        named = selectors.inbox_page(reader)
    while services.forget_deleted_users():
        pass
    assert named.items != (now := selectors.inbox_page(reader)).items
    assert now.version == named.version + 1
    assert [row.actor_id for row in FollowMessage.objects.all()] == [None, None]


def test_naming_a_user_who_is_being_deleted() -> None:
    """The deletion is not disturbed, and the message comes from nobody."""
    actor, reader, other = people(3)
    services.send([other], FollowMessage, actor=actor)
    pause = Pause('DELETE FROM "inbox_mailbox"')
    send = after(pause, partial(services.send, [reader], FollowMessage, actor=actor))
    with beside(pause.around(User.objects.get(pk=actor).delete)), beside(send) as sending, pause:
        assert blocked(sending)
    assert [row.actor_id for row in FollowMessage.objects.all()] == [None, None]


def test_reading_a_broadcast_that_is_being_deleted() -> None:
    [user] = people(1)
    broadcast = live()
    pause = Pause('DELETE FROM "inbox_broadcast" ')
    mark_all = after(pause, partial(services.mark_all_read, user, selectors.snapshot(user).version))
    with beside(pause.around(broadcast.delete)), beside(mark_all) as marking, pause:
        assert blocked(marking)
    assert marking.result() == 0
    assert not BroadcastReceipt.objects.exists()


@pytest.mark.usefixtures("no_deadlock")
def test_users_deleted_by_one_queryset_are_locked_in_order() -> None:
    low, middle, high = people(3)
    services.send([low], FollowMessage, actor=high)
    services.send([low, middle, high], FollowMessage)
    pause = Pause("FOR NO KEY UPDATE", before=2)
    going = User.objects.filter(pk__in=[middle, high])
    send = after(pause, partial(services.send, [high, middle, low], FollowMessage))
    with beside(pause.around(going.delete)), beside(send) as sending, pause:
        assert blocked(sending)
    assert sending.result() == 1


def test_lists_that_grow_while_they_shrink_as_much() -> None:
    """Their length is the same afterwards, and yet other users see the broadcast: no version has two states."""
    old, new = people(2)
    news = live(audience="several")
    services.set_people(news, [old])
    pause = Pause('INSERT INTO "inbox_broadcastmember"')
    with beside(pause.around(partial(services.upload_list, news, str(new)))), pause:
        services.set_people(news, [])
        before = selectors.snapshot(new)
    after = selectors.snapshot(new)
    assert (before.unread, after.unread) == (0, 1)
    assert after.version > before.version


def test_a_lock_timeout_is_tried_again() -> None:
    """Unless the transaction is the caller's."""
    [user] = people(1)
    services.send([user], FollowMessage)
    retried, held = Event(), Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            retried.set()

    def hold() -> None:
        with transaction.atomic():
            Mailbox.objects.select_for_update().get(pk=user)
            held.set()
            assert retried.wait(60)

    def read() -> Any:
        assert held.wait(60)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError), transaction.atomic():
            services.send([user], FollowMessage)
        return services.mark_read(user, [FollowMessage.objects.get().ref])

    ledger.logger.addHandler(listener := Listener())
    try:
        assert together(hold, read) == [None, 1]
    finally:
        ledger.logger.removeHandler(listener)
