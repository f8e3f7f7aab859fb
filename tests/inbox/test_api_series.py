"""Broadcasts that recur, over the REST API: created, started, changed, stopped and deleted by other services."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Broadcast, BroadcastSeries, Scope, State
from inbox.services.broadcasts import series as series_service

from .people import mend, undone
from .repeated import MONDAY, NEXT_MONDAY, occurrences, repeated, stopped, template
from .rest import PREFIX, announcement, person, problem
from .services import Service, service

pytestmark = [
    pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.usefixtures("clock"),
]  # fmt: skip
LIST = "broadcast-series/"
WEEKLY = {"rule": "FREQ=WEEKLY;BYDAY=MO", "starts_on": "2030-01-01", "at": "09:00", "time_zone": "Europe/Berlin"}


@pytest.fixture
def desk() -> Service:
    return service(*[scope for scope in Scope.values if scope.startswith("broadcasts:")], name="desk")


def made(desk: Service, **fields: Any) -> str:
    """The address of a new one, below /api/v1/."""
    answer = desk("POST", LIST, {**WEEKLY, "broadcast": template().pk, **fields})
    assert answer.status_code == 201, answer.content
    return str(answer["Location"]).removeprefix(PREFIX)


class TestItsLife:
    def test_from_new_to_deleted(self, desk: Service, bob: Any, clock: Any) -> None:
        address = made(desk, duration_minutes=90)
        series = BroadcastSeries.objects.get()
        assert desk.get(address).json() == {
            "id": series.pk, "broadcast": series.template_id, "rule": "FREQ=WEEKLY;BYDAY=MO", "starts_on": "2030-01-01",
            "at": "09:00:00", "time_zone": "Europe/Berlin", "duration_minutes": 90, "active": False, "next_at": None,
            "problem": "", "created_at": "2030-01-01T12:00:00Z", "author": series.author_id,
        }  # fmt: skip
        started = desk("POST", f"{address}start/").json()
        assert (started["active"], started["next_at"]) == (True, "2030-01-07T08:00:00Z")
        clock.move_to(MONDAY)
        mend()
        [item] = desk.get(f"broadcasts/?series={series.pk}").json()["items"]
        assert (item["state"], item["occurrence"], item["series"]) == ("live", "2030-01-07T08:00:00Z", series.pk)
        changed = desk("PATCH", address, {"at": "10:30", "duration_minutes": None}).json()
        assert (changed["next_at"], changed["duration_minutes"]) == ("2030-01-07T09:30:00Z", None)
        assert desk("POST", f"{address}stop/").json()["next_at"] is None
        assert desk("DELETE", address).status_code == 204
        problem(desk.get(address), 404)
        left = desk.get(f"broadcasts/{item['id']}/").json()
        assert (left["series"], left["occurrence"]) == (None, item["occurrence"])

    def test_of_another_broadcast_a_draft_is_made(self, desk: Service) -> None:
        live = announcement(title="Live")
        made(desk, broadcast=live.pk)
        copy = BroadcastSeries.objects.get().template
        assert copy is not None
        assert (copy.title, copy.state, copy.pk == live.pk) == ("Live", State.DRAFT, False)

    def test_a_repeated_request_makes_one(self, desk: Service) -> None:
        body = {**WEEKLY, "broadcast": template().pk}
        answers = [desk.once('"k"', "POST", LIST, body) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert BroadcastSeries.objects.count() == 1

    def test_pages(self, desk: Service) -> None:
        author = person("ann").pk
        keys = [stopped(author).pk for _ in range(3)]
        first = desk.get(f"{LIST}?limit=2").json()
        assert ([item["id"] for item in first["items"]], first["next"]) == ([keys[2], keys[1]], keys[1])
        last = desk.get(f"{LIST}?limit=2&before={first['next']}").json()
        assert ([item["id"] for item in last["items"]], last["next"]) == ([keys[0]], None)

    def test_reads_report_what_is_due(self, desk: Service, clock: Any) -> None:
        series = repeated(person("ann").pk)
        clock.move_to(MONDAY)
        for path in (LIST, f"{LIST}{series.pk}/"):
            with undone() as found:
                desk.get(path)
            assert (True, ()) in found
        assert occurrences(series) == []

    def test_starting_twice_changes_nothing(self, desk: Service) -> None:
        address = made(desk)
        answers = [desk("POST", f"{address}start/").json() for _ in range(2)]
        assert answers[0] == answers[1]

    def test_what_cannot_be_started(self, desk: Service) -> None:
        address = made(desk, starts_on="2029-01-01", rule="FREQ=WEEKLY;BYDAY=MO;COUNT=1")
        assert "have passed" in problem(desk("POST", f"{address}start/"), 409)["detail"]
        Broadcast.objects.all().delete()
        assert "was deleted" in problem(desk("POST", f"{address}start/"), 409)["detail"]
        assert desk.get(address).json()["broadcast"] is None

    def test_the_next_one_stays(self, desk: Service, clock: Any) -> None:
        """What was due before a change is published, and not twice."""
        address = made(desk)
        desk("POST", f"{address}start/")
        clock.move_to(MONDAY)
        assert desk("PATCH", address, {"at": "09:00"}).json()["next_at"] == "2030-01-14T08:00:00Z"
        assert occurrences(BroadcastSeries.objects.get()) == [(MONDAY, "live")]
        clock.move_to(NEXT_MONDAY)
        mend()
        assert len(occurrences(BroadcastSeries.objects.get())) == 2


class TestValues:
    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"broadcast": 999}, "/broadcast"),
            ({"broadcast": None}, "/broadcast"),
            ({"rule": "FREQ=HOURLY"}, "/rule"),
            ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "/rule"),
            ({"rule": "every day"}, "/rule"),
            ({"rule": 7}, "/rule"),
            ({"rule": "FREQ=DAILY;UNTIL=20290101"}, "/rule"),
            ({"starts_on": "2030-02-30"}, "/starts_on"),
            ({"starts_on": "1999-01-01"}, "/starts_on"),
            ({"starts_on": "2030-01-01T00:00:00Z"}, "/starts_on"),
            ({"starts_on": 7}, "/starts_on"),
            ({"at": "24:00"}, "/at"),
            ({"at": "9:00"}, "/at"),
            ({"at": "09:00+01:00"}, "/at"),
            ({"at": 9}, "/at"),
            ({"time_zone": "Mars/Base"}, "/time_zone"),
            ({"time_zone": ""}, "/time_zone"),
            ({"duration_minutes": 0}, "/duration_minutes"),
            ({"duration_minutes": 1.5}, "/duration_minutes"),
            ({"duration_minutes": 10**9}, "/duration_minutes"),
            ({"active": True}, "/active"),
        ],
    )
    def test_values_that_are_refused(self, desk: Service, fields: dict[str, Any], pointer: str) -> None:
        body = {**WEEKLY, "broadcast": template().pk, **fields}
        assert [each["pointer"] for each in problem(desk("POST", LIST, body), 422)["errors"]] == [pointer]
        assert not BroadcastSeries.objects.exists()
        if "broadcast" not in fields:
            address = made(desk)
            assert [each["pointer"] for each in problem(desk("PATCH", address, fields), 422)["errors"]] == [pointer]

    @pytest.mark.parametrize("name", ["broadcast", "rule", "starts_on", "at", "time_zone"])
    def test_values_that_are_missing(self, desk: Service, name: str) -> None:
        body = {**WEEKLY, "broadcast": template().pk}
        del body[name]
        assert [each["pointer"] for each in problem(desk("POST", LIST, body), 422)["errors"]] == [f"/{name}"]

    def test_a_change_of_nothing(self, desk: Service) -> None:
        problem(desk("PATCH", made(desk), {}), 422)
        problem(desk("PATCH", made(desk), {"broadcast": 1}), 422)  # it never changes

    def test_what_is_not_there(self, desk: Service) -> None:
        for method, path, body in (
            ("PATCH", f"{LIST}9/", {"at": "10:00"}), ("DELETE", f"{LIST}9/", None), ("POST", f"{LIST}9/start/", None),
            ("POST", f"{LIST}9/stop/", None), ("GET", f"{LIST}9/", None),
        ):  # fmt: skip
            problem(desk(method, path, body), 404)

    def test_a_rule_that_never_matches_is_found_before_the_clock_is_locked(
        self, desk: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The search takes long."""
        address = made(desk)
        monkeypatch.setattr(series_service.ledger, "locked_clock", lambda: 1 / 0)
        problem(desk("PATCH", address, {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}), 422)


def test_the_list_takes_few_queries(desk: Service) -> None:
    author = person("ann").pk
    stopped(author)
    desk.get(LIST)  # the first request of a token notes its use
    with CaptureQueriesContext(connection) as few:
        desk.get(LIST)
    for _ in range(5):
        stopped(author)
    desk.get(LIST)  # the first request of a token notes its use
    with CaptureQueriesContext(connection) as many:
        assert len(desk.get(LIST).json()["items"]) == 6
    assert len(many) == len(few)
