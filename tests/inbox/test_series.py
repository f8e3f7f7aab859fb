"""Announcements that recur: each occurrence is a broadcast of its own, published when it is due, and once."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from inbox import selectors, services
from inbox.core.acting import acting
from inbox.errors import BadFields, BadValue, NotFound
from inbox.models import Broadcast, BroadcastChange, BroadcastClock, BroadcastSeries, State
from inbox.services.broadcasts import occurrences as service

from .people import NOW, mend, undone, unread
from .repeated import EVERY_MONDAY, MONDAY, NEXT_MONDAY, occurrences, repeated, stopped, template

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def next_due() -> datetime | None:
    return BroadcastClock.objects.get().next_due


@pytest.mark.anywhere
class TestOccurrences:
    def test_it_is_published_when_it_is_due(self, user: int, clock: Any) -> None:
        series = repeated(user)
        assert (series.next_at, next_due()) == (MONDAY, MONDAY)
        clock.move_to(MONDAY - timedelta(seconds=1))
        assert not services.apply_due()
        assert unread(user) == set()
        clock.move_to(MONDAY)
        with undone() as found:
            selectors.snapshot(user)
        assert found[0][0] is True
        mend()
        assert occurrences(series) == [(MONDAY, "live")]
        assert unread(user) == {Broadcast.objects.get(series=series).ref}
        assert next_due() == NEXT_MONDAY
        assert not services.apply_due()

    def test_it_is_a_copy_of_the_template(self, user: int, clock: Any) -> None:
        group = Group.objects.create(name="tea")
        User.objects.get(pk=user).groups.add(group)
        original = template(
            url="/tea/", language="en", translations={"de": {"title": "Tee", "body": ""}}, audience="groups"
        )
        original.groups.add(group)
        series = repeated(user, template=original, duration=HOUR)
        clock.move_to(MONDAY)
        mend()
        made = series.occurrences.get()
        same = ("title", "body", "level", "url", "language", "translations", "audience")
        assert [getattr(made, name) for name in same] == [getattr(original, name) for name in same]
        assert list(made.groups.all()) == [group]
        assert (made.publish_at, made.published_at, made.expires_at) == (MONDAY, MONDAY, MONDAY + HOUR)
        assert (made.author_id, made.series_id, made.occurrence) == (user, series.pk, MONDAY)
        clock.shift(HOUR)
        mend()
        assert occurrences(series) == [(MONDAY, "expired")]
        original.refresh_from_db()
        assert original.state == State.DRAFT

    def test_nobody_has_made_it(self, user: int, clock: Any) -> None:
        """Even if it falls due while somebody writes."""
        series, other = repeated(user), template()
        clock.move_to(MONDAY)
        with acting(user):
            services.change_broadcast(other, {"title": "Changed"})
        made = BroadcastChange.objects.filter(broadcast__series=series).order_by("pk")
        assert list(made.values_list("by", "changed")) == [(None, {}), (None, {"state": ["scheduled", "live"]})]

    def test_after_downtime_only_the_latest_comes_out(self, user: int, clock: Any) -> None:
        series = repeated(user)
        clock.move_to(MONDAY + 5 * WEEK + HOUR)
        mend()
        assert occurrences(series) == [(MONDAY + 5 * WEEK, "live")]
        assert next_due() == MONDAY + 6 * WEEK

    def test_after_downtime_nothing_comes_out_that_would_be_over(self, user: int, clock: Any) -> None:
        series = repeated(user, duration=HOUR)
        clock.move_to(MONDAY + HOUR)
        mend()
        assert occurrences(series) == []
        clock.move_to(NEXT_MONDAY)
        mend()
        assert occurrences(series) == [(NEXT_MONDAY, "live")]
        assert BroadcastSeries.objects.get().problem == ""

    def test_the_last_one(self, user: int, clock: Any) -> None:
        series = repeated(user, rule="FREQ=WEEKLY;BYDAY=MO;COUNT=1")
        clock.move_to(MONDAY)
        mend()
        assert next_due() is None
        clock.move_to(NEXT_MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]
        with pytest.raises(BadValue, match="have passed"):
            services.start_series(stopped(user, rule="FREQ=WEEKLY;BYDAY=MO;COUNT=1"))

    def test_many_at_a_time(self, user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "MOST", 2)
        for _ in range(3):
            repeated(user)
        clock.move_to(MONDAY)
        mend()
        assert (Broadcast.objects.live().count(), next_due()) == (2, MONDAY)
        mend()
        assert (Broadcast.objects.live().count(), next_due()) == (3, NEXT_MONDAY)

    def test_without_series_that_are_due_nothing_is_asked_for_each(
        self, user: int, clock: Any, django_assert_max_num_queries: Any
    ) -> None:
        """However many there are: the clock says when the first is due."""
        for _ in range(5):
            repeated(user)
        with django_assert_max_num_queries(1):
            assert not services.apply_due()

    def test_one_for_each_occurrence(self, user: int, clock: Any) -> None:
        """Even if the series is made due again. The database knows no second one, either."""
        series = repeated(user)
        clock.move_to(MONDAY)
        mend()
        BroadcastSeries.objects.update(next_at=MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]
        assert BroadcastSeries.objects.get().next_at == NEXT_MONDAY
        with pytest.raises(IntegrityError), transaction.atomic():
            Broadcast.objects.create(title="Again", series=series, occurrence=MONDAY)


class TestProblems:
    def test_nobody_is_in_the_audience(self, user: int, clock: Any, django_capture_on_commit_callbacks: Any) -> None:
        """It is blocked, its author is told, and the next one comes at its time."""
        original = template(audience="staff")
        series = repeated(user, template=original)
        clock.move_to(MONDAY)
        with django_capture_on_commit_callbacks(execute=True):
            mend()
        series.refresh_from_db()
        assert (occurrences(series), series.next_at) == ([(MONDAY, "blocked")], NEXT_MONDAY)
        assert [item.title for item in selectors.inbox_page(user).items] == ["“Weekly” was not published"]
        services.change_broadcast(original, {"audience": "everyone"})
        clock.move_to(NEXT_MONDAY)
        mend()
        assert occurrences(series)[1] == (NEXT_MONDAY, "live")

    def test_the_template_was_deleted(self, user: int, clock: Any) -> None:
        series, other = repeated(user), repeated(user)
        assert series.template is not None
        series.template.delete()
        clock.move_to(MONDAY)
        mend()
        series.refresh_from_db()
        assert (series.is_active, series.next_at, series.problem) == (False, None, "Its announcement was deleted.")
        assert (occurrences(series), occurrences(other)) == ([], [(MONDAY, "live")])
        assert str(series) == "deleted announcement"
        with pytest.raises(BadValue, match="was deleted"):
            services.start_series(series)

    @pytest.mark.parametrize("values", [{"rule": "FREQ=HOURLY"}, {"time_zone": "Mars/Base"}])
    def test_a_row_that_is_invalid(self, user: int, clock: Any, values: dict[str, str]) -> None:
        """Written past the services, or for a zone that the server has lost."""
        series, other = repeated(user), repeated(user)
        BroadcastSeries.objects.filter(pk=series.pk).update(**values)
        clock.move_to(MONDAY)
        mend()
        series.refresh_from_db()
        assert (series.is_active, bool(series.problem)) == (False, True)
        assert occurrences(other) == [(MONDAY, "live")]

    def test_a_failure_stops_neither_the_clock_nor_the_others(
        self, user: int, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        series, other = repeated(user, template=template(title="Cursed")), repeated(user)
        due = Broadcast.objects.create(title="Soon", state="scheduled", publish_at=MONDAY)
        real = service.copied

        def copied(original: Broadcast, *args: Any, **columns: Any) -> Broadcast:
            made = real(original, *args, **columns)
            assert original.title != "Cursed"
            return made

        monkeypatch.setattr(service, "copied", copied)
        clock.move_to(MONDAY)
        assert not services.mend(is_due=True)
        due.refresh_from_db()
        assert (due.state, occurrences(series), occurrences(other)) == ("live", [], [(MONDAY, "live")])
        assert next_due() == MONDAY
        monkeypatch.undo()
        mend()
        assert occurrences(series) == [(MONDAY, "live")]


@pytest.mark.anywhere
class TestChanges:
    def test_earlier_occurrences_stay_as_they_are(self, user: int, clock: Any) -> None:
        series = repeated(user)
        clock.move_to(MONDAY)
        mend()
        assert series.template is not None
        services.change_broadcast(series.template, {"title": "New"})
        services.change_series(series, {"rule": "freq=daily", "at": time(18)})
        assert (series.rule, series.next_at) == ("FREQ=DAILY", MONDAY + timedelta(hours=9))
        assert next_due() == series.next_at
        clock.move_to(MONDAY + timedelta(days=1))
        mend()
        assert list(series.occurrences.order_by("pk").values_list("title", flat=True)) == ["Weekly", "New"]

    def test_what_is_due_is_published_before_a_change(self, user: int, clock: Any) -> None:
        series = repeated(user)
        clock.move_to(MONDAY)
        services.change_series(series, {"at": time(10)})
        assert occurrences(series) == [(MONDAY, "live")]
        assert series.next_at == MONDAY + HOUR

    def test_a_stopped_one_publishes_nothing_and_makes_up_for_nothing(self, user: int, clock: Any) -> None:
        series = repeated(user)
        services.stop_series(series)
        services.change_series(series, {"duration": HOUR})
        assert series.next_at is None
        clock.move_to(MONDAY)
        mend()
        assert (occurrences(series), next_due()) == ([], None)
        services.start_series(series)
        services.start_series(series)
        assert series.next_at == NEXT_MONDAY
        mend()
        assert occurrences(series) == []

    def test_deleting_it_leaves_the_occurrences(self, user: int, clock: Any) -> None:
        series = repeated(user)
        clock.move_to(MONDAY)
        mend()
        before = selectors.snapshot(user)
        series.delete()
        made = Broadcast.objects.live().get()
        assert (made.series, made.occurrence) == (None, MONDAY)
        assert selectors.snapshot(user) == before
        clock.move_to(NEXT_MONDAY)
        mend()
        assert (Broadcast.objects.live().count(), next_due()) == (1, None)

    def test_deleting_its_author_leaves_it(self, user: int, clock: Any) -> None:
        series = repeated(user)
        User.objects.create(username="reader")
        User.objects.get(pk=user).delete()
        clock.move_to(MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"template": None}, "template"),
            ({"rule": "FREQ=HOURLY"}, "rule"),
            ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "rule"),
            ({"rule": "FREQ=DAILY;UNTIL=20291231"}, "rule"),
            ({"starts_on": date(1900, 1, 1)}, "rule"),
            ({"time_zone": "Mars/Base"}, "time_zone"),
            ({"duration": timedelta(0)}, "duration"),
            ({"duration": timedelta(days=4000)}, "duration"),
        ],
    )
    def test_values_that_are_refused(self, user: int, values: dict[str, Any], field: str) -> None:
        series = stopped(user)
        with pytest.raises(BadFields) as refused:
            services.change_series(series, values)
        assert {*refused.value.fields} == {field}
        with pytest.raises(BadFields):
            stopped(user, **values)
        assert BroadcastSeries.objects.get().rule == EVERY_MONDAY["rule"]

    def test_values_that_are_missing_are_no_errors(self) -> None:
        assert services.check_series({"rule": "FREQ=DAILY"}) == {}

    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(NotFound), services.locked_series(1):
            pass


def test_plain_writes_keep_the_clock_right(user: int) -> None:
    rows = [stopped(user) for _ in range(2)]
    for row in rows:
        row.is_active = True
    rows[0].next_at = NOW + 2 * HOUR
    rows[0].save()
    assert next_due() == NOW + 2 * HOUR
    BroadcastSeries.objects.filter(pk=rows[1].pk).update(is_active=True, next_at=NOW + HOUR)
    assert next_due() == NOW + HOUR
    BroadcastSeries.objects.bulk_create([BroadcastSeries(**EVERY_MONDAY, is_active=True, next_at=NOW)])
    assert next_due() == NOW


def test_a_group_that_an_active_series_leaves_out_stays(user: int) -> None:
    """Its members would see the next occurrence."""
    group, draft = Group.objects.create(name="tea"), template()
    draft.excluded_groups.add(group)
    series = repeated(user, template=draft)
    with pytest.raises(ProtectedError):
        group.delete()
    services.stop_series(series)
    group.delete()
    assert not draft.excluded_groups.exists()


@pytest.mark.anywhere
def test_the_draft_of_an_active_series_is_for_publishers(user: int) -> None:
    series = stopped(user)
    assert series.template is not None
    assert not services.is_for_publishers(series.template)
    services.start_series(series)
    assert services.is_for_publishers(series.template)
