"""Edits of broadcasts racing what readers and the clock do, one of the two stopped at the worst moment (PostgreSQL)."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, BroadcastReceipt

from .databases import postgres
from .people import live, people, unread
from .threads import Pause, after, beside, blocked

pytestmark = [pytest.mark.django_db(transaction=True), postgres]

ACTS = {"read": services.mark_read, "dismiss": services.delete, "confirm": services.confirm}
every_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def changes(broadcast: Broadcast) -> set[str]:
    return {name for change in broadcast.history.all() for name in change.changed}


def show_again(broadcast: Broadcast) -> None:
    services.change_broadcast(Broadcast.objects.get(pk=broadcast.pk), {"title": "New"}, show_again=True)


@every_act
@pytest.mark.parametrize("before", ["nothing", "a receipt"])
def test_showing_again_while_a_receipt_is_written(act: Any, before: str) -> None:
    """The reader has done it to the text from before: it has to be seen again."""
    [user] = people(1)
    broadcast = live(as_dialog=True)
    if before == "a receipt":
        services.close_banner(user, [live(as_banner=True).ref])
        services.archive(user, [broadcast.ref])
        services.mark_unread(user, [broadcast.ref])
    seen = selectors.snapshot(user).version
    statement = "INSERT INTO" if before == "nothing" else "UPDATE"
    pause = Pause(f'{statement} "inbox_broadcastreceipt"')
    with beside(pause.around(partial(act, user, [broadcast.ref], seen=seen))) as acting, pause:
        show_again(broadcast)  # it waits for nobody
    assert acting.result() == 1
    assert BroadcastReceipt.objects.get(broadcast=broadcast).revision == 1
    assert broadcast.ref in unread(user)
    assert [each.item.ref for each in selectors.announcements(user).items if "dialog" in each.kinds] == [broadcast.ref]
    assert changes(broadcast) == {"title", "revision", "again"}


def test_reading_while_it_is_shown_again() -> None:
    [user] = people(1)
    broadcast = live()
    seen = selectors.snapshot(user).version
    pause = Pause('UPDATE "inbox_broadcastclock"')
    with beside(pause.around(partial(show_again, broadcast))), pause:
        assert services.mark_all_read(user, seen) == 1  # as long as it is not committed, the text from before counts
        assert unread(user) == set()
    assert unread(user) == {broadcast.ref}


def test_an_edit_while_it_expires() -> None:
    """Both happen, one after the other, and both are recorded."""
    broadcast = live()
    Broadcast.objects.filter(pk=broadcast.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    pause = Pause('UPDATE "inbox_broadcast"')
    with (
        beside(pause.around(services.apply_due)),
        beside(after(pause, partial(show_again, broadcast))) as editing,
        pause,
    ):
        assert blocked(editing)
    found = Broadcast.objects.get()
    assert (found.state, found.title, found.revision, found.again) == ("expired", "New", 2, 2)
    assert changes(broadcast) == {"expires_at", "state", "title", "revision", "again"}
    assert not services.apply_due()


def test_expiring_while_it_is_edited() -> None:
    broadcast = live()
    Broadcast.objects.filter(pk=broadcast.pk).update(expires_at=timezone.now() + timedelta(seconds=1))
    later = timezone.now() + timedelta(seconds=2)
    pause = Pause('UPDATE "inbox_broadcast"')
    with beside(pause.around(partial(show_again, broadcast))), pause, pytest.raises(OperationalError):
        services.apply_due(later)  # it does not wait long: the next sweep tries again
    services.apply_due(later)
    found = Broadcast.objects.get()
    assert (found.state, found.title, found.revision) == ("expired", "New", 2)
    assert changes(broadcast) == {"expires_at", "state", "title", "revision", "again"}
