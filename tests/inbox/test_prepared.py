"""Announcements that recur for people of saved filters and of long lists: their rows are written ahead, and never by
what publishes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from inbox import services
from inbox.core.acting import acting
from inbox.errors import BadValue
from inbox.models import AudienceFilter, Broadcast, BroadcastMember, BroadcastSeries, State, ledger
from inbox.services.broadcasts import due, preparing

from .databases import postgres
from .people import NOW, mend, one_of, people, unread
from .repeated import EVERY_MONDAY, MONDAY, NEXT_MONDAY, occurrences, repeated, stopped, template
from .rest import problem
from .services import service
from .test_admin_broadcasts import page, signed_in, staff
from .threads import Pause, beside, together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock"), pytest.mark.urls("tests.inbox.urls")]
SOON = MONDAY - timedelta(minutes=4)
AUTHORS = (("ann", ()), ("bob", ("publish_broadcast",)))
YESTERDAY = NOW.date() - timedelta(days=1)


def filtered(**columns: Any) -> Broadcast:
    """For all who have registered since yesterday, but not for those who have signed in lately."""
    made = template(audience="several", **{"late_joiners": True, **columns})
    made.filters.add(AudienceFilter.objects.create(name=f"new {made.pk}", joined_after=YESTERDAY))
    made.excluded_filters.add(AudienceFilter.objects.create(name=f"seen {made.pk}", active_since_days=30))
    return made


def listed(*users: Any, **columns: Any) -> Broadcast:
    made = template(audience="several", **columns)
    services.set_people(made, users)
    return made


def seen_lately(pk: Any) -> None:
    User.objects.filter(pk=pk).update(last_login=timezone.now())


def prepared() -> Broadcast:
    services.prepare_occurrences()
    return Broadcast.objects.get(state=State.PREPARING)


def members(made: Broadcast, *, is_excluded: bool = False) -> set[Any]:
    rows = BroadcastMember.objects.filter(broadcast=made, is_excluded=is_excluded)
    return set(rows.values_list("user", flat=True))


@contextmanager
def no_rows_written() -> Iterator[None]:
    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        assert 'INSERT INTO "inbox_broadcastmember"' not in sql
        return execute(sql, *args)

    with connection.execute_wrapper(refuse):
        yield


class TestAhead:
    def test_a_filter_finds_people_shortly_before(self, user: int, clock: Any) -> None:
        [hidden] = people(1)
        series = repeated(user, template=filtered())
        clock.move_to(SOON - timedelta(minutes=2))
        services.prepare_occurrences()
        assert occurrences(series) == []
        clock.move_to(SOON)
        seen_lately(hidden)
        made = prepared()
        assert (members(made), members(made, is_excluded=True)) == ({user, hidden}, {hidden})
        assert unread(user) == set()
        [later] = people(1)
        clock.move_to(MONDAY)
        with no_rows_written():
            mend()
        assert occurrences(series) == [(MONDAY, "live")]
        assert [unread(pk) for pk in (user, hidden, later)] == [{made.ref}, set(), set()]
        clock.move_to(NEXT_MONDAY)
        mend()
        assert members(series.occurrences.get(occurrence=NEXT_MONDAY)) == {user, hidden, later}

    def test_a_list_of_any_length(self, user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preparing, "MOST_PEOPLE", 2)
        users, [hidden] = people(3), people(1)
        original = listed(*users)
        services.set_people(original, [hidden], is_excluded=True)
        series = repeated(user, template=original)
        clock.move_to(SOON)
        made = prepared()
        clock.move_to(MONDAY)
        with no_rows_written():
            mend()
        assert (members(made), members(made, is_excluded=True)) == ({*users}, {hidden})
        assert occurrences(series) == [(MONDAY, "live")]

    def test_a_short_list_needs_none(self, user: int, clock: Any) -> None:
        series = repeated(user, template=listed(user))
        clock.move_to(SOON)
        services.prepare_occurrences()
        assert occurrences(series) == []

    def test_of_many_at_a_time(self, user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither those that need none nor those that are prepared keep others waiting."""
        monkeypatch.setattr(preparing, "MOST", 1)
        repeated(user)
        for _ in range(2):
            repeated(user, template=filtered())
        clock.move_to(SOON)
        for number in (1, 2):
            services.prepare_occurrences()
            assert Broadcast.objects.filter(state=State.PREPARING).count() == number

    def test_what_changes_until_then_counts(self, user: int, clock: Any) -> None:
        """Texts are those of when it is due; people are written again before it comes out."""
        original = filtered()
        series = repeated(user, template=original, duration=timedelta(hours=1))
        for change in (self._its_title, self._its_list, self._its_filter, self._its_filters):
            clock.move_to(BroadcastSeries.objects.get().next_at - timedelta(minutes=1))
            services.prepare_occurrences()
            occurrence = BroadcastSeries.objects.get().next_at
            expected = change(original, user)
            clock.move_to(occurrence)
            mend()
            made = series.occurrences.get(occurrence=occurrence)
            assert (made.state, made.title, members(made)) == ("live", original.title, expected), change
            assert made.expires_at == occurrence + timedelta(hours=1)
        assert not Broadcast.objects.filter(state=State.PREPARING).exists()

    def test_another_template_with_the_same_filters(self, user: int, clock: Any) -> None:
        """A copy has a list without a history."""
        original, [other] = filtered(), people(1, date_joined=NOW - timedelta(days=9))
        series = repeated(user, template=original)
        source = services.duplicate_broadcast(one_of(user), original)
        services.set_people(source, [other])
        clock.move_to(SOON)
        prepared()
        services.change_series(series, {"template": services.duplicate_broadcast(one_of(user), source)})
        clock.move_to(MONDAY)
        mend()
        assert members(series.occurrences.get(occurrence=MONDAY)) == {user, other}

    def _its_title(self, original: Broadcast, user: int) -> set[Any]:
        original.refresh_from_db()
        services.change_broadcast(original, {"title": "Changed"})
        return {user}

    def _its_list(self, original: Broadcast, user: int) -> set[Any]:
        [self.other] = people(1)
        services.set_people(original, [self.other])
        return {user, self.other}

    def _its_filter(self, original: Broadcast, user: int) -> set[Any]:
        original.filters.update(joined_after=timezone.localdate() + timedelta(days=1))
        return {self.other}

    def _its_filters(self, original: Broadcast, user: int) -> set[Any]:
        original.filters.clear()
        original.excluded_filters.clear()
        return {self.other}


class TestTooLate:
    def test_whoever_finds_it_due_prepares_it_first(self, user: int, clock: Any) -> None:
        series = repeated(user, template=filtered())
        clock.move_to(MONDAY + timedelta(seconds=3))
        mend()
        assert occurrences(series) == [(MONDAY, "live")]
        assert unread(user) == {series.occurrences.get().ref}

    def test_after_downtime_only_the_latest(self, user: int, clock: Any) -> None:
        series = repeated(user, template=filtered())
        clock.move_to(SOON)
        prepared()
        clock.move_to(NEXT_MONDAY)
        mend()
        services.prepare_occurrences()
        assert occurrences(series) == [(NEXT_MONDAY, "live")]

    def test_nothing_else_that_is_due_waits_for_it(
        self, user: int, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """To find its people may take a minute, and the clock is free then."""
        other = Broadcast.objects.create(title="Fire", state="scheduled", publish_at=MONDAY)
        series, simple = repeated(user, template=filtered()), repeated(user)
        seen: list[set[str]] = []
        find = preparing.put_found

        def watched(*args: Any) -> None:
            seen.append(unread(user))
            find(*args)

        monkeypatch.setattr(preparing, "put_found", watched)
        clock.move_to(MONDAY)
        mend()
        assert seen == [{other.ref, simple.occurrences.get().ref}]
        assert occurrences(series) == [(MONDAY, "live")]

    def test_it_waits_for_its_people(self, user: int, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty audience would be wrong; and the others do not wait."""
        series, other = repeated(user, template=filtered()), repeated(user)
        monkeypatch.setattr(due, "prepare_occurrences", lambda *args, **options: None)
        clock.move_to(MONDAY)
        assert not services.mend(is_due=True)
        assert (occurrences(series), occurrences(other)) == ([], [(MONDAY, "live")])
        with pytest.raises(ledger.Held):
            services.change_series(series, {"at": time(10)})
        monkeypatch.undo()
        mend()
        assert occurrences(series) == [(MONDAY, "live")]

    def test_nobody_is_found(self, user: int, clock: Any) -> None:
        seen_lately(user)
        clock.move_to(SOON)
        series = repeated(user, template=filtered())
        services.prepare_occurrences()
        clock.move_to(MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "blocked")]


class TestInBetween:
    def test_nobody_changes_it(self, user: int, clock: Any) -> None:
        admin = signed_in(User.objects.create_superuser("admin", password="x"))
        desk = service("broadcasts:read", "broadcasts:write", "broadcasts:publish", "broadcasts:withdraw")
        repeated(user, template=filtered())
        clock.move_to(SOON)
        made = prepared()
        before = members(made)
        with pytest.raises(BadValue, match="recurring"):
            services.publish(made)
        with pytest.raises(BadValue, match="recurring"):
            services.set_people(made, [user])
        services.withdraw(made)
        assert "recurring" in problem(desk("PATCH", f"broadcasts/{made.pk}/", {"title": "x"}), 422)["detail"]
        assert "recurring" in problem(desk("POST", f"broadcasts/{made.pk}/publish/"), 409)["detail"]
        html = admin.get(page(made)).content.decode()
        assert ("Being prepared" in html, 'name="_publish"' in html, 'name="title"' in html) == (True, False, False)
        made.refresh_from_db()
        assert (made.state, members(made)) == ("preparing", before)

    def test_a_deleted_one_is_prepared_again(self, user: int, clock: Any) -> None:
        series = repeated(user, template=filtered())
        clock.move_to(SOON)
        prepared().delete()
        prepared()
        clock.move_to(MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]

    @pytest.mark.parametrize("end", [services.stop_series, BroadcastSeries.delete, "change"])
    def test_it_goes_with_its_occurrence(self, user: int, clock: Any, end: Any) -> None:
        series = repeated(user, template=filtered())
        clock.move_to(SOON)
        made = prepared()
        series.refresh_from_db()
        if end == "change":
            services.change_series(series, {"starts_on": date(2030, 1, 9)})
            clock.move_to(MONDAY + timedelta(minutes=1))
        else:
            end(series)
        services.prepare_occurrences()
        assert not Broadcast.objects.filter(pk=made.pk).exists()
        assert not BroadcastMember.objects.filter(broadcast=made.pk).exists()

    def test_a_filter_that_an_active_series_uses(self, user: int, clock: Any, settings: Any) -> None:
        """Deleting one would show the next occurrence to those who are left out; to change it is to publish."""
        ann, bob = (staff(name, "change_audiencefilter", "delete_audiencefilter", *more) for name, more in AUTHORS)
        series = repeated(user, template=filtered())
        for used in AudienceFilter.objects.all():
            address = f"/admin/inbox/audiencefilter/{used.pk}/"
            for delete in (used.delete, AudienceFilter.objects.filter(pk=used.pk).delete):
                with pytest.raises(ProtectedError), transaction.atomic():
                    delete()
            assert "protected" in bob.get(f"{address}delete/").content.decode()
            assert 'name="_save"' not in ann.get(f"{address}change/").content.decode()
            assert 'name="_save"' in bob.get(f"{address}change/").content.decode()
            settings.INBOX_FOUR_EYES = True
            assert 'name="_save"' not in bob.get(f"{address}change/").content.decode()
            settings.INBOX_FOUR_EYES = False
        services.stop_series(series)
        assert 'name="_save"' in ann.get(f"{address}change/").content.decode()
        AudienceFilter.objects.all().delete()

    def test_under_four_eyes(self, user: int, clock: Any, settings: Any) -> None:
        """Who has approved the template has approved it."""
        settings.INBOX_FOUR_EYES = True
        [other] = people(1)
        series = stopped(user, template=filtered())
        with acting(other):
            services.start_series(series)
        clock.move_to(SOON)
        services.prepare_occurrences()
        clock.move_to(MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def due_series(self, user: Any) -> BroadcastSeries:
        series = stopped(
            user, template=filtered(), **(EVERY_MONDAY | {"rule": "FREQ=DAILY", "starts_on": date(2020, 1, 1)})
        )
        BroadcastSeries.objects.filter(pk=series.pk).update(is_active=True, next_at=NOW - timedelta(days=1))
        return series

    @pytest.mark.usefixtures("mends_wait")
    def test_two_beats_make_one(self) -> None:
        users = people(3)
        series = self.due_series(users[0])
        together(*[ledger.retrying(services.apply_due) for _ in range(3)])
        mend()
        [(_occurrence, state)] = occurrences(series)
        assert (state, members(series.occurrences.get())) == ("live", {*users})

    @postgres
    def test_the_clock_is_free_while_rows_are_written(self) -> None:
        series = self.due_series(people(1)[0])
        pause = Pause('INSERT INTO "inbox_broadcastmember"')
        with beside(pause.around(services.apply_due)), pause:
            with ledger.waiting_at_most(0.5):
                services.bump_clock(by=1)
            services.prepare_occurrences()  # another one leaves it alone
        assert [state for _occurrence, state in occurrences(series)] == ["live"]
