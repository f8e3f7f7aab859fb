"""Edits of published broadcasts: what makes a revision, and who has to see it again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from inbox import selectors, services
from inbox.errors import Changed
from inbox.models import Broadcast, BroadcastClock, BroadcastReceipt, Mailbox

from .listening import Heard
from .people import live, unread

pytestmark = pytest.mark.django_db

Write = Callable[[Broadcast, dict[str, Any]], Any]


def stored(broadcast: Broadcast) -> Broadcast:
    return Broadcast.objects.get(pk=broadcast.pk)


def revision(broadcast: Broadcast) -> int:
    return stored(broadcast).revision


def again(broadcast: Broadcast, **values: Any) -> None:
    """Edited, and shown again to everybody."""
    services.change_broadcast(broadcast, values, show_again=True)


def save(broadcast: Broadcast, values: dict[str, Any]) -> None:
    vars(broadcast).update(values)
    broadcast.save()


def save_some(broadcast: Broadcast, values: dict[str, Any]) -> None:
    vars(broadcast).update(values)
    broadcast.save(update_fields=set(values))


def bulk_update(broadcast: Broadcast, values: dict[str, Any]) -> None:
    vars(broadcast).update(values)
    Broadcast.objects.bulk_update([broadcast], set(values))


WRITES: dict[str, Write] = {
    "save": save,
    "save some": save_some,
    "update": lambda broadcast, values: Broadcast.objects.filter(pk=broadcast.pk).update(**values),
    "bulk_update": bulk_update,
    "update_or_create": lambda broadcast, values: Broadcast.objects.update_or_create(values, pk=broadcast.pk),
    "service": lambda broadcast, values: services.change_broadcast(broadcast, values),
}
every_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
BUTTON = {"url": "/tea", "label": "Tea", "labels": {"de": "Tee"}}
EDITS: list[dict[str, Any]] = [  # a text, JSON twice, and flags
    {"title": "Newer"},
    {"translations": {"zh-hans": {"title": "公告", "body": ""}}},
    {"buttons": [BUTTON]},
    {"as_dialog": True, "in_inbox": False},
]
MORE_EDITS: list[dict[str, Any]] = [  # databases compare them as they do one of those
    {"body": "More"},
    {"language": "zh-hans"},
    {"level": "critical"},
    {"url": "/tea"},
    {"as_banner": True},
]


# What makes a revision


@every_write
@pytest.mark.parametrize(
    "edit", [*EDITS, *(pytest.param(edit, marks=pytest.mark.anywhere) for edit in MORE_EDITS)], ids="-".join
)
def test_an_edit_of_what_readers_see_is_a_revision(write: Write, edit: dict[str, Any]) -> None:
    broadcast = live()
    write(broadcast, edit)
    assert (revision(broadcast), stored(broadcast).again) == (2, 1)
    write(stored(broadcast), edit)
    assert revision(broadcast) == 2  # nothing changed


@every_write
def test_other_changes_are_none(write: Write) -> None:
    broadcast = live()
    write(broadcast, {"expires_at": timezone.now() + timedelta(days=1)})
    write(broadcast, {"audience": "staff"})
    services.withdraw(broadcast)
    assert revision(broadcast) == 1


@every_write
def test_a_draft_has_no_revisions_and_a_withdrawn_one_has(write: Write) -> None:
    draft, withdrawn = Broadcast.objects.create(title="Draft"), live()
    services.withdraw(withdrawn)
    for broadcast in (draft, withdrawn):
        write(broadcast, {"title": "Newer"})
    assert (revision(draft), revision(withdrawn)) == (1, 2)
    services.publish(draft, show_again=True)
    assert (revision(draft), stored(draft).again) == (1, 1)


def test_an_update_of_many_counts_for_each() -> None:
    same, other, draft = live(title="Newer"), live(), Broadcast.objects.create(title="Draft")
    assert Broadcast.objects.update(title="Newer") == 2
    assert [revision(each) for each in (same, other, draft)] == [1, 2, 1]


def test_an_instance_from_before_does_not_take_a_revision_back() -> None:
    old = live()
    again(stored(old), title="Newer")
    before = stored(old)
    old.title = "Mine"
    old.save()
    assert (revision(old), stored(old).again, stored(old).again_clock) == (3, 2, before.again_clock)


def test_revisions_are_not_for_update_to_write() -> None:
    live()
    for column in ("revision", "again", "again_clock"):
        with pytest.raises(NotImplementedError):
            Broadcast.objects.update(**{column: 7})


# Who has to see it again


def test_who_has_read_it_keeps_it_read(user: int) -> None:
    broadcast = live()
    services.mark_read(user, [broadcast.ref])
    services.change_broadcast(broadcast, {"title": "Typo"})
    assert unread(user) == set()
    services.withdraw(broadcast)
    services.publish(broadcast)
    assert unread(user) == set()
    assert selectors.item(user, broadcast.ref).title == "Typo"


AGAIN: dict[str, Callable[[Broadcast], Any]] = {
    "edited": lambda broadcast: again(broadcast, title="Newer"),
    "as it is": again,
    "published again": lambda broadcast: (
        services.withdraw(broadcast),
        services.publish(broadcast, show_again=True),
    ),
    "edited while withdrawn": lambda broadcast: (
        services.withdraw(broadcast),
        again(broadcast, title="Newer"),
        services.publish(broadcast),
    ),
    "edited twice": lambda broadcast: (
        again(broadcast, title="Newer"),
        services.change_broadcast(broadcast, {"title": "Newest"}),
    ),
}
IN_OTHER_WORDS = {"as it is", "edited while withdrawn", "edited twice"}  # the statements are those of the other two
every_again = pytest.mark.parametrize(
    "show",
    [pytest.param(AGAIN[name], marks=[pytest.mark.anywhere] * (name in IN_OTHER_WORDS)) for name in AGAIN],
    ids=AGAIN,
)
ACTS = {"read": services.mark_read, "archive": services.archive, "dismiss": services.delete}
every_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


@every_again
@every_act
def test_shown_again_it_is_new_to_everybody(act: Any, show: Any, user: int) -> None:
    broadcast = live()
    act(user, [broadcast.ref])
    assert unread(user) == set()
    shown = selectors.snapshot(user).version
    show(broadcast)
    assert unread(user) == {broadcast.ref}
    assert not selectors.inbox_page(user, archived=True).items
    item = selectors.newest({user: shown}, "broadcast")[user]
    assert item.ref == broadcast.ref
    assert selectors.readers([broadcast.pk]) == {}
    services.mark_all_read(user, shown)  # of what was on screen before
    assert unread(user) == {broadcast.ref}
    assert services.mark_all_read(user, selectors.snapshot(user).version) == 1
    assert unread(user) == set()


@every_again
@every_act
def test_a_receipt_from_before_is_renewed(act: Any, show: Any, user: int) -> None:
    """None of its earlier marks comes back with the new one."""
    broadcast = live(as_banner=True, as_dialog=True)
    for earlier in (services.archive, services.close_banner, services.confirm, services.delete):
        earlier(user, [broadcast.ref])
    show(broadcast)
    before = Mailbox.objects.get(pk=user).version
    assert act(user, [broadcast.ref]) == 1
    assert Mailbox.objects.get(pk=user).version == before + 1
    receipt = BroadcastReceipt.objects.get()
    assert receipt.revision == revision(broadcast)
    assert (receipt.banner_closed_at, receipt.confirmed_at) == (None, None)
    assert bool(receipt.archived_at) == (act == services.archive)
    assert bool(receipt.deleted_at) == (act == services.delete)


@pytest.mark.parametrize("undo", [services.mark_unread, services.unarchive, services.undelete])
def test_undoing_what_no_longer_counts_changes_nothing(undo: Any, user: int) -> None:
    broadcast = live()
    services.archive(user, [broadcast.ref])
    services.delete(user, [broadcast.ref])
    again(broadcast)
    before = selectors.snapshot(user)
    assert undo(user, [broadcast.ref]) == 0
    assert selectors.snapshot(user) == before


def test_a_receipt_says_which_revision_was_shown(user: int) -> None:
    broadcast = live()
    services.mark_read(user, [broadcast.ref])
    services.change_broadcast(broadcast, {"title": "Typo"})
    assert BroadcastReceipt.objects.get().revision == 1
    services.archive(user, [broadcast.ref])
    assert BroadcastReceipt.objects.get().revision == 2
    other = live()
    services.change_broadcast(other, {"title": "Typo"})
    assert BroadcastReceipt.objects.create(broadcast=other, recipient_id=user).revision == 2


# Whoever acts on the text from before


SEEN = {**ACTS, "unread": services.mark_unread, "undelete": services.undelete}


@every_again
@pytest.mark.parametrize("act", SEEN.values(), ids=SEEN)
def test_acting_on_what_has_changed_is_refused(act: Any, show: Any, user: int) -> None:
    broadcast, other = live(), live()
    shown = selectors.snapshot(user).version
    show(broadcast)
    before = selectors.snapshot(user)
    with pytest.raises(Changed) as refusal:
        act(user, [other.ref, broadcast.ref], seen=shown)
    assert refusal.value.refs == [broadcast.ref]
    assert selectors.snapshot(user) == before
    assert not BroadcastReceipt.objects.exists()
    act(user, [other.ref], seen=shown)
    act(user, [broadcast.ref], seen=selectors.snapshot(user).version)


def test_acting_on_what_changed_a_little_is_not(user: int) -> None:
    broadcast = live()
    shown = selectors.snapshot(user).version
    services.change_broadcast(broadcast, {"title": "Typo"})
    services.withdraw(broadcast)
    services.publish(broadcast)
    assert services.mark_read(user, [broadcast.ref], seen=shown) == 1


def test_showing_again_ticks_once_and_arrives(user: int) -> None:
    broadcast = live()
    before = BroadcastClock.objects.get().value
    with Heard() as heard, TestCase.captureOnCommitCallbacks(execute=True):
        again(broadcast, title="Newer")
        services.change_broadcast(broadcast, {"title": "Typo"})
    assert heard.broadcasts == [broadcast.ref, None]  # a toast for the first only
    assert BroadcastClock.objects.get().value == before + 2
    assert stored(broadcast).again_clock == stored(broadcast).clock == before + 1
