"""Broadcasts over the REST API: written, published, changed, withdrawn and deleted by other services."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.api import api
from inbox.api.shared.document import openapi
from inbox.models import Broadcast, BroadcastClock, BroadcastReceipt, Scope
from inbox.services.access.idempotency import InProgress

from .people import NOW, mend, undone
from .rest import PREFIX, Caller, announcement, problem, state
from .services import Service, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

READ, WRITE, PUBLISH, WITHDRAW = (scope for scope in Scope.values if scope.startswith("broadcasts:"))
IN_AN_HOUR, IN_TWO = ((NOW + timedelta(hours=hours)).isoformat() for hours in (1, 2))


@pytest.fixture
def desk() -> Service:
    """With the scopes of broadcasts."""
    return service(READ, WRITE, PUBLISH, WITHDRAW, name="desk")


def draft(desk: Service, **fields: Any) -> str:
    """The address of a new one, below /api/v1/."""
    answer = desk("POST", "broadcasts/", {"title": "Maintenance", **fields})
    assert answer.status_code == 201, answer.content
    return str(answer["Location"]).removeprefix(PREFIX)


def ticks() -> int:
    return int(BroadcastClock.objects.get().value)


class TestItsLife:
    def test_from_draft_to_nothing(self, desk: Service, bob: Any) -> None:
        empty = state(bob)
        address = draft(desk, body="At **noon**.")
        assert state(bob) == empty
        assert desk("POST", f"{address}publish/").json()["state"] == "live"
        [item] = selectors.inbox_page(bob).items
        assert (item.ref, item.body) == (desk.get(address).json()["ref"], "At noon.")
        assert desk("PATCH", address, {"title": "Later", "level": "warning"}).json()["title"] == "Later"
        [item] = selectors.inbox_page(bob).items
        assert (item.title, item.level, item.body) == ("Later", "warning", "At noon.")
        services.mark_read(bob, [item.ref])
        assert desk.get(address).json()["readers"] == 1
        assert desk("POST", f"{address}withdraw/").json()["state"] == "withdrawn"
        assert selectors.inbox_page(bob).items == []
        assert desk("POST", f"{address}publish/").json()["state"] == "live"
        before = state(bob)
        assert desk("DELETE", address).status_code == 204
        assert (state(bob).version > before.version, state(bob).by_type) == (True, {})
        problem(desk.get(address), 404)
        assert not BroadcastReceipt.objects.exists()

    def test_what_it_is_answered_with(self, desk: Service, clock: Any) -> None:
        Group.objects.create(name="tea")
        Group.objects.create(name="milk")
        fields = {
            "title": "Tea", "body": "_Now_ <script> [x](ftp://a)", "level": "success", "url": "/tea/",
            "audience": "groups", "groups": ["tea", "milk", "tea"],
            "publish_at": "2030-01-01T14:00:00.123456+01:00", "expires_at": None,
        }  # fmt: skip
        answer = desk("POST", "broadcasts/", fields)
        pk = Broadcast.objects.get().pk
        assert answer["Location"] == f"/api/v1/broadcasts/{pk}/"
        assert answer.json() == fields | {
            "id": pk,
            "ref": f"broadcast-{pk}",
            "body_html": "<p><em>Now</em> &lt;script&gt; x</p>\n",
            "language": "",
            "translations": {},
            "left_out": ["The link to ftp://a is left out."],
            "groups": ["milk", "tea"],
            "state": "draft",
            "publish_at": "2030-01-01T13:00:00.123456Z",
            "created_at": "2030-01-01T12:00:00Z",
            "published_at": None,
            "series": None,
            "occurrence": None,
            "author": Broadcast.objects.get().author.pk,
            "readers": 0,
            "buttons": [],
            "in_inbox": True,
            "as_banner": False,
            "as_dialog": False,
            "for_visitors": False,
            "revision": 1,
            "again": 1,
            "with_staff": False,
            "filters": [],
            "people_count": 0,
            "excluded": {"staff": False, "groups": [], "filters": [], "people_count": 0},
            "late_joiners": False,
            "unknown": [],
        }
        assert str(Broadcast.objects.get().author) == "owner-of-desk"
        assert desk.get(f"broadcasts/{pk}/").json() == answer.json()
        assert desk.get("broadcasts/").json() == {"items": [answer.json()], "next": None}
        Broadcast.objects.get().author.delete()  # and the token with it
        assert service(READ).get(f"broadcasts/{pk}/").json()["author"] is None

    def test_what_is_left_out(self, desk: Service) -> None:
        found = desk.get(draft(desk)).json()
        shown = {name: found[name] for name in ("body", "level", "url", "audience", "groups", "publish_at")}
        assert shown == {
            "body": "",
            "level": "info",
            "url": "",
            "audience": "everyone",
            "groups": [],
            "publish_at": None,
        }

    @pytest.mark.parametrize("listed", [False, True])
    def test_a_scheduled_one_comes_and_goes_by_itself(self, desk: Service, bob: Any, clock: Any, listed: bool) -> None:
        """Whoever asks first finds it due, and has it done."""
        address = draft(desk, publish_at=IN_AN_HOUR, expires_at=IN_TWO)
        assert desk("POST", f"{address}publish/").json()["state"] == "scheduled"
        for minutes, now, unread in ((59, "scheduled", 0), (61, "live", 1), (121, "expired", 0)):
            clock.move_to(NOW + timedelta(minutes=minutes))
            with undone() as found:
                desk.get("broadcasts/" if listed else address)
            assert found == ([] if now == "scheduled" else [(True, ())])
            mend()
            if listed:
                assert len(desk.get(f"broadcasts/?state={now}").json()["items"]) == 1
            assert desk.get(address).json()["state"] == now
            assert state(bob).unread == unread

    def test_its_groups_say_who_sees_it(self, desk: Service, bob: Any) -> None:
        bob.groups.add(Group.objects.create(name="tea"))
        Group.objects.create(name="milk")
        address = draft(desk, audience="groups", groups=["tea"])
        desk("POST", f"{address}publish/")
        for change, unread in (
            ({"groups": ["milk"]}, 0),
            ({"groups": ["milk", "tea"]}, 1),
            ({"audience": "staff"}, 0),
            ({"audience": "everyone"}, 1),
            ({"audience": "groups", "groups": ["milk"]}, 0),
        ):
            before = state(bob)
            assert desk("PATCH", address, change).status_code == 200
            assert state(bob).unread == unread
            assert state(bob).version > before.version

    @pytest.mark.parametrize("action", ["publish/", "withdraw/"])
    def test_what_changes_nothing(self, desk: Service, bob: Any, action: str) -> None:
        address = draft(desk)
        desk("POST", f"{address}publish/")
        first = desk("POST", f"{address}{action}").json()
        before, count = state(bob), ticks()
        assert desk("POST", f"{address}{action}").json() == first
        assert desk("PATCH", address, {name: first[name] for name in ("title", "groups", "publish_at")}).json() == first
        assert (state(bob), ticks()) == (before, count)

    def test_a_draft_is_not_withdrawn(self, desk: Service) -> None:
        assert desk("POST", f"{draft(desk)}withdraw/").json()["state"] == "draft"


SCOPES = [
    ("GET", "", None, "draft", {READ}),
    ("POST", "", {"title": "Other"}, "draft", {WRITE}),
    *[("GET", "{pk}/", None, now, {READ}) for now in ("draft", "live")],
    *[("PATCH", "{pk}/", {"title": "Other"}, now, {WRITE}) for now in ("draft", "expired", "withdrawn")],
    *[("PATCH", "{pk}/", {"title": "Other"}, now, {WRITE, PUBLISH}) for now in ("scheduled", "live")],
    *[("DELETE", "{pk}/", None, now, {WRITE}) for now in ("draft", "expired", "withdrawn")],
    *[("DELETE", "{pk}/", None, now, {WRITE, WITHDRAW}) for now in ("scheduled", "live")],
    *[("POST", "{pk}/publish/", None, now, {PUBLISH}) for now in ("draft", "live")],
    *[("POST", "{pk}/withdraw/", None, now, {WITHDRAW}) for now in ("draft", "live")],
]


@pytest.mark.parametrize(("method", "path", "body", "now", "needed"), SCOPES)
def test_scopes(method: str, path: str, body: Any, now: str, needed: set[str], clock: Any) -> None:
    columns = {"published_at": NOW, "publish_at": NOW + timedelta(hours=1)}
    path = f"broadcasts/{path}".format(pk=Broadcast.objects.create(title="Old", state=now, **columns).pk)
    before = list(Broadcast.objects.values())
    for missing in sorted(needed):
        lacking = service(*set(Scope.values) - {missing}, name=f"lacks {missing}")
        answer = lacking(method, path, body)
        assert problem(answer, 403)["code"] == "missing_scope"
        assert f'scope="{missing}"' in answer["WWW-Authenticate"]
        assert list(Broadcast.objects.values()) == before
    assert service(*needed)(method, path, body).status_code in {200, 201, 204}


class TestOnce:
    def test_publishing_ticks_once(self, desk: Service, bob: Any) -> None:
        address = draft(desk)
        before = ticks()
        first = desk.once("k", "POST", f"{address}publish/")
        desk("POST", f"{address}withdraw/")
        again = desk.once("k", "POST", f"{address}publish/")
        assert (again.status_code, again.content) == (200, first.content)
        assert (ticks() - before, state(bob).unread) == (2, 0)

    def test_one_draft(self, desk: Service) -> None:
        first, again = (desk.once("k", "POST", "broadcasts/", {"title": "One"}) for _ in range(2))
        assert (again.status_code, again.content, again["Location"]) == (201, first.content, first["Location"])
        assert Broadcast.objects.count() == 1

    def test_one_change_and_one_deletion(self, desk: Service) -> None:
        address = draft(desk)
        first = desk.once("k", "PATCH", address, {"title": "One"})
        desk("PATCH", address, {"title": "Two"})
        assert desk.once("k", "PATCH", address, {"title": "One"}).content == first.content
        assert desk.get(address).json()["title"] == "Two"
        problem(desk.once("k", "PATCH", address, {"title": "Three"}), 422)
        assert [desk.once("l", "DELETE", address).status_code for _ in range(2)] == [204, 204]
        problem(desk.once("m", "DELETE", address), 404)

    def test_what_was_refused_may_be_tried_again(self, desk: Service, clock: Any) -> None:
        address = draft(desk, expires_at=IN_AN_HOUR)
        clock.shift(timedelta(hours=2))
        problem(desk.once("k", "POST", f"{address}publish/"), 409)
        desk("PATCH", address, {"expires_at": None})
        assert desk.once("k", "POST", f"{address}publish/").json()["state"] == "live"


def test_as_many_queries_for_a_long_page_as_for_a_short_one(desk: Service, bob: Any) -> None:
    groups = [Group.objects.create(name=name) for name in ("tea", "milk")]
    bob.groups.set(groups)
    for _ in range(15):
        row = Broadcast.objects.create(title="Tea", audience="groups")
        row.groups.set(groups)
        services.publish(row)
        services.mark_read(bob, [row.ref])
    counts = set()
    desk.get("broadcasts/")  # the use of the token is noted
    for limit in (3, 15):
        with CaptureQueriesContext(connection) as queries:
            items = desk.get(f"broadcasts/?limit={limit}").json()["items"]
        assert [(item["readers"], item["groups"]) for item in items] == [(1, ["milk", "tea"])] * limit
        counts.add(len(queries))
    # Token, clock, broadcasts, their groups, those left out, their readers, people on lists, both kinds of filters.
    assert counts == {8}


OPERATIONS = {
    (method.upper(), path.removeprefix(PREFIX)): {str(status) for status in operation["responses"]}
    for path, operations in openapi(api, PREFIX)["paths"].items()
    for method, operation in operations.items()
    if "/broadcasts/" in path
}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_is_documented_happens_and_nothing_else(
    method: str, path: str, desk: Service, monkeypatch: Any, settings: Any
) -> None:
    def call(caller: Caller = desk, query: str = "", pk: Any = None, body: Any = None, **extra: Any) -> None:
        if not rows:
            rows.append(announcement(expires_at=None).pk)
        default = {} if path.endswith("publish/") else {"title": "Other"}
        body = body or (default if method in {"PATCH", "POST"} else None)
        answer = caller(method, path.format(id=pk or rows[0]) + query, body, **extra)
        seen.add(str(answer.status_code))
        if answer.status_code < 300:
            rows.clear()

    def fail(error: Exception) -> Any:
        raise error

    seen: set[str] = set()
    rows: list[int] = []  # the broadcast, unless the call before has changed it
    key = {"headers": {**desk.headers, "Idempotency-Key": "a b"}}
    call()
    call(headers={**desk.headers, "If-Match": '"x"'})
    call(headers={**desk.headers, "If-None-Match": "*"})
    call(Caller(csrf=False))
    call(service(Scope.TICKETS))
    for pk in (999, 2**63 - 1, "x"):
        call(pk=pk)
    for query in ("?limit=0", "?" + "&".join(f"a{n}=1" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))):
        call(query=query)
    for body in (b"{", b"[]", b" " * (256 * 1024 + 1)):
        call(body=body)
    call(body=b"{}", content_type="text/plain")
    call(body=b" " * 3_000_000, headers={**desk.headers, "Idempotency-Key": "k"})
    call(**key)
    with monkeypatch.context() as patch:
        patch.setattr(services, "claim_key", lambda *args: fail(InProgress("Wait.")))
        call(headers={**desk.headers, "Idempotency-Key": "l"})
    settings.INBOX_REQUESTS_PER_MINUTE = 0
    call()
    monkeypatch.setattr(services, "use_token", lambda text: fail(OperationalError()))
    call()
    assert seen == OPERATIONS[method, path]
