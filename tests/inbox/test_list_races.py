"""Long lists of people racing other writes, one of the two stopped at the worst moment (PostgreSQL)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from inbox import services
from inbox.errors import NotFound
from inbox.models import AudienceFilter, Broadcast, BroadcastMember

from .databases import postgres
from .people import live, people, unread
from .threads import Pause, after, beside, blocked, together

pytestmark = [pytest.mark.django_db(transaction=True), postgres]

ROWS = 'INSERT INTO "inbox_broadcastmember"'
CLOCK = 'FROM "inbox_broadcastclock" .* FOR NO KEY UPDATE'
LONG_AGO = timezone.now() - timedelta(days=100)
Work = Callable[[], Any]


def draft(**columns: Any) -> Broadcast:
    """For those who have registered lately, and for two on an uploaded list, one of whom it leaves out."""
    news = Broadcast.objects.create(title="Tea", audience="several", **columns)
    news.filters.add(AudienceFilter.objects.create(name="new", joined_after=timezone.localdate() - timedelta(days=9)))
    one, two = people(2, date_joined=LONG_AGO)
    services.upload_list(news, f"{one}\n{two}")
    services.upload_list(news, str(two), is_excluded=True)
    return news


def found(news: Broadcast) -> set[Any]:
    return set(BroadcastMember.objects.filter(broadcast=news, source="filter").values_list("user", flat=True))


def told(news: Broadcast, name: str) -> list[Any]:
    """The values of a part of it before and after each of its changes."""
    return [each.changed[name] for each in news.history.order_by("pk") if name in each.changed]


def write(what: str, news: Broadcast) -> Work:
    [user] = people(1)
    author = User.objects.get(pk=user)
    works: dict[str, Work] = {
        "upload": partial(services.upload_list, news, str(user)),
        "removal": partial(services.remove_list, news),
        "filters": partial(services.freeze, news.pk),
        "copy": partial(services.duplicate_broadcast, author, news),
        "reminder": partial(services.remind, author, news),
    }
    return works[what]


@pytest.mark.usefixtures("no_deadlock")
@pytest.mark.parametrize("what", ["upload", "filters", "copy", "reminder"])
def test_the_clock_is_free_while_rows_are_written(what: str) -> None:
    """And nobody sees any of it before the end."""
    news = draft()
    work = write(what, news)
    pause = Pause(ROWS)
    with beside(pause.around(work)), pause:
        before = set(Broadcast.objects.values_list("pk", flat=True)), BroadcastMember.objects.count()
        other = live()
        assert set(Broadcast.objects.values_list("pk", flat=True)) == before[0] | {other.pk}
        assert BroadcastMember.objects.count() == before[1]
    assert BroadcastMember.objects.count() > before[1]


@pytest.mark.usefixtures("no_deadlock")
@pytest.mark.parametrize("what", ["upload", "removal", "filters", "copy", "reminder"])
def test_a_deletion_while_rows_are_written(what: str) -> None:
    """It waits for nobody, and nothing of the list stays."""
    news = draft()
    services.freeze(news.pk)
    people(1)  # one more for the filter
    AudienceFilter.objects.update(joined_after=timezone.localdate() + timedelta(days=1))  # and nobody else any more
    work = write(what, news)

    def refused() -> None:
        with pytest.raises(NotFound):
            work()

    pause = Pause(CLOCK)
    with beside(pause.around(refused)), pause:
        Broadcast.objects.get().delete()
    assert not Broadcast.objects.exists()
    assert not BroadcastMember.objects.exists()


@pytest.mark.usefixtures("no_deadlock")
def test_two_uploads_of_the_same_people_in_another_order() -> None:
    news, names = draft(), [str(user) for user in people(20)]
    forth, back = ("\n".join(each) for each in (names, names[::-1]))
    works = [partial(services.upload_list, news, text) for text in (forth, back)]
    assert sorted(each.added for each in together(*works)) == [0, 20]
    assert told(news, "people") == [[0, 2], [2, 22]]


def test_people_chosen_during_an_upload_are_counted() -> None:
    news = draft()
    one, two = people(2)
    pause = Pause(CLOCK)
    with beside(pause.around(partial(services.upload_list, news, str(one)))), pause:
        services.set_people(news, [two])
    assert told(news, "people")[-1] == [3, 4]


@pytest.mark.usefixtures("no_deadlock")
def test_filters_that_find_people_twice_at_once() -> None:
    """Whom the later search finds, recorded once."""
    news = draft()
    [early] = people(1)
    pause = Pause(CLOCK)
    freeze = partial(services.freeze, news.pk)
    with beside(pause.around(freeze)), beside(after(pause, freeze)) as later, pause:
        User.objects.filter(pk=early).update(date_joined=LONG_AGO)
        [late] = people(1)
        assert blocked(later)
    assert found(news) == {late}
    assert told(news, "filtered_people") == [[0, 1]]


@pytest.mark.usefixtures("no_deadlock")
def test_publishing_twice_at_once() -> None:
    news = draft()
    [user] = people(1)
    together(*(partial(services.publish, Broadcast.objects.get()) for _ in range(2)))
    assert found(news) == {user}
    assert (told(news, "filtered_people"), told(news, "state")) == ([[0, 1]], [["draft", "live"]])


@pytest.mark.usefixtures("no_deadlock")
def test_publishing_without_filters_waits_for_no_upload() -> None:
    """Those of the upload see it, too, when it is done."""
    news = Broadcast.objects.create(title="Tea", audience="several")
    [user] = people(1)
    pause = Pause(CLOCK)
    with beside(pause.around(partial(services.upload_list, news, str(user)))), pause:
        services.publish(Broadcast.objects.get())
        assert unread(user) == set()
    assert unread(user) == {news.ref}


def test_filters_that_find_people_when_it_is_published() -> None:
    """Those whom they had found before stay."""
    news = draft()
    [early] = people(1)
    services.freeze(news.pk)
    pause = Pause(CLOCK)
    people(1)
    with beside(pause.around(partial(services.freeze, news.pk))), pause:
        services.publish_frozen(news)
    assert found(news) == {early}
    assert told(news, "filtered_people") == [[0, 1]]


def test_filters_that_are_taken_out_while_they_find_people() -> None:
    news = draft()
    people(2)
    services.freeze(news.pk)
    people(1)
    pause = Pause(CLOCK)
    with beside(pause.around(partial(services.freeze, news.pk))), pause:
        news.filters.clear()
    assert found(news) == set()
    assert told(news, "filtered_people") == [[0, 2], [2, 0]]


@pytest.mark.usefixtures("no_deadlock")
def test_updating_or_creating_locks_the_clock_first() -> None:
    news = draft()
    services.freeze(news.pk)
    pause = Pause('UPDATE "inbox_broadcast" ')
    change = partial(Broadcast.objects.update_or_create, pk=news.pk, defaults={"title": "Coffee"})
    with beside(pause.around(partial(services.publish_frozen, news))), beside(after(pause, change)) as changing, pause:
        assert blocked(changing)
    assert Broadcast.objects.values_list("title", "state").get() == ("Coffee", "live")


@pytest.mark.usefixtures("no_deadlock")
def test_groups_that_are_deleted_together_lock_the_clock_first() -> None:
    """One of them is left out by an announcement, so that its deletion needs the clock."""
    first, left_out, other = (Group.objects.create(name=name) for name in ("first", "left out", "other"))
    news = draft()
    [user] = people(1)
    for group in (first, other):
        group.user_set.add(user)
    for group in (left_out, other):
        news.excluded_groups.add(group)
    pause = Pause(CLOCK)
    together_gone = Group.objects.filter(pk__in=[first.pk, left_out.pk])
    with beside(pause.around(together_gone.delete)), beside(after(pause, other.delete)) as deleting, pause:
        blocked(deleting)
    assert not Group.objects.exists()
