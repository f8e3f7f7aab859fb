"""Values of broadcasts that the REST API does not take: each is named in the answer, and none does harm."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors
from inbox.api.service.broadcast_schemas import BroadcastFields
from inbox.models import Broadcast, Level, ServiceToken

from .examples import examples
from .people import NOW
from .rest import IN_CHINESE, announcement, person, problem
from .services import Service, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

YESTERDAY, TODAY, TOMORROW, LATER = ((NOW + timedelta(days=days)).isoformat() for days in (-1, 0, 1, 2))


@pytest.fixture(scope="module")
def its_desk(in_one_transaction: None) -> Service:
    Group.objects.create(name="tea")
    return service(name="desk")


@pytest.fixture
def desk(its_desk: Service, clock: Any) -> Service:
    its_desk.headers |= IN_CHINESE
    return its_desk


def refused(answer: Any) -> list[str]:
    errors = problem(answer, 422)["errors"]
    assert all(error["part"] == "body" and error["detail"] for error in errors)
    return [error["pointer"] for error in errors]


NO_MOMENTS = [
    1893456000, 1893456000.5, True, "", "1893456000", "2030-01-02", "2030-01-02T12:00:00", "2030-01-02T12:00Z",
    "2030-01-02 12:00:00Z", "2030-02-30T12:00:00Z", "2030-01-02T24:00:00Z", "2030-01-02T12:00:00+24:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", "٢٠٣٠-01-02T12:00:00Z", "2030-01-02T12:00:00Z\n",
    "noon", {}, [], "2030-01-02T12:00:00.1234567890Z",
]  # fmt: skip
BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    *[({"title": value}, "/title") for value in ("", None, 1, ["x"], "x" * 201, "a\x00b", "a\ud800b")],
    *[({"body": value}, "/body") for value in (None, 1, "x" * 10_001, "a\x00b", "a\ud800b")],
    *[({"level": value}, "/level") for value in (None, "", "loud", 1)],
    *[({"language": value}, "/language") for value in (None, 1, "xx", "x" * 10_001, "a\ud800b")],
    ({"translations": {"xx": {"title": "Tea"}}}, "/translations/xx"),
    ({"translations": {"a\ud800b": {"title": "Tea"}}}, "/translations/a\ufffd\ufffd\ufffdb"),
    *[({"audience": value}, "/audience") for value in (None, "", "nobody", "Everyone")],
    *[({"url": value}, "/url") for value in (None, "javascript:alert(1)", "//x.example", "ftp://x", "/a\n", "/" * 501)],
    *[({"groups": value}, "/groups") for value in (None, "tea", [f"{n}" for n in range(101)])],
    *[({"groups": ["tea", value]}, "/groups/1") for value in ("", None, 1, "milk", "Tea", "a\x00b", "x" * 151)],
    *[({"publish_at": value}, "/publish_at") for value in NO_MOMENTS],
    *[({"expires_at": value}, "/expires_at") for value in [*NO_MOMENTS, TODAY, YESTERDAY]],
    ({"publish_at": LATER, "expires_at": TOMORROW}, "/expires_at"),
    ({"publish_at": TOMORROW, "expires_at": TOMORROW}, "/expires_at"),
    ({"audience": "groups"}, "/groups"),
    ({"audience": "groups", "groups": []}, "/groups"),
    ({"groups": ["tea"]}, "/groups"),
    ({"audience": "staff", "groups": ["tea"]}, "/groups"),
    *[({name: "live"}, f"/{name}") for name in ("state", "author", "published_at", "clock", "id", "created_at", "a")],
]


def test_what_cannot_be_written(desk: Service, subtests: pytest.Subtests) -> None:
    draft = Broadcast.objects.create(title="Old")
    for fields, pointer in BAD_FIELDS:
        with subtests.test(fields=ascii(fields)[:60]):
            assert refused(desk("POST", "broadcasts/", {"title": "New", **fields})) == [pointer]
            assert refused(desk("PATCH", f"broadcasts/{draft.pk}/", fields)) == [pointer]
            assert Broadcast.objects.get().title == "Old"


def test_all_that_is_wrong_is_named(desk: Service) -> None:
    fields = {"title": "New", "audience": "groups", "expires_at": YESTERDAY}
    assert refused(desk("POST", "broadcasts/", fields)) == ["/groups", "/expires_at"]
    assert refused(desk("POST", "broadcasts/", {"title": "", "level": "x", "a": 1})) == ["/title", "/level", "/a"]
    groups = {"title": "New", "audience": "groups", "groups": ["a", "tea", "b"]}
    assert refused(desk("POST", "broadcasts/", groups)) == ["/groups/0", "/groups/2"]


@pytest.mark.parametrize("body", [None, b"null", [], "x", b""])
def test_what_is_no_broadcast(desk: Service, body: Any) -> None:
    assert refused(desk("POST", "broadcasts/", body)) == [""]
    assert refused(desk("PATCH", f"broadcasts/{announcement().pk}/", body)) == [""]


def test_a_title_is_needed_and_a_change_changes_something(desk: Service) -> None:
    assert refused(desk("POST", "broadcasts/", {"body": "x"})) == ["/title"]
    assert refused(desk("PATCH", f"broadcasts/{announcement().pk}/", {})) == [""]


@pytest.mark.parametrize(
    "moment",
    [
        "2030-01-02T12:00:00Z",
        "2030-01-02t12:00:00.5z",
        "2030-01-02T12:00:00.123456789+05:30",
        "2999-12-31T23:59:59-23:59",
    ],
)
def test_moments(desk: Service, moment: str) -> None:
    answer = desk("POST", "broadcasts/", {"title": "New", "expires_at": moment})
    assert answer.status_code == 201
    assert desk.get(f"broadcasts/{answer.json()['id']}/").json() == answer.json()


RULES = [
    # of one with these columns, in this state: this change is refused, or not
    ({}, "live", {"publish_at": TOMORROW}, "/publish_at"),
    ({"publish_at": YESTERDAY}, "live", {"publish_at": None}, "/publish_at"),
    ({"publish_at": YESTERDAY}, "live", {"publish_at": YESTERDAY, "title": "New"}, None),
    ({"publish_at": YESTERDAY}, "live", {"expires_at": TOMORROW}, None),
    ({"publish_at": TOMORROW}, "scheduled", {"publish_at": None}, "/publish_at"),
    ({"publish_at": TOMORROW}, "scheduled", {"publish_at": LATER}, None),
    ({"publish_at": TOMORROW, "expires_at": LATER}, "scheduled", {"publish_at": LATER}, "/expires_at"),
    ({"publish_at": TOMORROW, "expires_at": LATER}, "scheduled", {"publish_at": TODAY}, None),
    ({"publish_at": TOMORROW}, "draft", {"publish_at": None}, None),
    ({"expires_at": YESTERDAY}, "expired", {"title": "New"}, None),
    ({"expires_at": YESTERDAY}, "expired", {"expires_at": YESTERDAY, "title": "New"}, None),
    ({"expires_at": YESTERDAY}, "expired", {"expires_at": TODAY}, "/expires_at"),
    ({"expires_at": YESTERDAY}, "expired", {"expires_at": None}, None),
    ({}, "live", {"audience": "groups"}, "/groups"),
    ({}, "live", {"audience": "groups", "groups": ["tea"]}, None),
    ({}, "live", {"groups": ["tea"]}, "/groups"),
    ({}, "live", {"groups": []}, None),
    ({"audience": "groups", "groups": True}, "live", {"groups": []}, "/groups"),
    ({"audience": "groups", "groups": True}, "live", {"title": "New"}, None),
    ({"audience": "groups", "groups": True}, "live", {"audience": "everyone"}, None),
    ({"audience": "staff", "groups": True}, "live", {"audience": "groups"}, None),
    ({"audience": "staff", "groups": True}, "live", {"audience": "everyone", "groups": ["tea"]}, None),
    ({"audience": "groups"}, "live", {"title": "New"}, "/groups"),  # its group was deleted
]


@pytest.mark.parametrize(("columns", "now", "change", "pointer"), RULES, ids=repr)
def test_rules(desk: Service, columns: dict[str, Any], now: str, change: dict[str, Any], pointer: str | None) -> None:
    columns = dict(columns)
    in_group = columns.pop("groups", False)
    broadcast = Broadcast.objects.create(title="Old", state=now, **columns)
    broadcast.groups.set(Group.objects.all() if in_group else [])
    before = Broadcast.objects.values().get()
    answer = desk("PATCH", f"broadcasts/{broadcast.pk}/", change)
    if pointer is None:
        assert answer.status_code == 200
        assert answer.json()["state"] == ("live" if change == {"publish_at": TODAY} else now)
    else:
        assert refused(answer) == [pointer]
        assert Broadcast.objects.values().get() == before


@pytest.mark.parametrize("columns", [{"expires_at": YESTERDAY}, {"expires_at": TOMORROW, "publish_at": LATER}])
def test_what_would_expire_before_it_starts(desk: Service, columns: dict[str, Any]) -> None:
    draft = Broadcast.objects.create(title="Old", **columns)
    refusal = problem(desk("POST", f"broadcasts/{draft.pk}/publish/"), 409)
    assert refusal["code"] == "conflict"
    assert "发布之前就会过期" in refusal["detail"]
    assert Broadcast.objects.get().state == "draft"


class TestThePages:
    def pages(self, desk: Service, query: str) -> list[list[str]]:
        found, cursor = [], ""
        while True:
            page = desk.get(f"broadcasts/?{query}{cursor}").json()
            found.append([item["title"] for item in page["items"]])
            if page["next"] is None:
                return found
            cursor = f"&before={page['next']}"

    def test_newest_first(self, desk: Service, clock: Any) -> None:
        for number in range(5):
            Broadcast.objects.create(title=f"{number}")  # at one moment
        clock.shift(timedelta(hours=-1))
        Broadcast.objects.create(title="older")
        for limit in (1, 2, 3, 6, 7):
            pages = self.pages(desk, f"limit={limit}")
            assert [title for page in pages for title in page] == ["4", "3", "2", "1", "0", "older"]
            assert {len(page) for page in pages[:-1]} <= {limit}
            assert pages[-1]

    def test_of_one_state(self, desk: Service) -> None:
        for now in ("draft", "live", "draft", "withdrawn", "draft"):
            Broadcast.objects.create(title=now, state=now)
        assert self.pages(desk, "state=draft&limit=2") == [["draft", "draft"], ["draft"]]
        assert self.pages(desk, "state=expired") == [[]]

    def test_one_more_comes_meanwhile_and_one_goes(self, desk: Service) -> None:
        rows = [Broadcast.objects.create(title=f"{number}") for number in range(4)]
        cursor = desk.get("broadcasts/?limit=2").json()["next"]
        Broadcast.objects.create(title="new")
        rows[2].delete()
        page = desk.get(f"broadcasts/?before={cursor}").json()
        assert ([item["title"] for item in page["items"]], page["next"]) == (["1", "0"], None)

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            *[(f"limit={value}", "/limit") for value in ("0", "101", "-1", "x", "9" * 30, "")],
            *[(f"state={value}", "/state") for value in ("poem", "", "Live", "%00", "%ED%A0%80")],
            *[
                (f"before={value}", "/before")
                for value in ("x", "", "%00", "%ED%A0%80", "x" * 501, "WzFd:1vMxyz:forged")
            ],
        ],
    )
    def test_bad_queries(self, desk: Service, query: str, pointer: str) -> None:
        [error] = problem(desk.get(f"broadcasts/?{query}"), 422)["errors"]
        assert (error["part"], error["pointer"]) == ("query", pointer)

    def test_a_cursor_changed_or_of_another_list(self, desk: Service) -> None:
        bob = person("bob")
        for _ in range(2):
            announcement()
        cursor = desk.get("broadcasts/?limit=1").json()["next"]
        foreign = str(selectors.inbox_page(bob, limit=1).next)
        for text in (cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), cursor.replace(":", "", 1), foreign):
            [error] = problem(desk.get(f"broadcasts/?before={text}"), 422)["errors"]
            assert error["pointer"] == "/before"


text = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(["x" * 200, "x" * 201, " ", "/x", "https://x"])
moments = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
fields = st.fixed_dictionaries(
    {},
    optional={
        "title": text,
        "body": text | st.just("x" * 10_000) | st.just("# " * 5_000),
        "level": st.sampled_from([*Level.values, "x"]),
        "url": text,
        "audience": st.sampled_from(["everyone", "staff", "groups", "several", "x"]),
        "with_staff": st.booleans(),
        "people": st.lists(st.just("ann") | text | st.integers(), max_size=2),
        "excluded": st.dictionaries(
            st.sampled_from(["staff", "groups", "people", "x"]), st.booleans() | st.lists(st.just("tea") | text)
        ),
        "groups": st.lists(text | st.just("tea"), max_size=2),
        "publish_at": st.none() | text | moments,
        "expires_at": st.none() | text | moments,
    },
)


@examples(30)
@given(body=fields)
def test_what_the_schema_lets_pass_is_what_the_model_takes(body: dict[str, Any]) -> None:
    """Never a 500, never a row that the model would refuse; what is refused leaves nothing."""
    desk = _desk()
    before = Broadcast.objects.count()
    answer = desk("POST", "broadcasts/", body)
    if answer.status_code == 201:
        Broadcast.objects.get(pk=answer.json()["id"]).full_clean()
    else:
        assert refused(answer)
        assert Broadcast.objects.count() == before


def _desk() -> Service:
    """With a budget of its own."""
    Group.objects.get_or_create(name="tea")
    desk = service(owner=get_user_model().objects.filter(username="ann").first() or person("ann"))
    newest = ServiceToken.objects.latest("pk")
    ServiceToken.objects.exclude(pk=newest.pk).delete()
    return desk


@pytest.mark.parametrize("name", ["title", "body", "url"])
def test_the_schema_has_the_models_bounds(name: str) -> None:
    column: Any = Broadcast._meta.get_field(name)
    field = BroadcastFields.model_json_schema()["properties"][name]
    assert field["maxLength"] == column.max_length
    with pytest.raises(ValidationError):
        column.clean("/" + "x" * column.max_length, None)
