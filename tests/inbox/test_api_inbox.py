"""The user's half of the REST API, used as it is meant to be."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from inbox import services
from inbox.models import CommentMessage, FollowMessage

from .rest import Caller, announcement, comment, person, snapshot_in, state

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]


@pytest.fixture
def call(bob: Any) -> Caller:
    return Caller(bob)


def refs(answer: Any) -> list[str]:
    return [item["ref"] for item in answer.json()["items"]]


def test_unread_is_the_snapshot(bob: Any, call: Caller) -> None:
    comment(bob)
    announcement()
    answer = call.get("unread/")
    assert answer.status_code == 200
    assert answer.json() == state(bob).as_dict() | {"unread": 2, "by_type": {"comment": 1, "broadcast": 1}}
    assert answer["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["unread/", "inbox/", "inbox/?limit=1"])
def test_who_has_it_already_is_told_so(bob: Any, call: Caller, path: str) -> None:
    comment(bob, actor=(alice := person("alice")))
    tag = call.get(path)["ETag"]
    unchanged = call("GET", path, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", tag)
    assert unchanged["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization"} <= set(unchanged["Vary"].split(", "))
    for other in ('"x"', "", "nonsense", f"{tag[:-2]}"):
        assert call("GET", path, headers={"If-None-Match": other}).status_code == 200
    if path.startswith("inbox"):
        type(alice).objects.filter(pk=alice.pk).update(first_name="Ali")  # no version knows of it
        assert call("GET", path, headers={"If-None-Match": tag}).status_code == 200
    comment(bob)
    changed = call("GET", path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed["ETag"] != tag) == (200, True)


def test_a_first_visit_finds_an_empty_mailbox(bob: Any, call: Caller) -> None:
    assert call.get("unread/").json() == {
        "user": bob.pk, "version": state(bob).version, "unread": 0, "capped": False, "by_type": {}, "unseen": 0,
        "threads": 0,
    }  # fmt: skip
    assert call.get("inbox/").json() == {"user": bob.pk, "version": state(bob).version, "items": [], "next": None}


def test_the_page_holds_whole_items(bob: Any, call: Caller) -> None:
    alice = person("alice")
    ref = comment(bob, actor=alice, excerpt="Nice.", url="/posts/1/").ref
    [item] = call.get("inbox/").json()["items"]
    assert item.pop("created_at").endswith("Z")
    assert item == {
        "ref": ref,
        "type": "comment",
        "title": "alice commented on “Red dots”",
        "body": "Nice.",
        "url": "/posts/1/",
        "level": "info",
        "read": False,
        "archived": False,
        "starred": False,
        "important": False,
    }


def test_a_broadcast_has_html_too(call: Caller) -> None:
    ref = announcement(body="At **noon**. <script>alert(1)</script>").ref
    item = call.get(f"inbox/{ref}/").json()
    assert "<strong>noon</strong>" in item["body_html"]
    assert "<script" not in item["body_html"]
    assert item["body"].startswith("At noon.")


def test_pages_follow_each_other_newest_first(bob: Any, call: Caller) -> None:
    sent = [comment(bob).ref for _ in range(5)]
    seen, path = [], "inbox/?limit=2"
    while path:
        answer = call.get(path)
        seen += refs(answer)
        following = answer.json()["next"]
        path = f"inbox/?limit=2&before={following}" if following else ""
    assert seen == sent[::-1]


def test_filters(bob: Any, call: Caller) -> None:
    old, kept, read = (comment(bob).ref for _ in range(3))
    services.archive(bob.pk, [old])
    services.mark_read(bob.pk, [read])
    services.send([bob], FollowMessage)
    assert set(refs(call.get("inbox/?type=comment"))) == {kept, read}
    assert refs(call.get("inbox/?type=comment&unread=1")) == [kept]
    assert refs(call.get("inbox/?archived=1")) == [old]
    call("PATCH", f"inbox/{old}/", {"starred": True})
    call("PATCH", f"inbox/{read}/", {"snoozed_until": TOMORROW})
    assert refs(call.get("inbox/?starred=1")) == [old]
    assert refs(call.get("inbox/?snoozed=1")) == [read]
    assert refs(call.get("inbox/?type=comment")) == [kept]
    call("PATCH", f"inbox/{read}/", {"snoozed_until": None})
    assert refs(call.get("inbox/?type=broadcast")) == []
    assert len(refs(call.get("inbox/?utm_source=mail"))) == 3


TOMORROW = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
WRITES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("PATCH", {"read": True}, {"read": True}),
    ("PATCH", {"archived": True}, {"read": True, "archived": True}),
    ("PATCH", {"read": False}, {"read": False}),
    ("PATCH", {"archived": False, "read": False}, {"read": False, "archived": False}),
    ("PATCH", {"deleted": False, "read": True}, {"read": True}),
    ("PATCH", {"starred": True}, {"starred": True, "read": False}),
    ("PATCH", {"starred": True, "archived": True}, {"starred": True, "archived": True}),
    ("PATCH", {"snoozed_until": TOMORROW}, {"snoozed_until": TOMORROW, "read": False}),
    ("PATCH", {"snoozed_until": None, "read": True}, {"read": True}),
    ("PATCH", {"read": False, "starred": True, "snoozed_until": TOMORROW}, {"snoozed_until": TOMORROW}),
]


@pytest.mark.parametrize(("method", "body", "expected"), WRITES)
@pytest.mark.parametrize("kind", [comment, lambda bob: announcement()], ids=["message", "broadcast"])
def test_changing_an_item(
    bob: Any, call: Caller, kind: Any, method: str, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    ref = kind(bob).ref
    answer = call(method, f"inbox/{ref}/", body)
    assert answer.status_code == 200
    assert snapshot_in(answer) == state(bob).as_dict()
    item = call.get(f"inbox/{ref}/").json()
    assert expected.items() <= item.items()


def test_deleting_is_undone_by_patch(bob: Any, call: Caller) -> None:
    ref = comment(bob).ref
    assert call("DELETE", f"inbox/{ref}/").json()["unread"] == 0
    assert call.get(f"inbox/{ref}/").status_code == 404
    assert call("PATCH", f"inbox/{ref}/", {"deleted": False}).json()["unread"] == 1
    assert call.get(f"inbox/{ref}/").status_code == 200


def test_marking_refs(bob: Any, call: Caller) -> None:
    first, second, third = comment(bob), comment(bob), announcement()
    answer = call("POST", "inbox/read/", {"refs": [first.ref, third.ref, first.ref]})
    assert answer.json()["by_type"] == {"comment": 1}
    assert CommentMessage.objects.get(read_at=None) == second


def test_marking_all_means_all_that_was_shown(bob: Any, call: Caller) -> None:
    comment(bob)
    services.send([bob], FollowMessage)
    shown = call.get("inbox/").json()["version"]
    comment(bob)
    assert call("POST", "inbox/read/", {"up_to": shown, "type": "comment"}).json()["by_type"] == {
        "comment": 1,
        "follow": 1,
    }
    assert call("POST", "inbox/read/", {"up_to": shown}).json()["by_type"] == {"comment": 1}


def test_a_write_that_changes_nothing_advances_nothing(bob: Any, call: Caller) -> None:
    ref = comment(bob).ref
    once = call("PATCH", f"inbox/{ref}/", {"read": True}).json()
    assert once["changed"] == 1
    unchanged = {**once, "changed": 0, "undo": None}
    assert call("PATCH", f"inbox/{ref}/", {"read": True}).json() == unchanged
    assert call("POST", "inbox/read/", {"up_to": once["version"]}).json() == unchanged


def test_titles_are_in_the_readers_language(bob: Any, call: Caller) -> None:
    comment(bob)
    answer = call("GET", "inbox/", headers={"Accept-Language": "zh-hans"})
    assert answer["Content-Language"] == "zh-hans"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("zh-hans", "alice 关注了你"),
        ("zh-Hans", "alice 关注了你"),
        ("en-GB", "alice followed you"),
        ("xx", "alice followed you"),
    ],
)
def test_the_page_decides_the_language(bob: Any, call: Caller, asked: str, expected: str) -> None:
    """A prefix or a middleware of the site may have decided it where the API does not see it."""
    services.send([bob], FollowMessage, actor=person("alice"))
    page = call("GET", f"inbox/?language={asked}", headers={"Accept-Language": "en"}).json()
    assert [item["title"] for item in page["items"]] == [expected]


def test_the_number_of_queries_does_not_depend_on_the_number_of_items(
    bob: Any, call: Caller, django_assert_num_queries: Any
) -> None:
    alice = person("alice")
    comment(bob, actor=alice)
    announcement()
    call.get("inbox/")  # a first visit creates the mailbox
    with CaptureQueriesContext(connection) as few:
        assert len(refs(call.get("inbox/?limit=100&language=en"))) == 2
    services.send([bob], FollowMessage, actor=alice)
    for _ in range(30):
        comment(bob, actor=alice)
        announcement()
    with django_assert_num_queries(len(few)):
        assert len(refs(call.get("inbox/?limit=100&language=en"))) == 63
    most = 12  # session, user, snapshot, settings, six tables, actors, broadcasts
    assert len(few) <= most, [query["sql"] for query in few]


@pytest.mark.parametrize("size", [1, 50])
def test_the_number_of_queries_of_marking_does_not_depend_on_the_number_of_refs(
    bob: Any, call: Caller, django_assert_max_num_queries: Any, size: int
) -> None:
    marked = [comment(bob).ref for _ in range(size)]
    with django_assert_max_num_queries(28):
        assert call("POST", "inbox/read/", {"refs": marked}).json()["unread"] == 0


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_read_after_the_commit(bob: Any, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    ref, inside = comment(bob).ref, []

    def change(*args: Any, **seen: Any) -> None:
        inside.append(connection.in_atomic_block)
        services.mark_read(bob, [ref])

    monkeypatch.setattr(services, "change", change)
    assert snapshot_in(call("PATCH", f"inbox/{ref}/", {"read": True})) == state(bob).as_dict()
    assert inside == [False]


@pytest.mark.parametrize("path", ["unread/", "inbox/", "inbox/read/", "inbox/comment-1/"])
def test_every_view_is_outside_atomic_requests(path: str) -> None:
    assert "default" in resolve(f"/api/v1/{path}").func._non_atomic_requests  # type: ignore[attr-defined]
