"""Snoozed items are hidden until their time has come, and then unread for everybody who looks. Stars stay."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import TestCase

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.errors import BadValue, NotFound
from inbox.models import Broadcast, BroadcastReceipt, FollowMessage, LikeMessage, SystemMessage, ledger
from inbox.signals import mailbox_changed

from .listening import Heard
from .mailboxes import ago, message, messages
from .people import NOW, live, people, undone, unread

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def snoozed(user: Any) -> set[str]:
    return {item.ref for item in selectors.inbox_page(user, snoozed=True).items}


def starred(user: Any) -> set[str]:
    return {item.ref for item in selectors.inbox_page(user, starred=True).items}


def arrived(user: Any, kind: str) -> str:
    return live().ref if kind == "broadcast" else message(user)


kinds = pytest.mark.parametrize("kind", ["message", "broadcast"])


@kinds
@pytest.mark.parametrize("before", ["unread", "read", "archived"])
def test_a_snoozed_item_is_away_and_comes_back_unread(user: int, clock: Any, kind: str, before: str) -> None:
    ref = arrived(user, kind)
    acts: dict[str, Callable[..., int]] = {"read": services.mark_read, "archived": services.archive}
    if before in acts:
        acts[before](user, [ref])
    shown = selectors.snapshot(user).version
    assert services.snooze(user, [ref], NOW + HOUR) == 1
    assert (unread(user), snoozed(user)) == (set(), {ref})
    assert selectors.inbox_page(user).items == selectors.inbox_page(user, archived=True).items == []
    assert selectors.snapshot(user).version > shown
    assert services.mark_all_read(user, selectors.snapshot(user).version) == 0

    clock.shift(HOUR)
    assert services.mend(is_due=True)
    assert (unread(user), snoozed(user)) == ({ref}, set())
    assert services.mend(is_due=True)


@kinds
def test_a_late_job_changes_nothing_by_its_lateness(user: int, clock: Any, kind: str) -> None:
    """The end has passed and nobody has noticed: one answer for badge, list and mark-all, as before."""
    services.snooze(user, [ref := arrived(user, kind)], NOW + HOUR)
    before = selectors.snapshot(user)
    clock.shift(2 * HOUR)
    with undone() as found:
        assert selectors.snapshot(user) == before
    assert found == [(True, ())]
    assert (unread(user), snoozed(user)) == (set(), {ref})
    assert services.mark_all_read(user, before.version) == 0


def test_a_read_before_the_time_finds_nothing_undone(user: int, clock: Any) -> None:
    services.snooze(user, [message(user)], NOW + HOUR)
    with undone() as found:
        selectors.snapshot(user)
    assert found == []


@kinds
@pytest.mark.parametrize("end", ["time", "unsnooze", "update", "save"])
def test_an_older_mark_all_spares_what_has_come_back(user: int, clock: Any, kind: str, end: str) -> None:
    """Of any page from before, also from before it was snoozed."""
    ref = arrived(user, kind)
    pages = [selectors.inbox_page(user).version]
    services.snooze(user, [ref], NOW + HOUR)
    pages.append(selectors.inbox_page(user).version)
    table: Any = BroadcastReceipt if kind == "broadcast" else FollowMessage
    if end == "time":
        assert services.wake_due(NOW + HOUR) == 1
    elif end == "unsnooze":
        assert services.unsnooze(user, [ref]) == 1
    elif end == "update":
        assert table.objects.update(snoozed_until=None) == 1
    else:
        row = table.objects.get()
        row.snoozed_until = None
        row.save()
    assert [services.mark_all_read(user, page) for page in pages] == [0, 0]
    assert unread(user) == {ref}
    assert services.mark_all_read(user, selectors.inbox_page(user).version) == 1


ENDS: dict[str, tuple[Callable[..., int], set[str]]] = {
    "mark_read": (services.mark_read, {"listed"}),
    "mark_unread": (services.mark_unread, {"listed", "unread"}),
    "archive": (services.archive, set()),
    "delete": (services.delete, set()),
}


@kinds
@pytest.mark.parametrize("end", ENDS)
def test_what_one_does_to_a_snoozed_item_ends_its_snooze(user: int, clock: Any, kind: str, end: str) -> None:
    services.snooze(user, [ref := arrived(user, kind)], NOW + HOUR)
    act, after = ENDS[end]
    assert act(user, [ref]) == 1
    assert snoozed(user) == set()
    found = {item.ref: item.read for item in selectors.inbox_page(user).items}
    assert found == ({ref: "unread" not in after} if after else {})
    clock.shift(2 * HOUR)
    with Heard() as heard:
        assert services.wake_due() == 0
    assert heard == Heard()


def test_a_snoozed_item_can_be_read_by_its_ref_and_starred(user: int, clock: Any) -> None:
    ref = message(user)
    services.snooze(user, [ref], NOW + HOUR)
    assert selectors.item(user, ref).snoozed_until == NOW + HOUR
    assert services.star(user, [ref]) == 1
    assert snoozed(user) == {ref}
    assert starred(user) == set()


@kinds
def test_snoozing_again_moves_the_end(user: int, clock: Any, kind: str) -> None:
    ref = arrived(user, kind)
    assert [services.snooze(user, [ref], NOW + hours * HOUR) for hours in (1, 1, 3)] == [1, 0, 1]
    clock.shift(HOUR)
    assert services.wake_due() == 0
    clock.shift(2 * HOUR)
    assert services.wake_due() == 1


@pytest.mark.parametrize(
    "until", [NOW, NOW - HOUR, NOW + timedelta(days=5 * 366, seconds=1), datetime(2031, 1, 1), datetime(9999, 1, 1)]
)
def test_ends_that_are_refused(user: int, clock: Any, until: datetime) -> None:
    ref = message(user)
    with pytest.raises(BadValue):
        services.snooze(user, [ref], until)
    assert unread(user) == {ref}


def test_all_or_nothing(user: int, clock: Any) -> None:
    mine, [other] = message(user), people(1)
    services.delete(user, [gone := message(user)])
    for foreign in (message(other), gone, "follow-0"):
        with pytest.raises(NotFound):
            services.snooze(user, [mine, foreign], NOW + HOUR)
    assert unread(user) == {mine}


def test_a_muted_message_comes_back_unread_too(user: int, clock: Any) -> None:
    services.set_muted(user, ["follow"])
    services.snooze(user, [ref := message(user)], NOW + HOUR)
    services.wake_due(NOW + HOUR)
    assert unread(user) == {ref}


# Announced like an arrival


@kinds
def test_what_comes_back_is_announced_with_a_toast(
    user: int, clock: Any, kind: str, django_capture_on_commit_callbacks: Any
) -> None:
    older, ref = arrived(user, kind), arrived(user, kind)
    services.snooze(user, [older], NOW + HOUR)
    known = selectors.snapshot(user).version
    with Heard() as heard, django_capture_on_commit_callbacks(execute=True):
        services.wake_due(NOW + HOUR)
    [(who, hint)] = heard.mailboxes
    assert who == user
    assert selectors.newest({user: known}, hint or "")[user].ref == older != ref
    assert selectors.newest({user: selectors.snapshot(user).version}, hint or "") == {}


def test_nobody_gets_a_toast_for_another_or_for_what_is_gone(user: int, clock: Any) -> None:
    [other] = people(1)
    broadcast = live()
    services.snooze(user, [broadcast.ref, message(user)], NOW + HOUR)
    known = {each: selectors.snapshot(each).version for each in (user, other)}
    services.wake_due(NOW + HOUR)
    services.withdraw(broadcast)
    FollowMessage.objects.all().delete()
    for hint in ("back:follow", "back:broadcast", "back:nothing", "back:"):
        assert selectors.newest(known, hint) == {}


# Broadcasts that end, change, or are shown again meanwhile


@pytest.mark.parametrize("fate", ["withdraw", "expire", "delete"])
def test_a_snoozed_broadcast_that_ends_leaves_no_ghost(user: int, clock: Any, fate: str) -> None:
    broadcast = live()
    services.snooze(user, [broadcast.ref], NOW + HOUR)
    fates: dict[str, Callable[[Broadcast], Any]] = {
        "withdraw": services.withdraw,
        "expire": services.expire,
        "delete": lambda row: row.delete(),
    }
    fates[fate](broadcast)
    assert (unread(user), snoozed(user)) == (set(), set())
    with pytest.raises(NotFound):
        services.unsnooze(user, [broadcast.ref])
    services.wake_due(NOW + HOUR)
    assert (unread(user), snoozed(user)) == (set(), set())


def test_a_broadcast_that_is_published_again_is_still_snoozed(user: int, clock: Any) -> None:
    broadcast = live()
    services.snooze(user, [broadcast.ref], NOW + HOUR)
    services.withdraw(broadcast)
    services.publish(broadcast)
    assert (unread(user), snoozed(user)) == (set(), {broadcast.ref})


def test_showing_again_ends_a_snooze_and_keeps_the_star(user: int, clock: Any) -> None:
    broadcast = live()
    services.star(user, [broadcast.ref])
    services.snooze(user, [broadcast.ref], NOW + HOUR)
    broadcast.shows_again = True
    broadcast.save()
    assert (unread(user), snoozed(user), starred(user)) == ({broadcast.ref}, set(), {broadcast.ref})
    services.mark_read(user, [broadcast.ref])
    assert services.wake_due(NOW + HOUR) == 0
    assert unread(user) == set()
    assert starred(user) == {broadcast.ref}


def test_a_star_given_and_taken_after_it_was_shown_again(user: int) -> None:
    broadcast = live()
    services.mark_read(user, [broadcast.ref])
    broadcast.shows_again = True
    broadcast.save()
    assert services.star(user, [broadcast.ref]) == 1
    assert (unread(user), starred(user)) == ({broadcast.ref}, {broadcast.ref})
    assert services.unstar(user, [broadcast.ref]) == 1
    assert (unread(user), starred(user)) == ({broadcast.ref}, set())


# Stars


@kinds
def test_a_star_changes_a_page_hence_the_version(user: int, kind: str) -> None:
    ref = arrived(user, kind)
    first = selectors.snapshot(user)
    assert [services.star(user, [ref]) for _time in range(2)] == [1, 0]
    [item] = selectors.inbox_page(user).items
    assert (item.starred, item.read) == (True, False)
    assert selectors.snapshot(user).version == first.version + 1
    assert [services.unstar(user, [ref]) for _time in range(2)] == [1, 0]
    assert not selectors.inbox_page(user).items[0].starred


@kinds
def test_starred_items_are_listed_together_also_archived_ones(user: int, kind: str) -> None:
    refs = [arrived(user, kind) for _each in range(3)]
    services.star(user, refs[:2])
    services.archive(user, [refs[0]])
    services.delete(user, [refs[2]])
    assert starred(user) == set(refs[:2])
    assert [item.ref for item in selectors.inbox_page(user, starred=True, archived=True).items] == [refs[0]]
    assert [item.ref for item in selectors.inbox_page(user, starred=True, unread=True).items] == [refs[1]]


@kinds
def test_pages_of_starred_and_snoozed_items_follow_each_other(user: int, clock: Any, kind: str) -> None:
    refs = [arrived(user, kind) for _each in range(5)]
    services.star(user, refs)
    services.snooze(user, refs[:3], NOW + HOUR)
    for which, expected in (({"starred": True}, refs[3:]), ({"snoozed": True}, refs[:3])):
        found, cursor = [], None
        for _page in range(9):
            page = selectors.inbox_page(user, limit=1, before=cursor, **which)
            found += [item.ref for item in page.items]
            if (cursor := page.next) is None:
                break
        assert found == expected[::-1]


# Retention and erasure


def test_retention_leaves_starred_and_snoozed_rows_alone(user: int, clock: Any) -> None:
    old = [message(user, read_at=ago(400)) for _each in range(3)]
    services.star(user, old[:1])
    services.snooze(user, old[1:2], NOW + HOUR)
    newer = [message(user, LikeMessage) for _each in range(2)]
    assert services.purge(days=90, keep=1) == {"follows": 1, "likes": 1}
    assert messages(user) == [newer[1], *old[1::-1]]


def test_what_is_over_the_number_stays_if_it_is_starred_or_snoozed(user: int, clock: Any) -> None:
    starred, snoozed, _over, newest = (message(user) for _each in range(4))
    services.star(user, [starred])
    services.snooze(user, [snoozed], NOW + HOUR)
    assert services.purge(days=0, keep=1) == {"follows": 1}
    assert messages(user) == [newest, snoozed, starred]


def test_a_snoozed_row_that_the_site_has_read_stays(user: int, clock: Any) -> None:
    ref = message(user)
    services.snooze(user, [ref], NOW + HOUR)
    FollowMessage.objects.update(read_at=ago(400))
    assert services.purge(days=90) == {}
    assert messages(user) == [ref]


def test_snoozes_end_in_parts_with_a_transaction_each(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 2)
    users, parts = people(5), []

    def note(user_ids: list[Any], **kwargs: Any) -> None:
        parts.append(len(user_ids))

    services.send(users, FollowMessage)
    FollowMessage.objects.update(snoozed_until=NOW + HOUR)
    mailbox_changed.connect(note)
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert services.wake_due(NOW + HOUR) == 5
    mailbox_changed.disconnect(note)
    assert parts == [2, 2, 1]


def test_a_star_given_at_the_last_moment_is_in_time(user: int, clock: Any) -> None:
    from inbox.services import retention

    ref = message(user, read_at=ago(400))
    [expired] = [each for each in retention._expired(90, 0) if each.rows.model is FollowMessage]
    [batch] = retention._batches_of(expired)
    services.star(user, [ref])
    assert retention._remove(batch) == 0


def test_erasure_takes_them(user: int, clock: Any) -> None:
    services.star(user, [message(user)])
    services.snooze(user, [message(user), live().ref], NOW + HOUR)
    services.erase(user)
    assert messages(user) == []
    assert not BroadcastReceipt.objects.exclude(starred_at=None, snoozed_until=None).exists()


def test_one_row_that_can_not_be_written_stops_no_other(user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [message(user) for _each in range(5)]
    services.snooze(user, [*refs, live().ref], NOW + HOUR)
    bad = FollowMessage.objects.order_by("pk")[2].pk
    change = type(FollowMessage.objects.all()).change

    def fail(rows: Any, **values: Any) -> int:
        if rows.filter(pk=bad).exists() and rows.model is FollowMessage:
            raise ArithmeticError
        return int(change(rows, **values))

    with monkeypatch.context() as patch:
        patch.setattr(type(FollowMessage.objects.all()), "change", fail)
        clock.shift(HOUR)
        assert not services.mend(is_due=True)
    assert len(unread(user)) == 5
    assert services.mend(is_due=True)
    assert len(unread(user)) == 6


def test_versions_of_others_stand_still(user: int, clock: Any) -> None:
    [other] = people(1)
    refs = [message(each) for each in (user, other)]
    services.snooze(user, refs[:1], NOW + HOUR)
    services.snooze(other, refs[1:], NOW + 2 * HOUR)
    before = selectors.snapshot(other)
    assert services.wake_due(NOW + HOUR) == 1
    assert selectors.snapshot(other) == before
    assert selectors.snapshot(user).version < CLOCK_UNIT
    assert SystemMessage.objects.count() == 0


# Arrivals


WAYS: dict[str, Callable[[Any, Any], object]] = {
    "send": lambda user, other: services.send([user, other], LikeMessage, target_title="Tea", url="/tea/#top"),
    "save": lambda user, other: LikeMessage(recipient_id=user, target_title="Tea", url="/tea/").save(),
    "bulk_create": lambda user, other: LikeMessage.objects.bulk_create(
        [LikeMessage(recipient_id=pk, target_title="Tea", url="/tea/") for pk in (user, other)]
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("muted", [[], ["like"]])
def test_an_arrival_in_a_thread_ends_its_snoozes(user: int, clock: Any, way: str, muted: list[str]) -> None:
    """Unless it arrives read. Other threads, and the same thread of others, sleep on."""
    [other] = people(1)
    services.set_muted(user, muted)
    same, elsewhere, own = message(user, url="/tea/"), message(user, url="/coffee/"), message(user)
    theirs = message(other, url="/milk/")
    page = selectors.inbox_page(user).version
    services.snooze(user, [same, elsewhere, own], NOW + HOUR)
    services.snooze(other, [theirs], NOW + HOUR)
    WAYS[way](user, other)
    new = LikeMessage.objects.get(recipient=user).ref
    assert unread(user) == (set() if muted else {same, new})
    assert snoozed(user) == ({same} if muted else set()) | {elsewhere, own}
    assert snoozed(other) == {theirs}
    assert services.mark_all_read(user, page) == 0


@pytest.mark.parametrize("way", ["send", "save"])
def test_a_newer_message_replaces_a_snoozed_one_with_its_key(user: int, clock: Any, way: str) -> None:
    services.send([user], FollowMessage, dedupe_key="tea")
    old = FollowMessage.objects.get()
    services.snooze(user, [old.ref], NOW + HOUR)
    if way == "send":
        services.send([user], FollowMessage, dedupe_key="tea")
    else:
        FollowMessage(recipient_id=user, dedupe_key="tea").save()
    [new] = FollowMessage.objects.all()
    assert new.pk != old.pk
    assert (unread(user), snoozed(user)) == ({new.ref}, set())
