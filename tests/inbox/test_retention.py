"""What is kept no longer: read long ago, or beyond a user's newest so many. Nobody else notices."""

from importlib import import_module
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.models import FollowMessage, LikeMessage

from .examples import examples
from .listening import Heard
from .mailboxes import TYPES, ago, message, messages
from .people import NOW, live, people, unread
from .threading import counted, stored

retention = import_module("inbox.services.retention")
pytestmark = pytest.mark.django_db


# Read long ago


def test_what_was_read_long_ago_goes_and_nobody_is_told(
    user: int, clock: Any, django_capture_on_commit_callbacks: Any
) -> None:
    stays = [
        message(user),
        message(user, created_at=ago(400)),
        message(user, read_at=ago(89)),
        message(user, read_at=ago(400), archived_at=ago(89)),
        message(user, read_at=ago(400), deleted_at=ago(0)),
    ]
    message(user, read_at=ago(91))
    message(user, LikeMessage, read_at=ago(400), archived_at=ago(91))
    before = selectors.snapshot(user)
    with Heard() as heard, django_capture_on_commit_callbacks(execute=True):
        assert services.purge(days=90) == {"follows": 1, "likes": 1}
    assert heard == Heard()
    assert selectors.snapshot(user) == before._replace(version=before.version + 2)
    assert messages(user) == stays[::-1]
    assert services.purge(days=90) == {}


def test_what_is_marked_unread_at_the_last_moment_stays(user: int, clock: Any) -> None:
    ref = message(user, read_at=ago(91))
    [batch] = retention.batches(FollowMessage.objects.filter(read_at__lt=ago(90)))
    services.mark_unread(user, [ref])
    assert retention._remove(batch) == 0
    assert unread(user) == {ref}


# Beyond the newest


def test_the_newest_stay_whatever_their_types(user: int, heard: Heard, django_capture_on_commit_callbacks: Any) -> None:
    made = [message(user, model) for model in (FollowMessage, LikeMessage) * 4]
    before = selectors.snapshot(user).version
    with django_capture_on_commit_callbacks(execute=True):
        assert services.purge(keep=3) == {"follows": 3, "likes": 2}
    assert messages(user) == made[:-4:-1]
    assert unread(user) == set(made[-3:])
    assert selectors.snapshot(user).version > before
    assert heard.users == {user}
    assert services.purge(keep=3) == {}


@pytest.mark.anywhere
def test_one_too_many_is_too_many(user: int) -> None:
    made = [message(user) for _ in range(3)]
    assert services.purge(keep=3) == {}
    assert services.purge(keep=2) == {"follows": 1}
    assert messages(user) == made[:0:-1]


@pytest.mark.anywhere
def test_read_ones_that_are_too_many_are_not_missed(user: int, clock: Any) -> None:
    for _ in range(5):
        message(user, read_at=ago(1))
    message(user)
    before = selectors.snapshot(user)
    with Heard() as heard:
        assert services.purge(keep=2) == {"follows": 4}
        assert heard == Heard()
    assert selectors.snapshot(user) == before._replace(version=before.version + 1)


@pytest.mark.anywhere
def test_deleted_ones_take_no_place(user: int) -> None:
    made = [message(user) for _ in range(5)]
    services.delete(user, made[3:])
    assert services.purge(keep=3) == {}
    services.undelete(user, made[3:])
    assert services.purge(keep=3) == {"follows": 2}
    assert messages(user) == made[:1:-1]


@pytest.mark.anywhere
def test_what_is_old_takes_no_place_either(user: int, clock: Any) -> None:
    """It goes first, so a dry run must see past it."""
    kept = message(user)
    for _ in range(3):
        message(user, read_at=ago(91))
    assert services.purgeable(90, 3) == services.purge(90, 3) == {"follows": 3}
    assert messages(user) == [kept]


@pytest.mark.anywhere
def test_nobody_else_is_touched(unharmed: int, clock: Any) -> None:
    [other] = people(1)
    for _ in range(4):
        message(other, read_at=ago(91))
        message(other)
    assert services.purge(days=90, keep=2) == {"follows": 6}


def test_more_crowded_mailboxes_than_fit_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    users = people(5)
    for _ in range(3):
        services.send(users, FollowMessage)
    assert services.purgeable(0, 1) == services.purge(0, 1) == {"follows": 10}
    assert {snapshot.unread for snapshot in selectors.snapshots(users).values()} == {1}


@pytest.mark.anywhere
def test_broadcasts_are_not_messages(user: int) -> None:
    """Who has read them is what their author wants to know; they go with the broadcast."""
    broadcasts = [live() for _ in range(3)]
    services.mark_read(user, [broadcast.ref for broadcast in broadcasts])
    message(user)
    assert services.purge(keep=1) == {}
    assert len(selectors.inbox_page(user).items) == 4


# Whatever there is

ages = st.sampled_from([None, 89, 91])
rows = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(list(TYPES)), ages, ages, st.booleans()), max_size=9)


@examples(8)
@given(rows=rows, days=st.sampled_from([0, 90]), keep=st.integers(0, 5))
def test_whatever_there_is(rows: list[Any], days: int, keep: int, clock: Any) -> None:
    with transaction.atomic():
        users = people(2)
        owned: dict[int, list[tuple[str, Any, Any, bool]]] = {user: [] for user in users}
        for which, model, read, archived, is_deleted in rows:
            archived = archived if read else None
            marks = {"read_at": read and ago(read), "archived_at": archived and ago(archived)}
            ref = message(users[which], model, **marks, deleted_at=NOW if is_deleted else None)
            owned[users[which]].append((ref, read, archived, is_deleted))
        before = selectors.snapshots(users)
        announced = services.purgeable(days, keep)
        assert selectors.snapshots(users) == before
        assert services.purge(days, keep) == announced
        for user in users:
            stays = staying(owned[user], days, keep)
            assert messages(user) == stays[::-1]
            lost = {ref for ref, _, _, gone in owned[user] if not gone} - set(stays)
            assert unread(user) == {ref for ref, read, _, gone in owned[user] if not (read or gone)} & set(stays)
            after = selectors.snapshot(user).version
            assert (after > before[user].version) == bool(lost)
            assert after >= before[user].version
        transaction.set_rollback(True)


def staying(made: list[tuple[str, Any, Any, bool]], days: int, keep: int) -> list[str]:
    """What the docstring of `purge` says, in Python."""
    young = [
        (ref, is_deleted)
        for ref, read, archived, is_deleted in made
        if is_deleted or not days or not read or read < days or (archived and archived < days)
    ]
    visible = [ref for ref, is_deleted in young if not is_deleted]
    newest = set(visible[-keep:] if keep else visible)
    return [ref for ref, is_deleted in young if is_deleted or ref in newest]


# Threads


def test_a_purged_message_leaves_its_thread(user: int, clock: Any) -> None:
    """Its counts and its headline are those of what stays; nobody is told, but the version is another one."""
    ann, bob, cid = people(3, first_name="P")
    kinds = [
        {"actor_id": ann, "read_at": ago(91), "starred_at": ago(91)},
        {"actor_id": bob, "read_at": ago(91)},
        {"actor_id": cid, "read_at": ago(91), "archived_at": ago(91)},
    ]
    refs = [message(user, url="/tea", **marks) for marks in kinds]
    gone = message(user, url="/coffee", read_at=ago(91))
    before = selectors.thread_page(user)
    assert [(row.items, row.item.ref) for row in before.threads] == [(1, gone), (2, refs[1])]
    with Heard() as heard:
        assert services.purge(days=90) == {"follows": 3}
        assert heard == Heard()
    after = selectors.thread_page(user)
    assert [(row.items, row.unread, row.item.ref) for row in after.threads] == [(1, 0, refs[0])]
    assert after.threads[0].title != before.threads[1].title  # one actor, and not two
    assert after.version > before.version
    assert stored([user]) == counted([user])


def test_what_is_too_much_for_a_mailbox_leaves_its_thread(user: int, heard: Heard) -> None:
    made = [message(user, url="/tea") for _ in range(4)]
    services.archive(user, made[3:])
    services.star(user, made[:1])
    services.purge(keep=1)
    [thread] = selectors.thread_page(user).threads
    assert (thread.items, thread.unread, thread.item.ref) == (1, 1, made[0])
    assert selectors.snapshot(user).threads == 1
    assert stored([user]) == counted([user])
