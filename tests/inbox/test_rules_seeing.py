"""docs/ARCHITECTURE.md, rules 4 to 6: time, audiences, muting. Each test fails without its rule."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from inbox import selectors, services
from inbox.errors import NotFound
from inbox.models import Broadcast, BroadcastClock, CommentMessage, Mailbox

from .people import NOW, live, mend, people, undone, unread

pytestmark = pytest.mark.django_db
marks = import_module("inbox.services.acts.marks")


# Rule 4: no clock in a queryset


def test_time_alone_changes_nothing(user: int, clock: Any) -> None:
    ends = live(expires_at=NOW + timedelta(minutes=5))
    starts = Broadcast.objects.create(title="Soon", state="scheduled", publish_at=NOW + timedelta(minutes=5))
    before = selectors.snapshot(user)
    clock.shift(timedelta(minutes=10))
    assert selectors.snapshot(user) == before
    assert unread(user) == {ends.ref}
    assert services.mark_all_read(user, before.version) == 1
    services.mark_unread(user, [ends.ref])
    mend()
    assert unread(user) == {starts.ref}
    assert selectors.snapshot(user).version > before.version


@pytest.mark.parametrize(
    "read", [selectors.snapshot, selectors.inbox_page, lambda user: selectors.snapshots([0, user])]
)
def test_whoever_reads_reports_what_is_due(read: Callable[[int], Any], user: int, clock: Any) -> None:
    broadcast = Broadcast.objects.create(title="Soon", state="scheduled", publish_at=NOW + timedelta(minutes=5))
    mend(user)
    with undone() as found:
        read(user)
    clock.shift(timedelta(minutes=6))
    with undone() as found_later:
        read(user)
    assert (found, found_later) == ([], [(True, ())])
    mend()
    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.published_at) == ("live", NOW + timedelta(minutes=6))
    assert not services.apply_due()


def test_next_due_follows_every_change(clock: Any) -> None:
    def due() -> Any:
        return BroadcastClock.objects.get().next_due

    later, sooner = NOW + timedelta(hours=2), NOW + timedelta(hours=1)
    first = Broadcast.objects.create(title="First", state="scheduled", publish_at=later)
    assert due() == later
    second = live(expires_at=sooner)
    assert due() == sooner
    services.withdraw(second)
    assert due() == later
    Broadcast.objects.update(publish_at=sooner)
    assert due() == sooner
    first.delete()
    assert due() is None
    Broadcast.objects.bulk_create([Broadcast(title="Third", state="scheduled", publish_at=sooner)])
    assert due() == sooner
    Broadcast.objects.all().delete()
    assert due() is None


# Rule 5: audiences are explicit


def test_an_empty_group_set_reaches_nobody() -> None:
    [alone, admin] = people(1) + people(1, is_staff=True, is_superuser=True)
    member = User.objects.get(pk=people(1)[0])
    member.groups.add(Group.objects.create(name="tea"))
    broadcast = live(audience="groups")
    assert [unread(pk) for pk in (alone, admin, member.pk)] == [set(), set(), set()]
    with pytest.raises(NotFound):
        services.mark_read(member.pk, [broadcast.ref])
    assert services.mark_all_read(member.pk, selectors.snapshot(member.pk).version) == 0


def test_groups_of_a_broadcast_for_everyone_or_staff_do_not_matter() -> None:
    [alone, admin] = people(1) + people(1, is_staff=True)
    mend(admin)
    for audience in ("everyone", "staff"):
        live(audience=audience).groups.add(Group.objects.create(name=audience))
    assert (len(unread(alone)), len(unread(admin))) == (1, 2)


def in_group(user: User, group: Group, side: str) -> None:
    user.groups.add(group) if side == "user" else group.user_set.add(user)


@pytest.mark.parametrize("side", ["user", "group"])
def test_joining_and_leaving_advance_that_user_alone(side: str) -> None:
    newcomer, other = (User.objects.get(pk=pk) for pk in people(2))
    group = Group.objects.create(name="tea")
    live(audience="groups").groups.add(group)
    before = selectors.snapshots([newcomer.pk, other.pk])
    in_group(newcomer, group, side)
    joined = selectors.snapshots([newcomer.pk, other.pk])
    assert joined[newcomer.pk].unread == 1
    assert joined[newcomer.pk].version > before[newcomer.pk].version
    group.delete()
    left = selectors.snapshots([newcomer.pk, other.pk])
    assert left[newcomer.pk].unread == 0
    assert left[newcomer.pk].version > joined[newcomer.pk].version
    assert left[other.pk] == joined[other.pk] == before[other.pk]


def test_the_staff_flag_counts_when_it_is_noticed(user: int) -> None:
    """By the signal or, behind the signals, when a read has found it; and then with a version of its own."""
    live(audience="staff")
    mend(user)
    before = selectors.snapshot(user)
    User.objects.filter(pk=user).update(is_staff=True)
    assert services.mark_all_read(user, before.version) == 0
    with undone() as found:
        assert selectors.snapshot(user) == before
    assert found == [(False, (user,))]
    mend(user)
    promoted = selectors.snapshot(user)
    assert (promoted.unread, promoted.version > before.version) == (1, True)
    person = User.objects.get(pk=user)
    person.is_staff = False
    person.save(update_fields=["is_staff"])
    assert Mailbox.objects.get(pk=user).is_staff is False
    assert selectors.snapshot(user).unread == 0


@pytest.mark.parametrize("is_staff", [True, False])
def test_a_new_user_has_a_mailbox_that_knows_them(is_staff: bool) -> None:
    user = User.objects.create(username="new", is_staff=is_staff)
    assert Mailbox.objects.get(pk=user.pk).is_staff is is_staff
    assert selectors.snapshot(user).version == is_staff


# Rule 6: mute at arrival


def test_what_arrives_read_counts_as_an_arrival_but_not_as_unread(user: int, clock: Any) -> None:
    services.send([user], CommentMessage, target_title="Tea", read_at=NOW)
    assert unread(user) == set()
    assert selectors.snapshot(user).version == 1
    assert len(selectors.inbox_page(user).items) == 1
