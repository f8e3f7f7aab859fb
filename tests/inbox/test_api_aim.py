"""The audience of broadcasts in the API for services."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from inbox.models import AudienceFilter, Broadcast, BroadcastMember

from .people import joined, listed, people, unread
from .rest import person, problem
from .services import Service, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]
NOBODY_LEFT_OUT = {"staff": False, "groups": [], "filters": [], "people_count": 0}


@pytest.fixture
def desk() -> Service:
    Group.objects.create(name="tea")
    return service("broadcasts:read", "broadcasts:write", "broadcasts:publish", name="desk")


def made(desk: Service, **fields: Any) -> dict[str, Any]:
    answer = desk("POST", "broadcasts/", {"title": "Tea", **fields})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in problem(answer, 422)["errors"]]


@pytest.mark.anywhere
def test_a_union_without_others(desk: Service) -> None:
    ann, bob = person("ann"), person("bob")
    [member] = people(1)
    joined(member, Group.objects.get())
    parts = {"with_staff": True, "groups": ["tea"], "people": [ann.pk, "bob", {"id": bob.pk}, "nobody", 10**9]}
    excluded = {"people": ["bob", "noone"], "groups": [], "staff": True}
    found = made(desk, audience="several", late_joiners=True, excluded=excluded, **parts)
    assert {name: found[name] for name in ("audience", "with_staff", "groups", "people_count", "late_joiners")} == {
        "audience": "several", "with_staff": True, "groups": ["tea"], "people_count": 2, "late_joiners": True,
    }  # fmt: skip
    assert found["excluded"] == {"staff": True, "groups": [], "filters": [], "people_count": 1}
    assert found["unknown"] == ["nobody", 10**9, "noone"]
    assert desk.get(f"broadcasts/{found['id']}/").json() == found | {"unknown": []}
    desk("POST", f"broadcasts/{found['id']}/publish/")
    assert [bool(unread(pk)) for pk in (member, ann.pk, bob.pk)] == [True, True, False]


@pytest.mark.anywhere
def test_what_is_not_sent(desk: Service) -> None:
    found = made(desk)
    assert (found["audience"], found["with_staff"], found["late_joiners"]) == ("everyone", False, False)
    assert (found["excluded"], found["people_count"], found["unknown"]) == (NOBODY_LEFT_OUT, 0, [])


@pytest.mark.anywhere
def test_a_change_replaces_what_it_names(desk: Service) -> None:
    ann, bob = person("ann"), person("bob")
    found = made(desk, audience="several", people=["ann"], excluded={"people": ["bob"], "groups": ["tea"]})
    address = f"broadcasts/{found['id']}/"
    changed = desk("PATCH", address, {"people": ["bob"], "with_staff": True}).json()
    assert (changed["people_count"], changed["with_staff"], changed["excluded"]) == (1, True, found["excluded"])
    assert set(rows(found, False)) == {bob.pk}
    changed = desk("PATCH", address, {"excluded": {"people": ["ann"]}}).json()
    assert changed["excluded"] == {"staff": False, "groups": [], "filters": [], "people_count": 1}
    assert set(rows(found, True)) == {ann.pk}
    assert desk("PATCH", address, {"audience": "everyone"}).json()["people_count"] == 1  # they may come back


def rows(found: dict[str, Any], is_excluded: bool) -> Any:
    members = BroadcastMember.objects.filter(broadcast=found["id"], is_excluded=is_excluded)
    return members.values_list("user", flat=True)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"people": ["desk-owner"]}, "/people"),
    ({"audience": "staff", "with_staff": True}, "/with_staff"),
    ({"groups": ["tea"]}, "/groups"),
    ({"excluded": {"groups": ["milk"]}}, "/excluded/groups/0"),
    ({"excluded": {"people": "ann"}}, "/excluded/people"),
    ({"excluded": {"people": [True]}}, "/excluded/people/0"),
    ({"filters": ["old"]}, "/filters"),
    ({"audience": "several", "filters": ["old", "new"]}, "/filters/1"),
    ({"audience": "several", "filters": [10**30, "old"]}, "/filters/0"),
    ({"audience": "several", "filters": [True]}, "/filters/0"),
    ({"excluded": {"filters": ["a\0b"]}}, "/excluded/filters/0"),
    ({"excluded": {"others": []}}, "/excluded/others"),
    ({"excluded": None}, "/excluded"),
    ({"late_joiners": 1}, "/late_joiners"),
    ({"people": [1] * 5001}, "/people"),
]


@pytest.mark.anywhere
@pytest.mark.parametrize(("fields", "pointer"), REFUSED, ids=repr)
def test_what_would_not_count_is_refused(desk: Service, fields: dict[str, Any], pointer: str) -> None:
    person("desk-owner")
    AudienceFilter.objects.create(name="old", joined_before="2000-01-01")
    assert pointers(desk("POST", "broadcasts/", {"title": "Tea", **fields})) == [pointer]
    assert not Broadcast.objects.exists()


@pytest.mark.anywhere
def test_a_draft_may_wait_for_its_people(desk: Service) -> None:
    found = made(desk, audience="several", people=["nobody"])
    assert (found["people_count"], found["unknown"]) == (0, ["nobody"])
    address = f"broadcasts/{found['id']}/"
    assert problem(desk("POST", f"{address}publish/"), 409)["detail"].startswith("Nobody is in the audience")
    assert desk("PATCH", address, {"people": ["owner-of-desk"]}).json()["people_count"] == 1
    assert desk("PATCH", address, {"people": []}).json()["people_count"] == 0


def test_people_of_a_list_are_an_audience(desk: Service) -> None:
    """The last chosen one may go if there is a list."""
    found = made(desk, audience="several", people=["owner-of-desk"])
    address = f"broadcasts/{found['id']}/"
    desk("POST", f"{address}publish/")
    assert pointers(desk("PATCH", address, {"people": []})) == ["/audience"]
    BroadcastMember.objects.create(broadcast_id=found["id"], user_id=people(1)[0], source="list")
    assert desk("PATCH", address, {"people": []}).json()["people_count"] == 1


def test_saved_filters(desk: Service) -> None:
    """By id or name, as parts and as exclusions; they find people when it is published."""
    everybody = AudienceFilter.objects.create(name="everybody", joined_after="2000-01-01")
    german = AudienceFilter.objects.create(name="German", language="de", active_since_days=10**3)
    page = desk.get("audience-filters/?limit=1").json()
    rest = {"joined_after": None, "joined_before": None}
    assert page["items"] == [{"id": german.pk, "name": "German", "active_since_days": 1000, "language": "de", **rest}]
    [found] = desk.get(f"audience-filters/?before={page['next']}").json()["items"]
    assert (found["joined_after"], found["language"]) == ("2000-01-01", None)
    made_ = made(desk, audience="several", filters=[everybody.pk], excluded={"filters": ["German"]})
    assert (made_["filters"], made_["excluded"]["filters"]) == (["everybody"], ["German"])
    address = f"broadcasts/{made_['id']}/"
    assert desk("POST", f"{address}publish/").json()["people_count"] == 1
    refused = desk("PATCH", address, {"filters": ["everybody", "German"], "excluded": {}})
    assert pointers(refused) == ["/filters", "/excluded/filters"]
    assert desk("PATCH", address, {"filters": ["everybody"], "title": "Milk"}).status_code == 200


def test_the_people_page_by_page(desk: Service) -> None:
    users = people(5)
    found = made(desk, audience="several", people=users)
    listed(Broadcast.objects.get(), users[0], is_excluded=True)
    BroadcastMember.objects.create(broadcast_id=found["id"], user_id=users[0], source="list")  # on two lists
    address, seen, query = f"broadcasts/{found['id']}/people/", [], "?limit=2"
    for _page in range(3):
        page = desk.get(f"{address}{query}").json()
        seen.append(page["items"])
        query = f"?limit=2&before={page['next']}"
    assert (seen, page["next"]) == ([users[:2], users[2:4], users[4:]], None)
    assert desk.get(f"{address}?excluded=1").json() == {"items": users[:1], "next": None}
    problem(desk.get("broadcasts/999999/people/"), 404)
    assert problem(desk.get(f"{address}?before=x"), 422)["errors"][0]["pointer"] == "/before"
    problem(service("broadcasts:write", name="other").get(address), 403)
