"""Seen is not read: `unseen` of the snapshot, and `services.see`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import TestCase, override_settings

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT, MAX_VERSION
from inbox.errors import BadValue, NotFound
from inbox.models import Broadcast, BroadcastReceipt, FollowMessage, LikeMessage, Mailbox

from .listening import Heard
from .people import NOW, live, mend
from .rest import Caller

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]


def numbers(user: Any) -> tuple[int, int]:
    """`unread` and `unseen`."""
    snapshot = selectors.snapshot(user)
    return snapshot.unread, snapshot.unseen


def see_all(user: Any) -> int:
    """The version that was seen."""
    version = selectors.snapshot(user).version
    services.see(user, version)
    assert numbers(user)[1] == 0
    return version


def test_what_was_seen_is_unread_still(user: int) -> None:
    services.send([user], FollowMessage)
    live()
    assert numbers(user) == (2, 2)
    version = selectors.snapshot(user).version
    with Heard() as heard, TestCase.captureOnCommitCallbacks(execute=True):
        assert services.see(user, version)
    assert numbers(user) == (2, 0)
    assert (selectors.snapshot(user).version, heard.users) == (version + 1, {user})
    assert not any(item.read for item in selectors.inbox_page(user).items)


def test_seeing_advances_the_version_only_if_the_number_changes(user: int) -> None:
    services.send([user], FollowMessage)
    services.mark_all_read(user, selectors.snapshot(user).version)
    version = selectors.snapshot(user).version
    with Heard() as heard, TestCase.captureOnCommitCallbacks(execute=True):
        assert not services.see(user, version)
        assert not services.see(user, version)
    assert (selectors.snapshot(user).version, heard.users) == (version, set())


def test_an_older_sight_takes_nothing_back(user: int) -> None:
    old = selectors.snapshot(user).version
    services.send([user], FollowMessage)
    live()
    see_all(user)
    before = Mailbox.objects.values().get(pk=user)
    assert not services.see(user, old)
    assert Mailbox.objects.values().get(pk=user) == before


def test_clock_and_version_rise_each_by_itself_and_not_beyond_the_present(user: int) -> None:
    services.send([user], FollowMessage)
    live()
    services.see(user, MAX_VERSION)
    clock, version = divmod(selectors.snapshot(user).version, CLOCK_UNIT)
    mailbox = Mailbox.objects.get(pk=user)
    assert (mailbox.seen_clock, mailbox.seen_version) == (clock, version - 1)
    services.send([user], FollowMessage)
    live()
    assert numbers(user) == (4, 2)


def test_a_newer_version_of_an_older_clock_takes_nothing_back(user: int) -> None:
    """No snapshot has such a version; a client may send it."""
    live()
    clock, version = divmod(see_all(user), CLOCK_UNIT)
    services.send([user], FollowMessage)
    services.see(user, (clock - 1) * CLOCK_UNIT + version + 10)
    assert Mailbox.objects.get(pk=user).seen_clock == clock


def test_an_older_version_of_a_newer_clock_takes_nothing_back(user: int) -> None:
    services.send([user], FollowMessage)
    clock, version = divmod(see_all(user), CLOCK_UNIT)
    live()
    services.see(user, (clock + 1) * CLOCK_UNIT)
    assert Mailbox.objects.get(pk=user).seen_version == version
    assert numbers(user) == (2, 0)
    assert numbers(user) == (2, 0)


def came_back(row: FollowMessage | BroadcastReceipt) -> None:
    row.read_at = row.deleted_at = row.snoozed_until = None
    row.save()


BACK: dict[str, tuple[dict[str, Any], Callable[[int, str], Any]]] = {
    "unread": ({"read_at": NOW}, lambda user, ref: services.mark_unread(user, [ref])),
    "unarchived": ({"read_at": NOW, "archived_at": NOW}, lambda user, ref: services.mark_unread(user, [ref])),
    "saved": ({"deleted_at": NOW}, lambda user, ref: came_back(FollowMessage.objects.get(recipient=user))),
    "awake": (
        {"snoozed_until": NOW + timedelta(hours=1)},
        lambda user, ref: FollowMessage.objects.filter(recipient=user).update(snoozed_until=None),
    ),
}


@pytest.mark.parametrize(("marks", "back"), BACK.values(), ids=BACK)
def test_what_came_back_is_unseen(user: int, marks: dict[str, Any], back: Callable[[int, str], Any]) -> None:
    ref = FollowMessage.objects.create(recipient_id=user).ref
    FollowMessage.objects.filter(recipient=user).update(**marks)
    old = see_all(user)
    back(user, ref)
    assert numbers(user) == (1, 1)
    services.see(user, old)
    assert numbers(user) == (1, 1)
    see_all(user)


def test_a_broadcast_that_came_back_is_unseen(user: int) -> None:
    ref = live().ref
    services.mark_read(user, [ref])
    see_all(user)
    services.mark_unread(user, [ref])
    assert numbers(user) == (1, 1)
    see_all(user)
    services.delete(user, [ref])
    services.undelete(user, [ref])
    assert numbers(user) == (1, 1)


def test_a_broadcast_is_unseen_again_if_it_is_shown_again(user: int) -> None:
    """An edit alone changes nothing."""
    broadcast = live()
    see_all(user)
    Broadcast.objects.filter(pk=broadcast.pk).update(title="Other news")
    assert numbers(user) == (1, 0)
    services.withdraw(broadcast)
    services.publish(broadcast)
    assert numbers(user) == (1, 1)


JOINING: dict[str, Callable[[User, Broadcast], Any]] = {
    "join": lambda person, broadcast: person.groups.add(broadcast.groups.get()),
    "staff": lambda person, broadcast: User.objects.filter(pk=person.pk).update(is_staff=True),
    "no longer left out": lambda person, broadcast: person.groups.remove(broadcast.excluded_groups.get()),
}


@pytest.mark.parametrize("how", JOINING)
def test_what_a_joined_group_brings_is_unseen(user: int, how: str) -> None:
    """It is older than what was seen; that one could see it is not."""
    person = User.objects.get(pk=user)
    for_all = live()
    broadcast = live(audience={"join": "groups", "staff": "staff"}.get(how, "everyone"))
    group = Group.objects.create(name="of the broadcast")
    if how == "join":
        broadcast.groups.add(group)
    elif how == "no longer left out":
        person.groups.add(group)
        broadcast.excluded_groups.add(group)
    assert numbers(user)[0] == 1
    old = see_all(user)
    JOINING[how](person, broadcast)
    mend(user)
    assert numbers(user) == (2, 1)
    services.see(user, old)
    assert numbers(user) == (2, 1)
    see_all(user)
    services.mark_all_read(user, selectors.snapshot(user).version)
    assert numbers(user) == (0, 0)
    assert for_all.pk != broadcast.pk


@override_settings(INBOX_UNREAD_CAP=5)
def test_beyond_the_cap_the_newest_are_counted(user: int) -> None:
    """Also those that came back, and those whose tables are searched last."""
    services.mend(is_due=True)
    services.send([user] * 1, FollowMessage)
    back = FollowMessage.objects.get(recipient=user)
    for _turn in range(20):
        services.send([user], FollowMessage)
    assert numbers(user) == (5, 5)
    services.mark_read(user, [back.ref])
    see_all(user)
    services.mark_unread(user, [back.ref])
    assert numbers(user) == (5, 1)
    services.send([user], FollowMessage)
    services.send([user], LikeMessage, target_title="Tea")
    assert numbers(user) == (5, 3)


@override_settings(INBOX_UNREAD_CAP=5)
def test_beyond_the_cap_the_version_advances_anyway(user: int) -> None:
    """The number does not tell what has changed: if items go at the same time, it may show."""
    services.mend(is_due=True)
    for _turn in range(10):
        services.send([user], FollowMessage)
    version = selectors.snapshot(user).version
    assert services.see(user, version - 8)
    assert (numbers(user), selectors.snapshot(user).version) == ((5, 5), version + 1)
    assert not services.see(user, version - 8)
    assert services.see(user, version - 2)
    assert numbers(user) == (5, 2)


def test_ten_thousand_broadcasts_are_no_more_than_their_limit(user: int) -> None:
    with override_settings(INBOX_UNREAD_CAP=5):
        services.mend(is_due=True)
        for _turn in range(10):
            live()
        version = see_all(user)
        assert version
        live()
        assert numbers(user) == (5, 1)


def test_somebody_without_a_mailbox_has_seen_nothing(user: int) -> None:
    live()
    Mailbox.objects.filter(pk=user).delete()
    assert numbers(user) == (1, 1)
    services.see(user, selectors.snapshot(user).version)
    assert numbers(user) == (1, 0)


@pytest.mark.anywhere
@pytest.mark.parametrize("up_to", [-1, MAX_VERSION + 1])
def test_no_version(user: int, up_to: int) -> None:
    with pytest.raises(BadValue):
        services.see(user, up_to)


@pytest.mark.anywhere
def test_nobody() -> None:
    with pytest.raises(NotFound):
        services.see(10**9, 1)


@pytest.mark.anywhere
def test_the_answer_of_the_api_is_the_snapshot_afterwards(user: int) -> None:
    services.send([user], FollowMessage)
    version = selectors.snapshot(user).version
    answer = Caller(User.objects.get(pk=user))("POST", "inbox/seen/", {"up_to": version})
    assert answer.status_code == 200
    assert answer.json() == {**selectors.snapshot(user).as_dict(), "changed": True}
    assert (answer.json()["unread"], answer.json()["unseen"], answer.json()["version"]) == (1, 0, version + 1)


def test_others_see_for_themselves(user: int, django_user_model: Any) -> None:
    other = django_user_model.objects.create(username="other").pk
    services.send([user, other], FollowMessage)
    see_all(user)
    assert (numbers(user), numbers(other)) == ((1, 0), (1, 1))


@pytest.mark.parametrize(
    "act",
    [
        lambda user, ref: services.mark_read(user, [ref]),
        lambda user, ref: services.archive(user, [ref]),
        lambda user, ref: services.delete(user, [ref]),
    ],
    ids=["read", "archive", "delete"],
)
def test_what_is_read_is_not_unseen(user: int, act: Callable[[int, str], Any]) -> None:
    ref = FollowMessage.objects.create(recipient_id=user).ref
    act(user, ref)
    assert numbers(user) == (0, 0)
