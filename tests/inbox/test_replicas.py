"""docs/ARCHITECTURE.md, rule 3: in a site with a replica, everything is read where it is written."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from inbox import selectors, services

from .repeated import MONDAY, occurrences, stopped
from .scenes import Scene, Write, all_writes

pytestmark = pytest.mark.django_db


class ReadsElsewhere:
    """The router of a site with a replica (which here does not exist)."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        ours = model._meta.app_label == "inbox" or model is User.groups.through
        return "replica" if ours else "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


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


def test_readers_read_where_it_is_written(scene: Scene, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    assert selectors.snapshot(scene.reader).unread == 1
    assert len(selectors.inbox_page(scene.reader).items) == 2
    assert selectors.item(scene.reader, scene.broadcast.ref).read
    assert list(selectors.newest({scene.reader: 0}, "follow")) == [scene.reader]
    assert list(selectors.newest({scene.actor: 0}, scene.broadcast.ref)) == [scene.actor]
    assert selectors.versions([scene.reader])[scene.reader] > 0
