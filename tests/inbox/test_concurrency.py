"""Threads with real commits: no deadlock reaches a caller, nothing is swallowed, no version has two states."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User

from inbox import selectors, services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import Broadcast, BroadcastClock, CommentMessage, FollowMessage, Mailbox, SystemMessage, ledger
from inbox.models.ledger import Held

from .databases import postgres, sqlite
from .people import people
from .threads import sequence, together, watched

pytestmark = pytest.mark.django_db(transaction=True)


def repeat(times: int, work: Callable[[], Any]) -> Callable[[], list[Any]]:
    return lambda: [work() for _ in range(times)]


@postgres
@pytest.mark.usefixtures("no_deadlock")
def test_overlapping_recipients_in_opposite_orders() -> None:
    users = people(40)
    there, back = users, users[::-1]

    def create(to: list[int]) -> None:
        CommentMessage.objects.bulk_create(CommentMessage(recipient_id=pk, target_title="Tea") for pk in (*to, *to))

    def edit(to: list[int]) -> None:
        rows = sorted(CommentMessage.objects.filter(recipient__in=to), key=lambda row: -row.recipient_id)
        for row in rows:
            row.excerpt += "."
        CommentMessage.objects.bulk_update(rows, ["excerpt"], batch_size=7)

    def touch(users: list[int]) -> None:
        with suppress(Held):  # it passes over what others hold, and says so
            services.touch(users)

    with watched(users[:3]):
        together(
            repeat(10, partial(services.send, there[:30], FollowMessage)),
            repeat(10, partial(services.send, back[:30], FollowMessage)),
            repeat(5, partial(create, there[10:])),
            repeat(5, partial(create, back)),
            repeat(5, partial(edit, back)),
            repeat(5, partial(touch, back)),
        )
    for pk in users:
        arrivals = [*sequence(pk, FollowMessage), *sequence(pk, CommentMessage)]
        assert len(arrivals) == len(set(arrivals))
        assert max(arrivals) <= Mailbox.objects.get(pk=pk).version
    assert FollowMessage.objects.count() == 10 * 30 * 2
    assert CommentMessage.objects.count() == 5 * (30 + 40) * 2


@postgres
@pytest.mark.usefixtures("no_deadlock")
def test_what_arrives_during_mark_all_stays_unread() -> None:
    [user] = people(1)
    total = 30

    def read_all() -> None:
        while FollowMessage.objects.filter(read_at=None).exists() or FollowMessage.objects.count() < total:
            bound = selectors.inbox_page(user).version
            services.mark_all_read(user, bound)
            assert not FollowMessage.objects.filter(seq__gt=bound % CLOCK_UNIT, read_at__isnull=False).exists()

    with watched([user]):
        together(
            repeat(total // 2, partial(services.send, [user], FollowMessage)),
            read_all,
            *[repeat(total // 2, partial(FollowMessage.objects.create, recipient_id=user))],
        )
    assert sequence(user, FollowMessage) == sorted(set(sequence(user, FollowMessage)))
    assert selectors.snapshot(user).unread == 0


@postgres
@pytest.mark.usefixtures("no_deadlock")
def test_broadcasts_come_and_go_among_sends() -> None:
    users = people(5, is_staff=True)

    def announce() -> None:
        for audience in ("everyone", "staff") * 2:
            broadcast = Broadcast.objects.create(title="News", audience=audience)
            services.publish(broadcast)
            services.mark_all_read(users[0], selectors.inbox_page(users[0]).version)
            services.withdraw(broadcast)

    with watched(users[:2]), watched(users[1:]):
        together(announce, announce, *[repeat(6, partial(services.send, users, FollowMessage)) for _ in range(2)])
    assert BroadcastClock.objects.get().value == 2 * 4 * 2
    assert all(selectors.snapshot(pk).by_type == {"follow": 12} for pk in users[1:])


@postgres
def test_users_come_and_go_under_a_fan_out() -> None:
    """Also those in whose name it is sent. Who stays has every message once."""
    staying, leaving, actors = people(10), people(10), people(5)
    everybody, sends = sorted([*staying, *leaving]), 10
    come: list[int] = []

    def fan_out(actor: int) -> None:
        for _ in range(sends):
            services.send([*everybody, *come], SystemMessage, actor=actor, title="Hello")

    def leave(users: list[int]) -> None:
        for pk in users[: len(users) // 2]:
            User.objects.get(pk=pk).delete()
        User.objects.filter(pk__in=users).order_by("-pk").delete()

    def arrive() -> None:
        for _ in range(5):
            come.extend(people(1))
            selectors.snapshots(come)

    with watched(staying[:3]):
        together(
            *[partial(fan_out, actor) for actor in actors[:2]],
            partial(leave, leaving),
            partial(leave, actors),
            arrive,
        )
    assert SystemMessage.objects.filter(recipient__in=staying).count() == len(staying) * sends * 2
    assert not SystemMessage.objects.exclude(recipient__in=[*staying, *come]).exists()
    while services.forget_deleted_users():  # what arrived while its actor was being deleted
        pass
    assert not SystemMessage.objects.exclude(actor=None).exists()
    assert set(Mailbox.objects.values_list("pk", flat=True)) <= {*staying, *come}


@postgres
def test_many_first_readers_and_writers_of_one_user() -> None:
    """The mailbox and the clock are made once, by whoever comes first."""
    [user] = people(1)
    results = together(
        *[partial(selectors.snapshot, user)] * 3,
        *[partial(services.send, [user], FollowMessage)] * 3,
        *[partial(Broadcast.objects.create, title="News", state="live")] * 3,
    )
    for seen in results[:3]:
        assert seen.unread == sum(divmod(seen.version, CLOCK_UNIT))
    assert selectors.snapshot(user).version == 3 * CLOCK_UNIT + 3
    assert sorted(sequence(user, FollowMessage)) == [1, 2, 3]


@sqlite
def test_a_long_send_lets_others_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chunk is a transaction, and there is a pause after it in which another writer comes in."""
    monkeypatch.setattr(ledger, "CHUNK", 10)
    monkeypatch.setattr(ledger.chunks, "__defaults__", (10,))
    users, [reader] = people(60), people(1)
    services.send([reader], FollowMessage)
    ref = FollowMessage.objects.get().ref
    done = Event()

    def write() -> set[int]:
        """Once at each state of the send that it sees: else it would hold the database most of the time."""
        seen, found = {0, 1}, set()
        while not done.is_set():
            if (written := FollowMessage.objects.count()) not in seen:
                seen.add(written)
                services.mark_read(reader, [ref])
                services.mark_unread(reader, [ref])
                found.add(FollowMessage.objects.count())
        return found

    def send() -> int:
        try:
            return services.send(users, FollowMessage)
        finally:
            done.set()

    sent, between = together(send, write)
    assert sent == len(users)
    assert len({written for written in between if written < len(users)}) >= 3
