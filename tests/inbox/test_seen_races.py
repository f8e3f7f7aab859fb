"""Somebody looks at their items while more arrive, return or come in reach (PostgreSQL: SQLite has one writer)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from inbox import selectors, services
from inbox.core.snapshots import MAX_VERSION
from inbox.models import FollowMessage, ledger

from .databases import postgres
from .people import live, people
from .threads import Pause, after, beside, blocked, together

pytestmark = [pytest.mark.django_db(transaction=True), postgres]


@pytest.fixture
def reader() -> int:
    """With one item that was there all the time."""
    [user] = people(1)
    services.send([user], FollowMessage)
    assert selectors.snapshot(user).unseen == 1
    return user


def nothing(user: int) -> None:
    """Nothing has to be there before."""


def in_a_group(user: int) -> None:
    broadcast = live(audience="groups")
    broadcast.groups.add(Group.objects.create(name="tea"))


def join(user: int) -> None:
    User.objects.get(pk=user).groups.add(Group.objects.get())


def snoozed(user: int) -> None:
    ref = FollowMessage.objects.create(recipient_id=user).ref
    services.snooze(user, [ref], timezone.now() + timedelta(hours=1))


def wake(user: int) -> None:
    """It leaves mailboxes that are locked to the next run."""
    with suppress(ledger.Held):
        services.wake_due(timezone.now() + timedelta(hours=2))


def unread_again(user: int) -> None:
    services.mark_unread(user, [FollowMessage.objects.latest("pk").ref])


def read(user: int) -> None:
    services.mark_read(user, [FollowMessage.objects.create(recipient_id=user).ref])


COMING: dict[str, tuple[Callable[[int], Any], Callable[[int], Any]]] = {
    "arrival": (nothing, lambda user: services.send([user], FollowMessage)),
    "broadcast": (nothing, lambda user: live()),
    "join": (in_a_group, join),
    "wake": (snoozed, wake),
    "unread": (read, unread_again),
}
coming = pytest.mark.parametrize(("before", "come"), COMING.values(), ids=COMING)


@coming
def test_what_comes_before_the_lock_is_unseen(reader: int, before: Any, come: Any) -> None:
    """What was seen was decided earlier, whatever the client claims."""
    before(reader)
    pause = Pause('"inbox_mailbox".*FOR NO KEY UPDATE')
    with beside(pause.around(partial(services.see, reader, MAX_VERSION))), pause:
        come(reader)
    snapshot = selectors.snapshot(reader)
    assert (snapshot.unread, snapshot.unseen) == (2, 1)


@coming
def test_what_comes_while_it_is_written_is_unseen(reader: int, before: Any, come: Any) -> None:
    before(reader)
    version = selectors.snapshot(reader).version
    pause = Pause('UPDATE "inbox_mailbox" SET "seen_clock"')
    with (
        beside(pause.around(partial(services.see, reader, version))),
        beside(after(pause, partial(come, reader))) as arriving,
        pause,
    ):
        blocked(arriving)
    if come is wake:
        wake(reader)
    snapshot = selectors.snapshot(reader)
    assert (snapshot.unread, snapshot.unseen) == (2, 1)


def test_a_broadcast_that_comes_meanwhile_hides_no_change(reader: int) -> None:
    """One more and one less: the number is the same as before, but not the same as between the two commits."""
    version = selectors.snapshot(reader).version
    pause = Pause('UPDATE "inbox_mailbox" SET "seen_clock"')
    with beside(pause.around(partial(services.see, reader, version))), pause:
        live()
        between = selectors.snapshot(reader)
    after_both = selectors.snapshot(reader)
    assert (between.unseen, after_both.unseen) == (2, 1)
    assert after_both.version > between.version


def test_a_version_means_one_number(reader: int) -> None:
    """Whoever reads, whatever goes on."""
    found: dict[int, tuple[int, int]] = {}

    def look() -> None:
        for _turn in range(40):
            snapshot = selectors.snapshot(reader)
            numbers = snapshot.unread, snapshot.unseen
            assert found.setdefault(snapshot.version, numbers) == numbers
            assert snapshot.unseen <= snapshot.unread

    def see() -> None:
        for _turn in range(15):
            services.see(reader, selectors.snapshot(reader).version)

    def send() -> None:
        for turn in range(15):
            services.send([reader], FollowMessage)
            if turn % 5 == 0:
                live()

    together(look, look, see, see, send)
    services.see(reader, selectors.snapshot(reader).version)
    assert selectors.snapshot(reader).unseen == 0
    assert selectors.snapshot(reader).unread == 19
