"""Recurring announcements in Django's admin: written without RRULE, started and stopped by those who may publish."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from hypothesis import given

from inbox import services
from inbox.admin.series.form import SeriesForm
from inbox.admin.series.rules import fields_of, rule_of, wording
from inbox.core.recurrence import parts_of, written
from inbox.models import Broadcast, BroadcastSeries, State

from .examples import examples
from .people import mend
from .repeated import EVERY_MONDAY, MONDAY, NEXT_MONDAY, occurrences, repeated, stopped, template
from .rest import person
from .test_admin_broadcasts import page as broadcast_page
from .test_admin_broadcasts import signed_in, staff
from .test_recurrence import ends, parts

pytestmark = [
    pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.usefixtures("clock"),
]  # fmt: skip

LIST = "/admin/inbox/broadcastseries/"
FORM = {
    "every": "1", "unit": "WEEKLY", "weekdays": ["MO"], "day": "", "weekday": "MO", "rule": "", "ends": "", "count": "",
    "until": "", "starts_on": "2030-01-01", "at": "09:00", "time_zone": "Europe/Berlin", "lasts": "",
    "lasts_unit": "days",
}  # fmt: skip
WRITER = ("view_broadcast", "add_broadcast", "change_broadcast", "delete_broadcast")


@pytest.fixture
def admin() -> Client:
    return signed_in(person("admin", is_staff=True, is_superuser=True))


def page(series: BroadcastSeries, action: str = "change") -> str:
    return f"{LIST}{series.pk}/{action}/"


def new(**fields: Any) -> dict[str, Any]:
    return {**FORM, "template": template().pk, **fields}


class TestTheForm:
    def test_save_and_start(self, admin: Client, clock: Any) -> None:
        answer = admin.post(f"{LIST}add/", new(lasts="2", _start=""), follow=True)
        series = BroadcastSeries.objects.get()
        assert "The next occurrence is published at: Mon, Jan. 7, 2030, 9 a.m. CET" in answer.content.decode()
        assert (series.rule, series.next_at, series.duration) == ("FREQ=WEEKLY;BYDAY=MO", MONDAY, timedelta(days=2))
        assert (str(series.author), series.at, series.time_zone) == ("admin", time(9), "Europe/Berlin")
        clock.move_to(MONDAY)
        mend()
        assert occurrences(series) == [(MONDAY, "live")]
        assert "Changed state." in {entry.get_change_message() for entry in LogEntry.objects.all()}

    def test_saving_does_not_start(self, admin: Client) -> None:
        admin.post(f"{LIST}add/", new(_save=""))
        assert BroadcastSeries.objects.get().is_active is False

    def test_the_same_form_twice_makes_one(self, admin: Client) -> None:
        form = new(form_key=services.new_form_key())
        admin.post(f"{LIST}add/", form)
        admin.post(f"{LIST}add/", form)
        assert BroadcastSeries.objects.count() == 1

    def test_it_is_offered_on_the_page_of_an_announcement(self, admin: Client) -> None:
        original = Broadcast.objects.create(title="Live one", state="live")
        link = f"{LIST}add/?template={original.pk}"
        assert f'href="{link}"' in admin.get(broadcast_page(original)).content.decode()
        form = admin.get(link).context["adminform"].form
        assert form["template"].value() == str(original.pk)
        admin.post(f"{LIST}add/", new(template=original.pk))
        copy = BroadcastSeries.objects.get().template
        assert copy is not None
        assert (copy.pk != original.pk, copy.title, copy.state) == (True, "Live one", State.DRAFT)

    def test_what_a_new_one_says(self, admin: Client) -> None:
        admin.cookies["reddot_timezone"] = "Europe/Berlin"
        form = admin.get(f"{LIST}add/").context["adminform"].form
        shown = {name: form[name].value() for name in ("unit", "every", "weekdays", "starts_on", "at", "time_zone")}
        assert shown == {
            "unit": "WEEKLY", "every": 1, "weekdays": ["TU"], "starts_on": date(2030, 1, 1), "at": time(9),
            "time_zone": "Europe/Berlin",
        }  # fmt: skip

    def test_changing_one(self, admin: Client) -> None:
        series = repeated(person("ann").pk)
        assert series.template is not None
        html = admin.get(page(series)).content.decode()
        assert f'href="{broadcast_page(series.template)}"' in html
        assert 'name="template"' not in html
        answer = admin.post(
            page(series), {**FORM, "unit": "MONTHLY", "day": "last", "at": "18:00", "_save": ""}, follow=True
        )
        assert "Saved." in answer.content.decode()
        series.refresh_from_db()
        assert (series.rule, series.next_at) == ("FREQ=MONTHLY;BYMONTHDAY=-1", datetime(2030, 1, 31, 17, tzinfo=UTC))

    def test_a_rule_of_its_own(self, admin: Client) -> None:
        own = "FREQ=MONTHLY;BYMONTHDAY=1,15"
        admin.post(f"{LIST}add/", new(unit="", rule=own.lower(), ends="COUNT"))
        series = BroadcastSeries.objects.get()
        form = admin.get(page(series)).context["adminform"].form
        assert (series.rule, form["unit"].value(), form["rule"].value()) == (own, "", own)

    def test_a_zone_that_the_list_lacks_stays(self, admin: Client) -> None:
        series = stopped(person("ann").pk, time_zone="Etc/GMT+1")
        assert admin.post(page(series), {**FORM, "time_zone": "Etc/GMT+1"}).status_code == 302
        assert BroadcastSeries.objects.get().time_zone == "Etc/GMT+1"

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"template": ""}, "template"),
            ({"template": "999"}, "template"),
            ({"template": "x"}, "template"),
            ({"every": "0"}, "every"),
            ({"every": "100"}, "every"),
            ({"unit": "HOURLY"}, "unit"),
            ({"unit": "", "rule": "FREQ=HOURLY"}, "rule"),
            ({"unit": "", "rule": ""}, "rule"),
            ({"unit": "MONTHLY", "every": "12", "starts_on": "2030-02-01", "day": "", "weekdays": ["XX"]}, "weekdays"),
            ({"ends": "COUNT"}, "count"),
            ({"ends": "UNTIL"}, "until"),
            ({"ends": "UNTIL", "until": "2029-12-31"}, "unit"),
            ({"ends": "UNTIL", "until": "never"}, "until"),
            ({"starts_on": ""}, "starts_on"),
            ({"starts_on": "1500-01-01"}, "unit"),
            ({"at": "25:00"}, "at"),
            ({"time_zone": "Mars/Base"}, "time_zone"),
            ({"lasts": "0"}, "lasts"),
            ({"lasts": "99999", "lasts_unit": "weeks"}, "lasts"),
        ],
    )
    def test_values_that_are_refused(self, admin: Client, values: dict[str, Any], field: str) -> None:
        answer = admin.post(f"{LIST}add/", new(**values))
        assert answer.status_code == 200
        assert list(answer.context["adminform"].form.errors) == [field]
        assert not BroadcastSeries.objects.exists()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "Every day"),
        ("FREQ=WEEKLY;INTERVAL=2", "Every 2 weeks: Tuesday"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "Every week: Monday, Friday"),
        ("FREQ=MONTHLY", "Every month: 1"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;INTERVAL=3", "Every 3 months: the last day"),
        ("FREQ=MONTHLY;BYDAY=2TH", "Every month: the second Thursday"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "Every month: the last working day (Monday to Friday)"),
        ("FREQ=YEARLY;COUNT=3", "Every year: January 1"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("FREQ=MONTHLY;BYDAY=5FR", "FREQ=MONTHLY;BYDAY=5FR"),
        ("FREQ=MONTHLY;BYDAY=+1MO", "FREQ=MONTHLY;BYDAY=+1MO"),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", "FREQ=MONTHLY;BYDAY=1MO,3MO"),
        ("FREQ=MONTHLY;BYDAY=MO,TU", "FREQ=MONTHLY;BYDAY=MO,TU"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=5", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=5"),
    ],
)
def test_a_rule_in_words_and_in_fields(rule: str, words: str) -> None:
    series = BroadcastSeries(**EVERY_MONDAY | {"rule": rule})
    assert wording(series) == f"{words} at 9 a.m. (Europe/Berlin)"
    series.rule = written(parts_of(rule))
    fields = SeriesForm(instance=series).initial | fields_of(series.rule)
    assert rule_of(fields) == series.rule


@examples(60)
@given(parts, ends)
def test_no_rule_is_changed_by_its_form(some: dict[str, str], end: dict[str, str]) -> None:
    rule = written(some | end)
    assert rule_of(fields_of(rule)) == rule
    assert wording(BroadcastSeries(**EVERY_MONDAY | {"rule": rule}))


class TestTheDatesBesideIt:
    def test_the_next_five(self, admin: Client) -> None:
        found = admin.post(f"{LIST}next/", FORM | {"weekdays": ["MO", "SA"]}).json()
        days = ["Sat, Jan. 5", "Mon, Jan. 7", "Sat, Jan. 12", "Mon, Jan. 14", "Sat, Jan. 19"]
        assert found == {
            "words": "Every week: Monday, Saturday at 9 a.m. (Europe/Berlin)",
            "next": [f"{day}, 2030, 9 a.m. CET" for day in days],
            "errors": [],
        }

    def test_what_has_passed(self, admin: Client) -> None:
        found = admin.post(f"{LIST}next/", FORM | {"starts_on": "2020-01-01", "ends": "COUNT", "count": "2"}).json()
        assert (found["next"], found["errors"], bool(found["words"])) == ([], [], True)

    def test_what_is_wrong_with_it(self, admin: Client) -> None:
        wrong = FORM | {"unit": "", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}
        assert admin.post(f"{LIST}next/", wrong).json()["errors"] == ["There is no such date: this would never happen."]
        assert admin.post(f"{LIST}next/", FORM | {"starts_on": ""}).json()["errors"] == []  # not typed yet
        assert admin.post(f"{LIST}next/").json() == {"words": "", "next": [], "errors": []}

    def test_for_those_who_write(self) -> None:
        assert staff("writer", "add_broadcast").post(f"{LIST}next/", FORM).status_code == 200
        assert staff("reader", "view_broadcast").post(f"{LIST}next/", FORM).status_code == 403
        assert staff("other", "add_broadcast").get(f"{LIST}next/").status_code == 405


class TestTheList:
    def test_it_says_when_and_links_to_the_occurrences(
        self, admin: Client, clock: Any, django_assert_max_num_queries: Any
    ) -> None:
        ann = person("ann").pk
        series = [repeated(ann), stopped(ann), repeated(ann, rule="FREQ=WEEKLY;BYDAY=MO;COUNT=1")]
        clock.move_to(MONDAY)
        mend()
        with django_assert_max_num_queries(8):
            html = admin.get(LIST).content.decode()
        for text in ("Every week: Monday", "Mon, Jan. 14, 2030, 9 a.m. CET", ">Active<", ">Stopped<", ">Over<"):
            assert text in html
        made = f"/admin/inbox/broadcast/?series__id__exact={series[0].pk}"
        assert f'<a href="{made}">1</a>' in html
        assert admin.get(made).context["cl"].result_count == 1

    def test_it_says_what_went_wrong(self, admin: Client, clock: Any) -> None:
        series = repeated(person("ann").pk, template=template(audience="groups"))
        clock.move_to(MONDAY)
        mend()
        for address in (LIST, page(series)):
            assert "The latest one could not be published." in admin.get(address).content.decode()
        Broadcast.objects.all().delete()
        clock.move_to(NEXT_MONDAY)
        mend()
        for address in (LIST, page(series)):
            assert "Its announcement was deleted." in admin.get(address).content.decode()


class TestTheOccurrence:
    def test_its_page_says_where_it_is_from(self, admin: Client, clock: Any) -> None:
        series = repeated(person("ann").pk)
        clock.move_to(MONDAY)
        mend()
        html = admin.get(broadcast_page(series.occurrences.get())).content.decode()
        assert f'href="{page(series)}"' in html
        assert "made by a recurring announcement" in html
        assert series.template is not None
        assert f'href="{page(series)}"' in admin.get(broadcast_page(series.template)).content.decode()
        made = series.occurrences.get()
        series.delete()
        assert "made by a recurring announcement" in admin.get(broadcast_page(made)).content.decode()


class TestRights:
    def test_starting_and_stopping(self, admin: Client) -> None:
        series = stopped(person("ann").pk)
        answer = admin.post(page(series), FORM | {"_start": ""}, follow=True)
        assert 'formaction="' + page(series, "stop") in answer.content.decode()
        answer = admin.post(page(series, "stop"), {"at": "nonsense"}, follow=True)
        assert "No more occurrences are published." in answer.content.decode()
        assert BroadcastSeries.objects.get().next_at is None
        assert admin.get(page(series, "stop")).status_code == 405

    def test_what_cannot_be_started_says_so(self, admin: Client) -> None:
        series = stopped(person("ann").pk)
        over = FORM | {"starts_on": "2020-01-01", "ends": "COUNT", "count": "1", "_start": ""}
        assert "All occurrences have passed" in admin.post(page(series), over, follow=True).content.decode()
        assert BroadcastSeries.objects.get().is_active is False

    def test_a_writer_may_not_start(self) -> None:
        writer = staff("writer", *WRITER)
        assert 'name="_start"' not in writer.get(f"{LIST}add/").content.decode()
        assert writer.post(f"{LIST}add/", new(_start="")).status_code == 403
        assert not BroadcastSeries.objects.exists()
        assert writer.post(f"{LIST}add/", new()).status_code == 302

    def test_what_is_active_is_for_publishers(self) -> None:
        writer = staff("writer", *WRITER)
        series = repeated(person("ann").pk)
        assert series.template is not None
        assert writer.get(page(series)).status_code == 200
        for address in (page(series), page(series, "delete"), page(series, "stop"), broadcast_page(series.template)):
            assert writer.post(address, FORM | {"post": "yes"}).status_code == 403
        assert staff("publisher", *WRITER, "publish_broadcast").post(page(series), FORM).status_code == 302
        remover = staff("remover", *WRITER, "withdraw_broadcast")
        assert remover.post(page(series, "stop")).status_code == 302
        assert remover.post(page(series, "delete"), {"post": "yes"}).status_code == 302
        assert not BroadcastSeries.objects.exists()

    def test_several_are_deleted(self, admin: Client) -> None:
        rows = [stopped(person("ann").pk), repeated(person("bob").pk)]
        data = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
        staff("writer", *WRITER).post(LIST, data)
        assert BroadcastSeries.objects.count() == 2
        admin.post(LIST, data)
        assert not BroadcastSeries.objects.exists()

    def test_one_that_was_started_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        writer, series, is_valid = staff("writer", *WRITER), stopped(person("ann").pk), SeriesForm.is_valid

        def meanwhile(form: Any) -> bool:
            services.start_series(BroadcastSeries.objects.get(pk=series.pk))
            return is_valid(form)

        monkeypatch.setattr(SeriesForm, "is_valid", meanwhile)
        assert writer.post(page(series), FORM).status_code == 403

    def test_others_see_nothing(self) -> None:
        series = stopped(person("ann").pk)
        assert staff("reader", "view_broadcast").get(page(series)).status_code == 200
        assert staff("reader too", "view_broadcast").get(f"{LIST}add/").status_code == 403
        assert staff("blind", "add_broadcast").get(LIST).status_code == 403
