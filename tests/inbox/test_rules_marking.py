"""docs/ARCHITECTURE.md, rules 7 to 9: what one was shown, restores, undoing. Each test fails without its rule."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.errors import NotFound
from inbox.models import Broadcast, BroadcastReceipt, FollowMessage
from inbox.selectors import pages
from inbox.signals import mailbox_changed

from .listening import Heard
from .people import NOW, live, mend, people, unread

pytestmark = pytest.mark.django_db
bulk = import_module("inbox.services.acts.bulk")


# Rule 7: up_to is what you were shown


def test_mark_all_spares_what_arrived_later(user: int) -> None:
    services.send([user], FollowMessage)
    first = live()
    shown = selectors.snapshot(user).version
    services.send([user], FollowMessage)
    second = live()
    assert services.mark_all_read(user, shown) == 2
    assert unread(user) == {f"follow-{FollowMessage.objects.latest('pk').pk}", second.ref}
    assert first.ref not in unread(user)


APPEARING: dict[str, Callable[[User, Broadcast], Any]] = {
    "join": lambda person, broadcast: person.groups.add(broadcast.groups.get()),
    "group added": lambda person, broadcast: broadcast.groups.add(person.groups.get()),
    "groups set": lambda person, broadcast: broadcast.groups.set([person.groups.get()]),
    "staff": lambda person, broadcast: (
        Broadcast.objects.filter(pk=broadcast.pk).update(audience="staff"),
        User.objects.filter(pk=person.pk).update(is_staff=True),
    ),
    "save": lambda person, broadcast: Broadcast(
        **{field.attname: getattr(broadcast, field.attname) for field in Broadcast._meta.concrete_fields}
        | {"audience": "everyone"}
    ).save(),
    "update": lambda person, broadcast: Broadcast.objects.update(audience="everyone"),
    "publish again": lambda person, broadcast: (
        services.withdraw(broadcast),
        Broadcast.objects.update(audience="everyone"),
        services.publish(broadcast),
    ),
}


@pytest.mark.parametrize("appear", APPEARING.values(), ids=APPEARING)
def test_mark_all_spares_what_came_in_reach_later(appear: Any, user: int) -> None:
    """The broadcast is older than what was shown; that one could see it is not."""
    person, broadcast, everybody = User.objects.get(pk=user), live(audience="groups"), live()
    person.groups.add(Group.objects.create(name="of the user"))
    broadcast.groups.add(Group.objects.create(name="of the broadcast"))
    shown = selectors.inbox_page(user).version
    appear(person, broadcast)
    mend(user)
    assert broadcast.ref in unread(user)
    services.mark_all_read(user, shown)
    assert unread(user) - {everybody.ref} == {broadcast.ref}
    services.mark_all_read(user, selectors.inbox_page(user).version)
    assert unread(user) == set()


def saved(row: FollowMessage | BroadcastReceipt) -> None:
    row.read_at = row.deleted_at = None
    row.save()


def bulk_updated(row: FollowMessage | BroadcastReceipt) -> None:
    row.read_at = row.deleted_at = None
    type(row).objects.bulk_update([row], ["read_at", "deleted_at"])


RETURNING: dict[str, Callable[[FollowMessage | BroadcastReceipt, str], Any]] = {
    "mark unread": lambda row, ref: services.mark_unread(row.recipient_id, [ref]),
    "undelete": lambda row, ref: (
        services.mark_unread(row.recipient_id, [ref]),
        services.delete(row.recipient_id, [ref]),
        services.undelete(row.recipient_id, [ref]),
    ),
    "update": lambda row, ref: type(row).objects.filter(pk=row.pk).update(read_at=None, deleted_at=None),
    "save": lambda row, ref: saved(row),
    "bulk_update": lambda row, ref: bulk_updated(row),
}


@pytest.mark.parametrize("give_back", RETURNING.values(), ids=RETURNING)
@pytest.mark.parametrize("kind", ["message", "broadcast"])
def test_mark_all_spares_what_is_unread_again_since(kind: str, give_back: Any, user: int) -> None:
    """Another tab shows it as read."""
    services.send([user], FollowMessage)
    broadcast = live()
    services.send([user], FollowMessage)
    ref = broadcast.ref if kind == "broadcast" else FollowMessage.objects.latest("seq").ref
    services.mark_read(user, [ref])
    shown = selectors.snapshot(user).version
    row = BroadcastReceipt.objects.get() if kind == "broadcast" else FollowMessage.objects.latest("seq")
    give_back(row, ref)
    services.mark_all_read(user, shown)
    assert unread(user) == {ref}
    assert services.mark_all_read(user, selectors.snapshot(user).version) == 1


@pytest.mark.parametrize("bulk", [False, True])
def test_a_copy_for_somebody_else_has_not_returned(bulk: bool, user: int) -> None:
    """The version at which the original did is one of another mailbox."""
    services.send([user], FollowMessage)
    row = FollowMessage.objects.get()
    for _again in range(5):
        services.mark_read(user, [row.ref])
        services.mark_unread(user, [row.ref])
    copy, (other,) = FollowMessage.objects.get(), people(1)
    assert copy.since
    copy.pk, copy.recipient_id = None, other
    if bulk:
        FollowMessage.objects.bulk_create([copy])
    else:
        copy.save()
    assert services.mark_all_read(other, selectors.snapshot(other).version) == 1


def test_a_page_has_the_version_from_before_its_items(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What slips in between is shown, and stays unread: better than the other way round."""

    def slowly(pk: int) -> int:
        found = selectors.snapshot(pk).version
        services.send([user], FollowMessage)
        return found

    monkeypatch.setattr(pages, "version_of", slowly)
    page = selectors.inbox_page(user)
    assert len(page.items) == 1
    assert services.mark_all_read(user, page.version) == 0


@pytest.mark.django_db(transaction=True)
def test_marking_all_goes_in_batches_under_one_bound(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 3)
    FollowMessage.objects.bulk_create(FollowMessage(recipient_id=user) for _ in range(8))
    live()
    batches: list[int] = []

    def meanwhile(item: str | None, **kwargs: Any) -> None:
        if item is None:
            batches.append(selectors.snapshot(user).unread)
            services.send([user], FollowMessage)

    shown = selectors.snapshot(user).version
    mailbox_changed.connect(meanwhile)
    try:
        assert services.mark_all_read(user, shown) == 9
    finally:
        mailbox_changed.disconnect(meanwhile)
    assert selectors.snapshot(user).by_type == {"follow": len(batches)}
    assert batches[0] == 6
    assert len(batches) >= 3


@pytest.mark.anywhere
def test_an_up_to_beyond_everything_means_now(user: int) -> None:
    services.send([user], FollowMessage)
    assert services.mark_all_read(user, 2**53 - 1) == 1
    services.send([user], FollowMessage)
    assert services.mark_all_read(user, 0) == 0


def test_purging_advances_nothing(user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 3)
    FollowMessage.objects.bulk_create(FollowMessage(recipient_id=user) for _ in range(8))
    FollowMessage.objects.exclude(pk=FollowMessage.objects.latest("pk").pk).update(deleted_at=NOW)
    before = selectors.snapshot(user)
    clock.shift(timedelta(minutes=12))
    with Heard() as heard:
        assert services.purge_deleted() == 7
        assert heard == Heard()
    assert selectors.snapshot(user) == before
    assert FollowMessage.objects.count() == 1


# Rule 8: after a restore


def test_the_clock_is_raised_past_a_forgotten_version(user: int) -> None:
    services.send([user], FollowMessage)
    forgotten = 41 * CLOCK_UNIT + 99
    assert services.raise_clock(forgotten)
    raised = selectors.snapshot(user)
    assert raised.version == 42 * CLOCK_UNIT + 1
    assert raised.version > forgotten
    assert not services.raise_clock(forgotten)
    assert selectors.snapshot(user) == raised


@pytest.mark.anywhere
def test_bump_clock_leaps_over_everything_handed_out(user: int) -> None:
    live()
    before = selectors.snapshot(user).version
    call_command("bump_clock", stdout=(said := StringIO()))
    assert "1001" in said.getvalue()
    assert selectors.snapshot(user).version == before + 1000 * CLOCK_UNIT


# Rule 9: deleting is a state


@pytest.mark.parametrize("kind", ["message", "broadcast"])
def test_deleting_can_be_undone_for_ten_minutes(kind: str, user: int, clock: Any) -> None:
    services.send([user], FollowMessage)
    broadcast = live()
    ref = broadcast.ref if kind == "broadcast" else FollowMessage.objects.get().ref
    other = ({broadcast.ref, FollowMessage.objects.get().ref} - {ref}).pop()
    assert services.delete(user, [ref]) == 1
    assert unread(user) == {other}
    with pytest.raises(NotFound):
        services.mark_read(user, [ref, other])
    with pytest.raises(NotFound):
        selectors.item(user, ref)
    clock.shift(timedelta(minutes=9, seconds=59))
    services.purge_deleted()
    assert services.undelete(user, [ref]) == 1
    assert unread(user) == {ref, other}
    assert services.delete(user, [ref]) == 1
    clock.shift(timedelta(minutes=10, seconds=1))
    with pytest.raises(NotFound):
        services.undelete(user, [ref])
    clock.shift(timedelta(minutes=2))
    services.purge_deleted()
    assert unread(user) == {other}
    assert FollowMessage.objects.count() == (0 if kind == "message" else 1)
