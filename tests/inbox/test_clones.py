"""Rows that did not come into the database as our own code writes them: clones (`pk = None`), and rows of old dumps."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from inbox import services
from inbox.models import Broadcast, BroadcastReceipt, BroadcastSeries, FollowMessage

from .people import NOW, live, one_of, people, unread
from .repeated import EVERY_MONDAY, MONDAY, repeated

pytestmark = pytest.mark.django_db


def cloned(row: Any, **values: Any) -> Any:
    clone = type(row).objects.get(pk=row.pk)
    clone.pk = None
    for name, value in values.items():
        setattr(clone, name, value)
    return clone


def past(row: Broadcast) -> tuple[Any, ...]:
    row = Broadcast.objects.get(pk=row.pk)
    return row.published_at, row.first_clock, row.revision, row.again, row.again_clock, row.clock, row.series_id


@pytest.mark.parametrize("save", [lambda row: row.save(), lambda row: Broadcast.objects.bulk_create([row])])
@pytest.mark.usefixtures("clock")
def test_a_clone_of_a_broadcast_has_no_past(save: Any) -> None:
    original = live()
    services.change_broadcast(original, {"title": "Other"}, show_again=True)
    clone = cloned(original, state="draft")
    save(clone)
    assert past(clone) == (None, None, 1, 1, 0, 0, None)
    assert past(original)[2:4] == (2, 2)


def test_a_live_clone_is_published_itself() -> None:
    [reader] = people(1)
    original = live()
    services.mark_read(reader, [original.ref])
    clone = cloned(original)
    clone.save()
    assert unread(reader) == {clone.ref}
    assert past(clone)[1] == past(original)[1] + 1


def test_a_clone_of_an_occurrence_is_none(clock: Any) -> None:
    series = repeated(people(1)[0])
    clock.move_to(MONDAY)
    services.apply_due()
    clone = cloned(Broadcast.objects.get(series=series), state="draft")
    clone.save()
    assert past(clone)[-1] is None


def test_a_clone_of_a_series_is_stopped(clock: Any) -> None:
    clone = cloned(repeated(people(1)[0]))
    clone.save()
    [original, other] = BroadcastSeries.objects.order_by("pk")
    assert (original.is_active, other.is_active, other.next_at) == (True, False, None)


@pytest.mark.usefixtures("clock")
def test_a_new_row_of_an_author_is_no_clone() -> None:
    """Django notes a database on a new instance, too, if a related row is given to it."""
    author, long_ago = one_of(people(1)[0]), NOW - timedelta(days=365)
    dates = {"created_at": long_ago, "published_at": long_ago}
    imported = Broadcast(author=author, title="Old", state="live", **dates)
    imported.save()
    [other] = Broadcast.objects.bulk_create([Broadcast(author=author, title="Older", state="live", **dates)])
    for row in (imported, other):
        assert Broadcast.objects.filter(pk=row.pk, **dates).exists()
    active = BroadcastSeries.objects.create(**EVERY_MONDAY, author=author, is_active=True, next_at=MONDAY)
    [another] = BroadcastSeries.objects.bulk_create(
        [BroadcastSeries(**EVERY_MONDAY, author=author, is_active=True, next_at=MONDAY)]
    )
    assert set(BroadcastSeries.objects.due(MONDAY)) == {active, another}


def test_a_clone_of_a_row_that_was_just_made() -> None:
    """It was never read."""
    [made], [other] = [live()], Broadcast.objects.bulk_create([Broadcast(title="News", state="live")])
    for row in (made, other):
        services.change_broadcast(row, {"title": "Other"}, show_again=True)
        row.pk, row.state = None, "draft"
        row.save()
        assert past(row)[:4] == (None, None, 1, 1)


def test_a_clone_of_a_message_arrives() -> None:
    [reader] = people(1)
    services.send([reader], FollowMessage)
    clone = cloned(FollowMessage.objects.get())
    clone.save()
    assert [row.seq for row in FollowMessage.objects.order_by("pk")] == [1, 2]


def test_receipts_of_old_dumps_are_loaded(tmp_path: Path) -> None:
    """`revision` came with migration 0016."""
    [reader] = people(1)
    news, dump = live(), tmp_path / "dump.json"
    fields = {"recipient": reader, "broadcast": news.pk, "read_at": "2026-01-01T00:00:00Z"}
    dump.write_text(json.dumps([{"model": "inbox.broadcastreceipt", "pk": 1, "fields": fields}]))
    call_command("loaddata", dump, verbosity=0)
    assert BroadcastReceipt.objects.get().revision == 1
    assert unread(reader) == set()
