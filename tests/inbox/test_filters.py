"""Saved filters: people by when they registered and signed in, and by their language, found when an announcement comes
out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.core.acting import acting
from inbox.errors import BadFields, BadValue
from inbox.models import AudienceFilter, Broadcast, BroadcastMember, ledger
from inbox.models.broadcasts import approval, filters
from inbox.services.broadcasts import filters as freezing

from .people import people, unread
from .rest import person
from .services import service
from .test_admin_broadcasts import FORM, LIST, page, signed_in, staff

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]
TODAY = timezone.localdate()
FILTERS = "/admin/inbox/audiencefilter/"


def ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


def saved(name: str = "new here", **conditions: Any) -> AudienceFilter:
    """By default of those who registered in the last ten days."""
    conditions = conditions or {"joined_after": TODAY - timedelta(days=10)}
    return AudienceFilter.objects.create(name=name, **conditions)


def aimed(*chosen: AudienceFilter, **columns: Any) -> Broadcast:
    made = Broadcast.objects.create(**{"title": "Tea", "audience": "several", **columns})
    made.filters.set(chosen)
    return made


def frozen(made: Broadcast) -> set[str]:
    rows = BroadcastMember.objects.filter(broadcast=made, source="filter")
    return set(rows.values_list("user__username", flat=True))


def again(made: Broadcast) -> None:
    services.withdraw(made)
    services.publish(made)


@pytest.fixture
def new() -> Any:
    """Registered yesterday and never signed in."""
    return person("new", date_joined=ago(1))


@pytest.fixture
def old() -> Any:
    """Registered long ago, and signed in yesterday."""
    return person("old", date_joined=ago(100), last_login=ago(1))


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True, date_joined=ago(1000)))


class TestWhomItFinds:
    @pytest.mark.parametrize(
        ("conditions", "names"),
        [
            ({"joined_after": TODAY - timedelta(days=10)}, {"new"}),
            ({"joined_before": TODAY - timedelta(days=10)}, {"old"}),
            ({"active_since_days": 2}, {"old"}),
            ({"active_since_days": 2, "joined_after": TODAY - timedelta(days=10)}, set()),
        ],
    )
    def test_those_for_whom_all_conditions_hold(self, new: Any, old: Any, conditions: Any, names: Any) -> None:
        found = selectors.found_by([saved(**conditions)])
        assert {user.get_username() for user in found} == names

    def test_a_day_begins_at_midnight_of_the_site(self, settings: Any) -> None:
        settings.TIME_ZONE = "Asia/Shanghai"
        midnight = datetime.combine(TODAY, time.min, timezone.get_default_timezone())
        person("before", date_joined=midnight - timedelta(seconds=1))
        person("at", date_joined=midnight)
        for name, condition in (("at", "joined_after"), ("before", "joined_before")):
            assert [user.get_username() for user in selectors.found_by([saved(name, **{condition: TODAY})])] == [name]

    def test_without_its_column_nobody(self, new: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        made = aimed(saved())
        monkeypatch.setattr(filters, "_has_moment", lambda column: column != "date_joined")
        services.publish(made)
        assert frozen(made) == set()
        assert filters.offered_conditions() == ["active_since_days", "language"]

    def test_the_language_that_was_chosen(self, new: Any, old: Any) -> None:
        """Who has chosen none fits no language."""
        services.set_language(new, "de")
        services.set_language(old, "en")
        person("other")
        assert [user.get_username() for user in selectors.found_by([saved(language="de")])] == ["new"]
        assert not selectors.found_by([saved("both", language="en", joined_after=TODAY - timedelta(days=10))]).exists()

    @pytest.mark.parametrize(
        ("conditions", "field"),
        [
            ({}, "joined_after"),
            ({"language": "no language"}, "language"),
            ({"joined_after": TODAY, "joined_before": TODAY}, "joined_before"),
            ({"active_since_days": 0}, "active_since_days"),
            ({"active_since_days": 4000}, "active_since_days"),
        ],
    )
    def test_what_is_refused(self, conditions: dict[str, Any], field: str) -> None:
        with pytest.raises(ValidationError) as refused:
            AudienceFilter(name="x", **conditions).full_clean()
        assert list(refused.value.message_dict) == [field]

    def test_one_without_conditions_is_no_row(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            AudienceFilter.objects.create(name="x")


class TestPublishing:
    def test_it_gets_those_whom_they_find_then(self, new: Any, old: Any) -> None:
        made = aimed(saved(), late_joiners=True)
        services.publish(made)
        later = person("later")
        assert [unread(user.pk) for user in (new, old, later)] == [{made.ref}, set(), set()]

    def test_and_when_it_is_published_again(self, new: Any) -> None:
        made = aimed(saved())
        services.publish(made)
        person("later")
        new.date_joined = ago(20)
        new.save()
        person("last")
        again(made)
        assert frozen(made) == {"later", "last"}
        changes = [change.changed for change in made.history.all()]
        assert [each["filtered_people"] for each in changes if "filtered_people" in each] == [[1, 2], [0, 1]]

    def test_one_for_later_gets_those_of_now(self, new: Any, clock: Any) -> None:
        tomorrow = timezone.now() + timedelta(days=1)
        made = aimed(saved(joined_after=TODAY - timedelta(days=3650)), publish_at=tomorrow, late_joiners=True)
        services.publish(made)
        person("later")
        clock.move_to(tomorrow)
        assert services.apply_due()
        made.refresh_from_db()
        assert (made.state, frozen(made)) == ("live", {"new"})

    def test_those_of_a_deleted_filter_stay(self, new: Any) -> None:
        chosen = saved()
        made = aimed(chosen)
        services.publish(made)
        chosen.delete()
        assert unread(new.pk) == {made.ref}
        again(made)
        assert unread(new.pk) == {made.ref}

    def test_without_its_last_filter_they_go(self, new: Any) -> None:
        made = aimed(saved("a"), saved("b"))
        services.publish(made)
        services.withdraw(made)
        made.filters.remove(AudienceFilter.objects.get(name="a"))
        assert frozen(made) == {"new"}
        made.filters.clear()
        assert frozen(made) == set()
        assert made.history.first().changed == {"filtered_people": [1, 0]}
        chosen = [change.changed["filters"] for change in made.history.all() if "filters" in change.changed]
        assert chosen == [[["b"], []], [["a"], []], [[], ["a", "b"]]]

    def test_what_is_published_keeps_its_filters(self, new: Any) -> None:
        made = aimed(saved())
        services.publish(made)
        with pytest.raises(BadFields) as refused:
            services.change_broadcast(made, {"filters": set()})
        assert list(refused.value.fields) == ["filters"]
        services.change_broadcast(made, {"title": "Milk"})

    def test_what_somebody_else_publishes_meanwhile_is_theirs(self, new: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        made, insert = aimed(saved()), freezing._insert

        def interrupted(*args: Any) -> int:
            Broadcast._base_manager.filter(pk=made.pk).update(state="scheduled", publish_at=ago(-1))
            return insert(*args)

        services.freeze(made.pk)
        person("later")
        monkeypatch.setattr(freezing, "_insert", interrupted)
        services.freeze(made.pk)
        assert frozen(made) == {"new"}

    @pytest.mark.django_db(transaction=True)
    def test_a_choice_that_changes_meanwhile_counts(self, new: Any, old: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another author leaves people out after filters have found theirs, and before it comes out."""
        made, left_out = aimed(saved(joined_before=TODAY)), saved("new", joined_after=TODAY - timedelta(days=10))
        freeze = freezing.freeze

        def early(broadcast: int) -> None:
            monkeypatch.undo()
            freeze(broadcast)
            services.change_broadcast(Broadcast.objects.get(), {"excluded_filters": {left_out.pk}})

        monkeypatch.setattr(freezing, "freeze", early)
        services.publish(made)
        assert (unread(old.pk), unread(new.pk)) == ({made.ref}, set())

    def test_without_a_search_it_does_not_come_out(self, new: Any) -> None:
        made = aimed(saved())
        with pytest.raises(ledger.Held), transaction.atomic():
            services.publish_frozen(made)
        services.freeze(made.pk)
        chosen = list(made.filters.all())
        made.filters.clear()  # and those whom it has found
        made.filters.set(chosen)
        with pytest.raises(ledger.Held), transaction.atomic():
            services.publish_frozen(made)
        services.freeze(made.pk)
        services.publish_frozen(made)
        assert unread(new.pk) == {made.ref}

    def test_those_who_are_left_out_are_found_then_too(self, new: Any, old: Any) -> None:
        """And a filter that is deleted lets nobody in whom it has kept out."""
        chosen = saved()
        made = aimed(audience="everyone")
        made.excluded_filters.add(chosen)
        services.publish(made)
        assert [unread(user.pk) for user in (new, old)] == [set(), {made.ref}]
        rows = BroadcastMember.objects.filter(broadcast=made)
        assert list(rows.values_list("user", "is_excluded", "source")) == [(new.pk, True, "filter")]
        with pytest.raises(BadFields) as refused:
            services.change_broadcast(made, {"excluded_filters": set()})
        assert list(refused.value.fields) == ["excluded_filters"]
        chosen.delete()
        again(made)
        assert unread(new.pk) == set()
        made.excluded_filters.set([saved("again", joined_before=TODAY)])
        services.withdraw(made)
        made.excluded_filters.clear()
        assert not BroadcastMember.objects.filter(broadcast=made).exists()
        changes = [change.changed for change in made.history.all()]
        assert [each["excluded_filtered_people"] for each in changes if "excluded_filtered_people" in each] == [
            [1, 0],
            [0, 1],
        ]
        assert {"excluded_filters": [["again"], []]} in changes

    def test_each_side_has_its_own(self, new: Any, old: Any) -> None:
        """Those of a deleted filter stay on theirs, whatever the other side finds anew."""
        chosen = saved("all", joined_after=TODAY - timedelta(days=900))
        made = aimed(chosen, late_joiners=True)
        made.excluded_filters.add(saved())
        services.publish(made)
        assert [unread(user.pk) for user in (new, old)] == [set(), {made.ref}]
        chosen.delete()
        services.withdraw(made)
        later = person("later", date_joined=ago(1))
        services.publish(made)
        rows = BroadcastMember.objects.filter(broadcast=made).values_list("user", "is_excluded")
        assert set(rows) == {(new.pk, False), (old.pk, False), (new.pk, True), (later.pk, True)}

    def test_nobody_is_refused(self, old: Any) -> None:
        with pytest.raises(BadValue):
            selectors.require_readers(aimed(saved()))
        made = aimed(saved("old", active_since_days=9))
        selectors.require_readers(made)
        made.excluded_filters.set(made.filters.all())
        with pytest.raises(BadValue):
            selectors.require_readers(made)

    def test_as_many_statements_for_many_people_as_for_few(self) -> None:
        counts = []
        for number in (2, 50):
            people(number)
            made = aimed(saved(str(number)))
            with CaptureQueriesContext(connection) as queries:
                services.publish(made)
            counts.append(len(queries))
        assert counts[0] == counts[1]


@pytest.mark.anywhere
class TestTheCopies:
    def test_a_duplicate_chooses_the_same(self, new: Any) -> None:
        made = aimed(saved())
        made.excluded_filters.add(saved("old", joined_before=TODAY - timedelta(days=10)))
        services.publish(made)
        copy = services.duplicate_broadcast(new, made)
        assert ([each.name for each in copy.filters.all()], frozen(copy)) == (["new here"], set())
        assert [each.name for each in copy.excluded_filters.all()] == ["old"]

    def test_a_reminder_has_a_list_instead(self, new: Any) -> None:
        made = aimed(saved())
        services.publish(made)
        copy = services.remind(new, made)
        assert (copy.filters.count(), copy.members.get().source) == (0, "list")


@pytest.mark.anywhere
def test_under_four_eyes_the_choice_is_approved(new: Any, settings: Any) -> None:
    """And to have them find people is no edit."""
    settings.INBOX_FOUR_EYES = True
    ann, cid = person("ann"), person("cid")
    with acting(ann.pk):
        made = aimed(saved(), author=ann)
        made.excluded_filters.add(saved("old", joined_after=TODAY - timedelta(days=10)))
    for _time in range(2):
        with acting(cid.pk):
            services.publish(made)
            services.withdraw(made)
        person(f"later{_time}")
    before = approval.digest_of(made.pk)
    made.filters.add(saved("b"))
    after = approval.digest_of(made.pk)
    made.excluded_filters.clear()
    assert len({before, after, approval.digest_of(made.pk)}) == 3


@pytest.mark.anywhere
class TestTheForm:
    def several(self, *chosen: AudienceFilter, **fields: Any) -> dict[str, Any]:
        return {**FORM, "audience": "several", "filters": [each.pk for each in chosen], **fields}

    def test_it_publishes_to_them(self, admin: Client, new: Any) -> None:
        admin.post(f"{LIST}add/", self.several(saved()))
        made = Broadcast.objects.get()
        assert ([each.name for each in made.filters.all()], made.state) == (["new here"], "draft")
        answer = admin.post(page(made), self.several(saved("b"), _publish=""), follow=True)
        assert "1 announcement is live." in answer.content.decode()
        assert unread(new.pk) == {made.ref}
        html = answer.content.decode()
        assert "people found by saved filters" in html
        assert "withdraw it first" in admin.post(page(made), self.several()).content.decode()

    def test_its_size_counts_them(self, admin: Client, new: Any) -> None:
        def size(**fields: Any) -> int:
            return int(
                admin.post(f"{LIST}reach/", {"audience": "several", "late_joiners": "on", **fields}).json()["size"]
            )

        chosen = saved()
        made = aimed(chosen, late_joiners=True)
        assert [size(filters=[chosen.pk]), size(filters=["x", 10**9])] == [1, 0]
        assert size(filters=[chosen.pk], broadcast=made.pk) == 1
        assert size(audience="everyone", excluded_filters=[chosen.pk]) == 1  # the admin
        asked = admin.post(f"{LIST}selected/", {"action": "publish_selected", "_selected_action": [made.pk]})
        assert "1 person: " in asked.json()["sentence"]
        services.publish(made)
        person("later")
        assert size(filters=[chosen.pk], broadcast=made.pk) == 1
        services.withdraw(made)
        assert [size(filters=[chosen.pk], broadcast=made.pk), size(broadcast=made.pk)] == [2, 0]

    def test_they_count_with_several_only(self, admin: Client) -> None:
        html = admin.post(f"{LIST}add/", self.several(saved(), audience="staff")).content.decode()
        assert "This counts with the audience" in html

    def test_who_may_only_look_sees_them(self, new: Any) -> None:
        made = aimed(saved())
        html = staff("eve", "view_broadcast", "publish_broadcast").get(page(made)).content.decode()
        assert ">new here<" in html
        assert "2 people are in the audience." in html  # eve, too

    def test_a_site_without_conditions_has_no_field(
        self, admin: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "field-filters" in admin.get(f"{LIST}add/").content.decode()
        monkeypatch.setattr(filters, "_has_moment", lambda column: False)
        settings.LANGUAGES = [("en", "English")]
        assert "field-filters" not in admin.get(f"{LIST}add/").content.decode()


class TestTheirPages:
    @pytest.mark.anywhere
    def test_made_changed_and_deleted(self, admin: Client, new: Any) -> None:
        chosen = {
            "name": "new here",
            "joined_after": TODAY - timedelta(days=10),
            "active_since_days": "",
            "language": "",
        }
        admin.post(f"{FILTERS}add/", chosen)
        row = AudienceFilter.objects.get()
        assert "1 person: " in admin.get(f"{FILTERS}{row.pk}/change/").content.decode()
        html = admin.get(FILTERS).content.decode()
        assert (">new here<" in html, "1 person: " in html) == (True, True)
        admin.post(f"{FILTERS}{row.pk}/change/", {**chosen, "language": "zh-hans"})
        row.refresh_from_db()
        assert row.language == "zh-hans"
        AudienceFilter.objects.update(language="xx")  # the site had it once
        assert '<option value="xx" selected>' in admin.get(f"{FILTERS}{row.pk}/change/").content.decode()
        assert "which keep the people" not in admin.get(f"{FILTERS}{row.pk}/delete/").content.decode()
        made = aimed(row)
        assert "which keep the people whom it has found: 1" in admin.get(f"{FILTERS}{row.pk}/delete/").content.decode()
        admin.post(f"{FILTERS}{row.pk}/delete/", {"post": "yes"})
        assert (AudienceFilter.objects.exists(), Broadcast.objects.get()) == (False, made)

    def test_what_no_calendar_has_is_refused_or_found(self, admin: Client, settings: Any) -> None:
        """The page also counts whom the filter finds, and so does the list."""
        settings.TIME_ZONE = "Asia/Shanghai"
        chosen = saved(joined_after="0001-01-01")
        address = f"{FILTERS}{chosen.pk}/change/"
        html = admin.post(address, {"name": "x", "active_since_days": "5000000"}).content.decode()
        assert html.count("less than or equal to 3660") == 1
        assert admin.get(FILTERS).status_code == 200
        settings.TIME_ZONE = "America/New_York"
        assert admin.post(address, {"name": "x", "joined_before": "9999-12-31"}).status_code == 302
        assert admin.get(FILTERS).status_code == 200

    @pytest.mark.anywhere
    def test_one_without_conditions_is_refused_once(self, admin: Client) -> None:
        html = admin.post(f"{FILTERS}add/", {"name": "x"}).content.decode()
        assert html.count("Give at least one condition") == 1

    @pytest.mark.anywhere
    def test_who_may(self) -> None:
        assert staff("ann", "view_audiencefilter").get(FILTERS).status_code == 200
        assert staff("bob", "view_broadcast").get(FILTERS).status_code == 403
        assert staff("cid", "view_audiencefilter").get(f"{FILTERS}add/").status_code == 403
        assert staff("dan", "add_audiencefilter").get(f"{FILTERS}add/").status_code == 200


@contextmanager
def insertions() -> Iterator[list[list[str]]]:
    """The savepoints that are open when people are written: none if it is a transaction of its own."""
    found: list[list[str]] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("INSERT INTO") and "inbox_broadcastmember" in sql:
            found.append(list(connection.savepoint_ids))
        return execute(sql, *args)

    with connection.execute_wrapper(note):
        yield found


@pytest.mark.django_db(transaction=True)
class TestBeforeTheClockIsLocked:
    """In a transaction of its own, so that other writes do not wait for it."""

    def test_by_the_form(self, admin: Client, new: Any) -> None:
        made = aimed(saved())
        with insertions() as found:
            form = {**FORM, "audience": "several", "filters": [AudienceFilter.objects.get().pk], "_publish": ""}
            admin.post(page(made), form)
        assert (found, frozen(made), Broadcast.objects.get().state) == ([[]], {"new"}, "live")

    def test_by_the_list_and_the_api(self, admin: Client, new: Any) -> None:
        desk = service("broadcasts:read", "broadcasts:publish", owner=person("owner", date_joined=ago(100)))
        rows = [aimed(saved(name)) for name in ("a", "b")]
        with insertions() as found:
            admin.post(LIST, {"action": "publish_selected", "_selected_action": [rows[0].pk]})
            assert desk("POST", f"broadcasts/{rows[1].pk}/publish/").json()["state"] == "live"
        assert (found, [frozen(row) for row in rows]) == ([[], []], [{"new"}] * 2)
