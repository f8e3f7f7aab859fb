"""The shape of broadcasts, their revisions, and their receipts, for services."""

from typing import Any

import pytest

from inbox import selectors, services
from inbox.models import Broadcast, Noticed, Scope

from .people import people, unread
from .rest import announcement, problem
from .services import Service, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

BUTTON = {"url": "/tea", "label": "Tea", "labels": {"zh-hans": "茶"}}
PLAIN = {
    "in_inbox": True,
    "as_banner": False,
    "as_dialog": False,
    "for_visitors": False,
    "buttons": [],
    "revision": 1,
    "again": 1,
}


@pytest.fixture
def desk() -> Service:
    return service()


def of(document: Any) -> dict[str, Any]:
    return {name: document[name] for name in PLAIN}


def test_a_broadcast_shows_in_the_inbox_unless_it_says_otherwise(desk: Service) -> None:
    assert of(desk("POST", "broadcasts/", {"title": "Tea"}).json()) == PLAIN
    shape = {"in_inbox": False, "as_banner": True, "as_dialog": True, "for_visitors": True, "buttons": [BUTTON]}
    made = desk("POST", "broadcasts/", {"title": "Tea", **shape})
    assert (made.status_code, of(made.json())) == (201, PLAIN | shape)
    row = Broadcast.objects.get(pk=made.json()["id"])
    row.full_clean()
    changed = desk("PATCH", f"broadcasts/{row.pk}/", {"in_inbox": True, "as_dialog": False, "buttons": []})
    assert of(changed.json()) == PLAIN | {"as_banner": True, "for_visitors": True}


NOWHERE = {"in_inbox": False}
NOTHING = ["  ", "\u200b\u202e", "\u3164"]  # that can be seen
BAD: list[dict[str, Any]] = [
    {"buttons": [BUTTON] * 3},
    {"buttons": [{**BUTTON, "url": ""}]},
    {"buttons": [{**BUTTON, "url": "javascript:alert(1)"}]},
    {"buttons": [{**BUTTON, "label": ""}]},
    {"buttons": [{**BUTTON, "label": "x" * 61}]},
    *({"buttons": [{**BUTTON, "label": nothing}]} for nothing in NOTHING),
    *({"title": nothing} for nothing in NOTHING),
    *({"translations": {"zh-hans": {"title": nothing, "body": "x"}}} for nothing in NOTHING),
    {"buttons": [{**BUTTON, "labels": {"xx": "Tea"}}]},
    {"buttons": [{**BUTTON, "labels": {"zh-hans": ""}}]},
    {"buttons": [{**BUTTON, "colour": "red"}]},
    {"buttons": [{"url": "/tea"}]},
    {"buttons": None},
    {"as_banner": 1},
    {"in_inbox": None},
    {"revision": 7},
    {"for_visitors": True},
    {"for_visitors": True, "as_banner": True, "audience": "staff"},
    {"for_visitors": True, "as_banner": True, "excluded": {"staff": True}},
    NOWHERE,
]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_other_shapes_are_refused(desk: Service, bad: dict[str, Any]) -> None:
    problem(desk("POST", "broadcasts/", {"title": "Tea", **bad}), 422)
    draft = Broadcast.objects.create(title="Tea")
    faults = problem(desk("PATCH", f"broadcasts/{draft.pk}/", bad), 422)["errors"]
    if bad == NOWHERE:
        assert [fault["pointer"] for fault in faults] == ["/in_inbox"]
    assert Broadcast.objects.values_list("in_inbox", "as_banner", "buttons").get() == (True, False, [])


def test_an_edit_is_a_revision_and_is_shown_again_if_asked(desk: Service) -> None:
    [user] = people(1)
    broadcast = announcement()
    services.mark_read(user, [broadcast.ref])
    path = f"broadcasts/{broadcast.pk}/"
    typo = desk("PATCH", path, {"title": "Typo", "show_again": False}).json()
    assert ((typo["revision"], typo["again"], typo["readers"]), unread(user)) == ((2, 1, 1), set())
    newer = desk("PATCH", path, {"title": "Newer", "show_again": True}).json()
    assert ((newer["revision"], newer["again"], newer["readers"]), unread(user)) == ((3, 3, 0), {broadcast.ref})
    services.mark_read(user, [broadcast.ref])
    assert desk("PATCH", path, {"show_again": True}).json()["again"] == 4
    problem(desk("PATCH", path, {"show_again": "yes"}), 422)


@pytest.mark.parametrize(("body", "is_new"), [(None, False), ({}, False), ({"show_again": True}, True)])
def test_publishing_again_offers_the_same(desk: Service, body: Any, is_new: bool) -> None:
    [user] = people(1)
    broadcast = announcement()
    services.mark_read(user, [broadcast.ref])
    services.withdraw(broadcast)
    answer = desk("POST", f"broadcasts/{broadcast.pk}/publish/", body)
    assert (answer.status_code, answer.json()["again"]) == (200, 1 + is_new)
    assert unread(user) == ({broadcast.ref} if is_new else set())
    problem(desk("POST", f"broadcasts/{broadcast.pk}/publish/", {"show_again": 1}), 422)


def test_a_repeated_request_shows_it_again_once(desk: Service) -> None:
    broadcast = announcement()
    for _attempt in range(2):
        answer = desk.once("k", "PATCH", f"broadcasts/{broadcast.pk}/", {"show_again": True})
        assert answer.json()["again"] == 2
    assert Broadcast.objects.get().again == 2


# Receipts


def receipts(desk: Service, broadcast: Broadcast, query: str = "") -> list[Any]:
    """All pages, of two each."""
    found: list[Any] = []
    cursor = ""
    while True:
        page = desk.get(f"broadcasts/{broadcast.pk}/receipts/?limit=2{query}{cursor}").json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&before={page['next']}"


def test_receipts_say_who_has_done_what(desk: Service) -> None:
    readers = people(5)
    broadcast = announcement(as_banner=True, as_dialog=True)
    acts = (services.mark_read, services.archive, services.delete, services.close_banner, services.confirm)
    for user, act in zip(readers, acts, strict=True):
        act(user, [broadcast.ref])
    found = receipts(desk, broadcast)
    assert [item["user"] for item in found] == readers[::-1]
    assert {item["revision"] for item in found} == {1}
    done = {item["user"]: {name for name, value in item.items() if name.endswith("_at") and value} for item in found}
    assert [done[user] for user in readers] == [
        {"read_at"},
        {"read_at", "archived_at"},
        {"dismissed_at"},
        {"closed_at"},
        {"confirmed_at"},
    ]
    for mark, users in {"read": readers[:2], "confirmed": readers[4:], "dismissed": readers[2:3]}.items():
        assert [item["user"] for item in receipts(desk, broadcast, f"&done={mark}")] == users[::-1]
    assert len(receipts(desk, broadcast, "&done=read")) == desk.get(f"broadcasts/{broadcast.pk}/").json()["readers"]
    services.change_broadcast(broadcast, {}, show_again=True)
    assert receipts(desk, broadcast) == []
    services.mark_read(readers[0], [broadcast.ref])
    assert [(item["user"], item["revision"]) for item in receipts(desk, broadcast)] == [(readers[0], 2)]


def test_the_effect_in_numbers(desk: Service) -> None:
    readers = people(3)
    broadcast = announcement(url="/more")
    services.mark_read(readers[0], [broadcast.ref])
    services.note_events(readers[1], [services.Event(broadcast.ref, Noticed.SHOWN)])
    found = desk.get(f"broadcasts/{broadcast.pk}/effect/").json()
    assert found == {who.value: count for who, count in selectors.counts(broadcast).items()}
    assert (found["shown"], found["seen"], found["read"], found["link"]) == (2, 1, 1, 0)


def test_receipts_of_what_is_not_there(desk: Service) -> None:
    problem(desk.get("broadcasts/999/receipts/"), 404)
    broadcast = announcement()
    for query in ("before=x", "limit=0", "limit=101", "done=seen"):
        problem(desk.get(f"broadcasts/{broadcast.pk}/receipts/?{query}"), 422)
    problem(service(Scope.MESSAGES_WRITE, name="mailer").get(f"broadcasts/{broadcast.pk}/receipts/"), 403)
