"""docs/ARCHITECTURE.md, rule 3: in a site with a replica, everything is read where it is written."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from inbox import selectors, services
from inbox.models import AudienceFilter, Broadcast, BroadcastSeries

from .repeated import EVERY_MONDAY, MONDAY, occurrences, stopped
from .scenes import Scene, Write, all_writes

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]


class ReadsElsewhere:
    """The router of a site with a replica (which here does not exist)."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        ours = model._meta.app_label == "inbox" or model is User.groups.through
        return "replica" if ours else "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


class AllElsewhere(ReadsElsewhere):
    """Users and groups, too."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"


@all_writes
def test_writers_read_where_they_write(scene: Scene, write: Write, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    write(scene)


def test_series_copy_what_is_stored(scene: Scene, settings: Any, clock: Any) -> None:
    series = stopped(scene.actor)
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    services.start_series(series)
    clock.move_to(MONDAY)
    services.apply_due()
    assert occurrences(series) == [(MONDAY, "live")]


SERIES: dict[str, Callable[[Any, Any], Any]] = {
    "create": lambda author, series: services.create_series(author, EVERY_MONDAY | {"template": news()}),
    "change": lambda author, series: services.change_series(series, {"duration": timedelta(hours=1)}),
    "change under the lock": lambda author, series: locked(series, services.change_series, {"duration": None}),
    "start": lambda author, series: services.start_series(series),
    "stop": lambda author, series: services.stop_series(series),
    "delete": lambda author, series: series.delete(),
    "duplicate": lambda author, series: services.duplicate_broadcast(author, news()),
    "remind": lambda author, series: services.remind(author, news(audience="several", people=True)),
    "create one": lambda author, series: services.create_broadcast(
        author, {"title": "x", "excluded_people": {author.pk}}
    ),
    "change one": lambda author, series: services.change_broadcast(news(), {"excluded_people": {author.pk}}),
    "publish one": lambda author, series: services.publish(news()),
    "freeze": lambda author, series: services.publish(found_by(AudienceFilter(name="x", joined_after=MONDAY))),
    "erase": lambda author, series: services.erase(author),
    "effect": lambda author, series: selectors.effect(news()),
}


def news(**columns: Any) -> Broadcast:
    has_people = columns.pop("people", False)
    made = Broadcast.objects.create(title="News", state="live", **columns)
    if has_people:
        services.set_people(made, User.objects.using("default").values_list("pk", flat=True))
    return made


def found_by(saved: AudienceFilter) -> Broadcast:
    saved.save()
    made = Broadcast.objects.create(title="News", audience="several", with_staff=True)
    made.filters.add(saved)
    return made


def locked(series: BroadcastSeries, change: Callable[..., Any], *values: Any) -> None:
    with services.locked_series(series.pk) as stored:
        change(stored, *values)


@pytest.mark.parametrize("name", SERIES)
def test_the_desk_reads_where_it_writes(name: str, scene: Scene, settings: Any, clock: Any) -> None:
    author, series = User.objects.get(pk=scene.actor), stopped(scene.actor)
    row = BroadcastSeries.objects.get(pk=series.pk)
    settings.DATABASE_ROUTERS = [AllElsewhere()]
    SERIES[name](author, row)


def test_readers_read_where_it_is_written(scene: Scene, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    assert selectors.snapshot(scene.reader).unread == 1
    assert len(selectors.inbox_page(scene.reader).items) == 2
    assert selectors.item(scene.reader, scene.broadcast.ref).read
    assert list(selectors.newest({scene.reader: 0}, "follow")) == [scene.reader]
    assert list(selectors.newest({scene.actor: 0}, scene.broadcast.ref)) == [scene.actor]
    assert selectors.versions([scene.reader])[scene.reader] > 0
