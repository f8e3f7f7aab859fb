"""Other people's messages forget a user who was deleted, in batches."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from inbox import selectors, services
from inbox.models import BroadcastReceipt, DeletedUser, FollowMessage, LikeMessage, Mailbox, ledger
from inbox.services import departures

from .databases import postgres
from .listening import Heard
from .people import live, one_of, people
from .rest import person
from .threads import Pause, after, beside, once_before, together

transactional = pytest.mark.django_db(transaction=True)
Delete = Callable[[int], Any]


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
}
by_hand = pytest.param(by_the_admin, id="admin", marks=pytest.mark.anywhere)
every_way = pytest.mark.parametrize("delete", [*[pytest.param(way, id=name) for name, way in WAYS.items()], by_hand])


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
def test_messages_to_nobody_end_too(few: int) -> None:
    """As a fixture or an old process may have written them: their recipient has no key to a user."""
    actor, reader = people(2)
    services.send([reader], FollowMessage, actor=actor)
    for number in range(3):
        FollowMessage(recipient_id=10**6, seq=number, actor_id=actor).save_base(raw=True)
    one_of(actor).delete()
    for _round in range(9):
        services.forget_deleted_users()
    assert DeletedUser.objects.get().finished_at is not None
    assert not FollowMessage.objects.filter(actor__isnull=False).exists()


@transactional
def test_a_key_that_is_deleted_again_meanwhile(few: int) -> None:
    actor, *readers = people(5)
    services.send(readers, FollowMessage, actor=actor)
    one_of(actor).delete()
    User.objects.create(pk=actor, username="another")
    services.send(readers, LikeMessage, actor=actor, target_title="Tea")
    one_of(actor).delete()
    assert DeletedUser.objects.get().total == 2 * len(readers)
    while services.forget_deleted_users():
        pass
    assert {row.actor_id for model in (FollowMessage, LikeMessage) for row in model.objects.all()} == {None}


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


@pytest.mark.django_db
def test_what_is_finished_is_purged_after_a_month() -> None:
    long_ago = timezone.now() - timedelta(days=31)
    DeletedUser.objects.create(user="finished", finished_at=long_ago)
    DeletedUser.objects.create(user="just finished", finished_at=timezone.now(), progress_at=long_ago)
    DeletedUser.objects.create(user="unfinished", total=5, created_at=long_ago, progress_at=long_ago)
    services.purge()
    assert set(DeletedUser.objects.values_list("user", flat=True)) == {"just finished", "unfinished"}


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
    now = timezone.now()
    DeletedUser.objects.update(progress_at=now - timedelta(minutes=1))
    DeletedUser.objects.filter(user=str(first)).update(progress_at=now - timedelta(minutes=2))  # it is tried first
    while services.forget_deleted_users():
        pass
    assert {row.actor_id for row in FollowMessage.objects.all()} == {first, None}
    assert DeletedUser.objects.get(finished_at=None).progress_at >= now  # it waits behind others, and until a sweep


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
