"""The inbox alone: what it announces is recorded, and nobody delivers it."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django import urls
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import transaction
from django.utils import timezone

from inbox import services
from inbox.core import zones
from inbox.models import Broadcast, FollowMessage, ledger
from inbox.services import departures, mender
from inbox.signals import (
    broadcast_changed,
    correction_queued,
    mailbox_changed,
    send_queued,
    undone_found,
    users_deleted,
)
from tests.migrating import fields_are_copied

from .listening import Heard
from .lives import Life
from .people import NOW, live, people, state
from .rest import person
from .scenes import Scene
from .services import Service, service
from .threads import DEADLINE, deadlocks


@pytest.fixture(autouse=True)
def nobody_delivers() -> Iterator[None]:
    """`push` would start threads and read the database from them."""
    if not apps.is_installed("push"):
        yield
        return
    from push import receivers

    for signal in (mailbox_changed, broadcast_changed, send_queued, correction_queued, users_deleted):
        signal.disconnect(dispatch_uid="push")
    yield
    receivers.connect()


@pytest.fixture(autouse=True)
def nobody_mends() -> Iterator[None]:
    """What reads find undone stays so until the test calls `people.mend`: a thread would come at any time."""
    undone_found.disconnect(dispatch_uid="inbox")
    yield
    mender.connect()


@pytest.fixture
def mends_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the lock, as long as it takes. SQLite has one for all that is written, and gives it to whoever asks at the
    right moment: where several mend at once on a busy machine, 200 ms can be too short five times in a row."""
    monkeypatch.setattr(ledger, "MEND_SECONDS", DEADLINE)


@pytest.fixture(autouse=True, scope="package")
def content_types_stay() -> Iterator[None]:
    """A flush, as after each transactional test, would take most of its time to make them and the permissions again."""
    kept = {model._meta.db_table for model in (ContentType, Permission)}

    def sql_flush(style: Any, database: Any, **options: bool) -> Any:
        names = set(database.introspection.django_table_names(only_existing=True, include_views=False)) - kept
        if database.vendor == "postgresql":  # TRUNCATE makes new files for each table and index, for a few rows
            return [f"DELETE FROM {database.ops.quote_name(name)}" for name in names]
        return database.ops.sql_flush(style, sorted(names), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args: None)
        yield


@pytest.fixture(autouse=True, scope="package")
def resolvers_stay() -> Iterator[None]:
    """Django keeps them by the names of their modules; `pytest.mark.urls` would have them made again for each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "clear_url_caches", lambda: None)
        yield


@pytest.fixture(autouse=True, scope="package")
def few_zones() -> Iterator[None]:
    """To render all 430 would take most of the time of each page with the form of a series."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zones, "available_timezones", lambda: {"Asia/Tokyo", "Europe/Berlin"})
        zones.offered_zones.cache_clear()
        yield
    zones.offered_zones.cache_clear()


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """Nobody has called yet this minute."""
    cache.clear()


around_a_module = ExitStack()


@pytest.fixture(scope="module")
def in_one_transaction(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """For fixtures of a module: what they write is there in each test of the module, and gone after the last.

    What a test itself writes is rolled back after the test, as always. Tests that commit come after all others.
    """
    with django_db_blocker.unblock():
        around_a_module.enter_context(transaction.atomic())
        around_a_module.callback(transaction.set_rollback, True)
        yield
        around_a_module.close()


@pytest.fixture(autouse=True)
def nothing_around_commits(request: pytest.FixtureRequest, django_db_blocker: Any) -> None:
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        with django_db_blocker.unblock():
            around_a_module.close()


@pytest.fixture
def heard() -> Iterator[Heard]:
    with Heard() as listener:
        yield listener


@pytest.fixture
def no_deadlock(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The order of locks alone prevents them: nobody had to try again."""
    before = deadlocks()
    with caplog.at_level(logging.INFO, "inbox.models.ledger"):
        yield
    assert deadlocks() == before
    assert caplog.text == ""


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def user() -> int:
    return people(1)[0]


@pytest.fixture(scope="module")
def first_scene(in_one_transaction: None) -> Scene:
    return Scene()


@pytest.fixture
def scene(first_scene: Scene) -> Scene:
    """One for all tests of a module: its rows are rolled back, and each test has copies of its instances."""
    return deepcopy(first_scene)


@pytest.fixture
def due() -> Broadcast:
    """A broadcast that should have been published a second ago."""
    return Broadcast.objects.create(title="Due", state="scheduled", publish_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def bob() -> Any:
    return person("bob")


@pytest.fixture
def shop() -> Service:
    """A service that may do everything."""
    return service()


@pytest.fixture(scope="module")
def first_life(in_one_transaction: None) -> Life:
    return Life()


@pytest.fixture
def life(first_life: Life) -> Life:
    return deepcopy(first_life)


@pytest.fixture
def unharmed(user: int) -> Iterator[int]:
    """A user with one unread message and one broadcast, whose state is afterwards as it was."""
    services.send([user], FollowMessage)
    live()
    before = state(user)
    yield user
    assert state(user) == before


@pytest.fixture
def migrations_are_quick() -> Iterator[None]:
    with fields_are_copied():
        yield


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Messages in a batch."""
    monkeypatch.setattr(departures, "BATCH", 3)
    return 3
