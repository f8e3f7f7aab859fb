"""What is about a silenced subject arrives already read, by every way in; what breaks silence does not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import CommentMessage, FollowMessage, MentionMessage, Silence, SystemMessage
from inbox.services.choices import subjects as choices

from .people import people, state, unread

pytestmark = [pytest.mark.django_db]
TEA, CAKE = "blog.post:7", "blog.post:8"

WAYS: dict[str, Callable[[Any, str], Any]] = {
    "send": lambda user, subject: services.send([user], FollowMessage, target=subject),
    "batch": lambda user, subject: services.start_sends(
        [services.Order(services.draft(FollowMessage, target=subject), [user]) for _ in range(2)]
    ),
    "create": lambda user, subject: FollowMessage.objects.create(recipient_id=user, subject=subject),
    "save": lambda user, subject: FollowMessage(recipient_id=user, subject=subject).save(),
    "bulk_create": lambda user, subject: FollowMessage.objects.bulk_create(
        [FollowMessage(recipient_id=user, subject=subject)]
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_about_it_arrives_read(way: str) -> None:
    quiet, other = people(2)
    services.silence(quiet, TEA)
    for user in (quiet, other):
        for subject in (TEA, CAKE):
            WAYS[way](user, subject)
    found = {item.subject: item.read for item in selectors.inbox_page(quiet).items}
    assert found == {TEA: True, CAKE: False}
    assert all(not item.read for item in selectors.inbox_page(other).items)
    assert len(unread(quiet)) * 2 == len(unread(other))


@pytest.mark.parametrize("way", WAYS)
def test_an_end_is_compared_when_a_message_arrives(way: str, clock: Any, user: int) -> None:
    services.silence(user, TEA, lasting=timedelta(days=1))
    clock.shift(timedelta(days=1, seconds=-1))
    WAYS[way](user, TEA)
    assert unread(user) == set()
    clock.shift(timedelta(seconds=1))
    WAYS[way](user, TEA)
    assert unread(user) != set()


def test_it_may_end_between_drafting_and_arrival(clock: Any, user: int) -> None:
    services.silence(user, TEA, until=timezone.now() + timedelta(minutes=1))
    order = services.Order(services.draft(FollowMessage, target=TEA), [user])
    clock.shift(timedelta(minutes=1))
    services.start_sends([order])
    assert len(unread(user)) == 1


@pytest.mark.anywhere
@pytest.mark.parametrize("way", ["send", "create"])
def test_what_breaks_through(way: str, user: int) -> None:
    services.silence(user, TEA)
    for model, columns in (
        (CommentMessage, {"target_title": "Tea"}),
        (MentionMessage, {"target_title": "Tea"}),
        (SystemMessage, {"title": "Fire", "level": "critical"}),
        (SystemMessage, {"title": "Smoke", "level": "warning"}),
    ):
        if way == "send":
            services.send([user], model, target=TEA, **columns)
        else:
            model.objects.create(recipient_id=user, subject=TEA, **columns)
    assert selectors.snapshot(user).by_type == {"mention": 1, "system": 1}


@pytest.mark.anywhere
def test_no_toast_for_it(user: int) -> None:
    services.silence(user, TEA)
    before = selectors.snapshot(user).version
    services.send([user], FollowMessage, target=TEA)
    assert selectors.newest({user: before}, "follow") == {}


@pytest.mark.parametrize("end", [{}, {"lasting": timedelta(hours=1)}])
def test_silencing_changes_nothing_that_is_there(user: int, end: Any) -> None:
    services.send([user], FollowMessage, target=TEA)
    before = state(user)
    services.silence(user, TEA, **end)
    assert state(user) == before
    assert services.unsilence(user, TEA)
    assert state(user) == before
    assert not services.unsilence(user, TEA)


def test_a_new_silence_replaces_the_old_one(user: int, clock: Any) -> None:
    services.silence(user, TEA)
    services.silence(user, TEA, lasting=timedelta(days=7))
    [silence] = selectors.silences_page(user).items
    assert silence.until == timezone.now() + timedelta(days=7)
    assert selectors.stance(user, TEA).silenced_until == silence.until
    clock.shift(timedelta(days=7))
    assert selectors.silences_page(user).items == []
    assert not selectors.stance(user, TEA).is_silenced


def test_ends_that_have_passed_and_strangers_are_refused(user: int) -> None:
    for end in ({"until": timezone.now() - timedelta(seconds=1)}, {"lasting": timedelta(0)}):
        with pytest.raises(BadValue, match="later"):
            services.silence(user, TEA, **end)
    with pytest.raises(BadValue):
        services.silence(user, "tea")
    with pytest.raises(NotFound):
        services.silence(10**9, TEA)
    assert not Silence.objects.exists()


def test_the_number_is_bounded_and_ended_ones_make_room(user: int, clock: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(choices, "MOST", 2)
    services.silence(user, TEA, lasting=timedelta(minutes=1))
    services.silence(user, CAKE)
    services.silence(user, CAKE)
    with pytest.raises(BadValue, match="At most 2"):
        services.silence(user, "blog.post:9")
    clock.shift(timedelta(minutes=2))
    services.silence(user, "blog.post:9")
    assert {silence.subject for silence in selectors.silences_page(user).items} == {CAKE, "blog.post:9"}


def test_they_go_with_the_user_only(user: int) -> None:
    services.silence(user, TEA)
    services.send([user], FollowMessage, target=TEA)
    FollowMessage.objects.all().delete()
    services.purge()
    assert Silence.objects.count() == 1
    get_user_model().objects.get(pk=user).delete()
    assert not Silence.objects.exists()


def test_a_send_asks_no_more_than_before() -> None:
    """Not one statement more, whether it is about a subject or not."""
    to = people(3)
    services.send(to, FollowMessage)

    def statements(**columns: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            services.send(to, FollowMessage, **columns)
        return len(found)

    assert statements() == statements(target=TEA)


@pytest.mark.parametrize(("is_silenced", "unread_again"), [(True, 0), (False, 1)])
def test_a_rewritten_message_arrives_again_only_if_it_is_not_silenced(
    user: int, is_silenced: bool, unread_again: int
) -> None:
    [send] = services.start_sends([services.Order(services.draft(FollowMessage, target=TEA), [user])])
    services.mark_all_read(user, selectors.snapshot(user).version)
    if is_silenced:
        services.silence(user, TEA)
    services.rewrite(send.pk, {"url": "/tea"}, again=True)
    assert FollowMessage.objects.get().url == "/tea"
    assert selectors.snapshot(user).unread == unread_again


def test_an_end_needs_a_time_zone(user: int) -> None:
    with pytest.raises(BadValue):
        services.silence(user, TEA, until=datetime(2100, 1, 1))
    assert not Silence.objects.exists()
