"""Several processes find a series due at the same moment: each occurrence is one broadcast."""

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from inbox import services
from inbox.models import Broadcast, BroadcastSeries, ledger

from .databases import postgres
from .people import people, unread
from .repeated import occurrences, stopped
from .threads import Pause, after, beside, blocked, held, together

pytestmark = [pytest.mark.django_db(transaction=True)]
DAILY = {"rule": "FREQ=DAILY", "starts_on": date(2020, 1, 1), "at": time(0), "time_zone": "UTC"}


def due(user: int) -> BroadcastSeries:
    """Since yesterday: so the latest occurrence is that of today."""
    series = stopped(user, **DAILY)
    BroadcastSeries.objects.filter(pk=series.pk).update(is_active=True, next_at=midnight() - timedelta(days=1))
    return series


def midnight() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.usefixtures("mends_wait")
def test_several_at_once() -> None:
    users = people(2)
    series = [due(users[0]) for _ in range(5)]
    together(*[ledger.retrying(services.apply_due) for _ in range(4)])
    for one in series:
        [(occurrence, state)] = occurrences(one)
        assert (occurrence, state) == (midnight(), "live")
    assert len(unread(users[1])) == 5


@postgres
def test_two_at_the_worst_moment() -> None:
    """The second one waits for the first one's commit, and then finds nothing due."""
    [user] = people(1)
    series = due(user)
    pause = Pause('INSERT INTO "inbox_broadcast" ')
    second = after(pause, ledger.retrying(services.apply_due))
    with beside(pause.around(services.apply_due)), beside(second) as waiting, pause:
        assert blocked(waiting)
    assert waiting.result() is False
    assert len(occurrences(series)) == 1


@postgres
def test_one_that_is_held_keeps_no_other_back() -> None:
    [user] = people(1)
    series, other = due(user), due(user)
    with held(BroadcastSeries.objects.filter(pk=series.pk)):
        assert services.apply_due()
        assert (len(occurrences(series)), len(occurrences(other))) == (0, 1)
    assert services.apply_due()
    assert Broadcast.objects.live().count() == 2
