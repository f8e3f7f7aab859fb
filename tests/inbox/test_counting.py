"""How many items a filter chooses, and changes of a part of them at a time."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.core.choice import Choice
from inbox.errors import BadValue, NotFound
from inbox.models import FollowMessage, LikeMessage
from inbox.selectors import choosing, counting

from .people import live
from .rest import Caller, announcement, comment, problem, state

pytestmark = pytest.mark.django_db

CHOICES: dict[str, Callable[[list[str]], Choice]] = {
    "all": lambda refs: Choice(),
    "unread": lambda refs: Choice(unread=True),
    "read": lambda refs: Choice(read=True),
    "archived": lambda refs: Choice(archived=True),
    "starred": lambda refs: Choice(starred=True),
    "snoozed": lambda refs: Choice(snoozed=True),
    "important": lambda refs: Choice(important=True),
    "a type": lambda refs: Choice(types=("comment",)),
    "announcements": lambda refs: Choice(types=("broadcast",)),
    "not a type": lambda refs: Choice(not_types=("comment", "broadcast")),
    "words": lambda refs: Choice(q="tea"),
    "words of a type": lambda refs: Choice(q="tea", types=("like",)),
    "no such words": lambda refs: Choice(q="tea coffee"),
    "a thread": lambda refs: Choice(thread=refs[0]),
}


@pytest.fixture
def refs(bob: Any) -> list[str]:
    """A mailbox with some of everything; the key of a thread, and the refs of its items."""
    for title in ("Tea", "Milk", "Green tea"):
        comment(bob, target_title=title)
        services.send([bob], LikeMessage, target_title=title)
    found = [announcement(title="Tea time").ref, live(level="critical").ref]
    listed = [item.ref for item in selectors.inbox_page(bob.pk).items]
    services.mark_read(bob, listed[:2])
    services.archive(bob, listed[2:3])
    services.star(bob, listed[2:4])
    return found + listed


@pytest.mark.parametrize("name", CHOICES)
def test_it_is_the_length_of_the_list(bob: Any, refs: list[str], name: str) -> None:
    choice = CHOICES[name](refs)
    listed = selectors.inbox_page(bob.pk, choice=choice, limit=100).items
    counted = selectors.count_chosen(bob.pk, choice)
    assert (counted.count, counted.capped) == (len(listed), False)
    assert counted.version == state(bob).version


def test_it_has_a_limit(bob: Any, refs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    for choice in (Choice(), Choice(q="tea")):
        counted = selectors.count_chosen(bob.pk, choice)
        assert (counted.count, counted.capped) == (3, True)
    counted = selectors.count_chosen(bob.pk, Choice(types=("comment",)))
    assert (counted.count, counted.capped) == (len(selectors.inbox_page(bob.pk, type="comment").items), False)


def test_a_search_that_stops_says_so(bob: Any, refs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "SIZES", (1, 1))
    counted = selectors.count_chosen(bob.pk, Choice(q="tea", not_types=("broadcast",)))
    assert counted.capped
    assert counted.count <= 2


def test_messages_of_all_types_are_counted_by_one_statement(bob: Any, refs: list[str]) -> None:
    selectors.count_chosen(bob.pk, Choice())
    with CaptureQueriesContext(
        connection,
    ) as captured:
        selectors.count_chosen(bob.pk, Choice(not_types=("broadcast",)))
    assert len([query for query in captured if "COUNT" in query["sql"]]) == 1


def test_whom_and_what_there_is_not(bob: Any) -> None:
    with pytest.raises(NotFound):
        selectors.count_chosen(bob.pk + 999, Choice())
    with pytest.raises(BadValue):
        selectors.count_chosen(bob.pk, Choice(types=("poem",)))


def test_the_api_counts_by_the_filter_of_the_list(bob: Any, refs: list[str]) -> None:
    call = Caller(bob)
    for query in ("", "?unread=1", "?q=tea&not_type=like", "?type=comment,like", f"?thread={refs[0]}"):
        counted, listed = call.get(f"inbox/count/{query}").json(), call.get(f"inbox/{query}").json()["items"]
        assert counted == {"user": bob.pk, "version": state(bob).version, "count": len(listed), "capped": False}
    problem(call.get("inbox/count/?type=poem"), 422)
    problem(call.get("inbox/count/?q=a+b+c+d+e+f+g+h+i"), 422)


def test_words_are_counted_in_the_language_of_the_list(bob: Any) -> None:
    services.send([bob], LikeMessage, target_title="Tea")
    counts = [Caller(bob).get(f"inbox/count/?q=gef%C3%A4llt&language={code}").json()["count"] for code in ("en", "de")]
    assert counts == [0, 1]


# Parts


def test_what_was_counted_is_changed_part_by_part_with_one_undo(bob: Any, refs: list[str]) -> None:
    call = Caller(bob)
    counted = call.get("inbox/count/?unread=1").json()
    comment(bob, target_title="Later")
    body = {"filter": {"unread": True}, "up_to": counted["version"], "read": True, "limit": 2, "act": "p" * 22}
    changed = []
    while True:
        answer = call("POST", "inbox/changes/", body).json()
        changed.append(answer["changed"])
        if not answer["more"]:
            break
    assert sum(changed) == counted["count"]
    assert max(changed) == 2
    assert len(changed) >= counted["count"] // 2
    assert state(bob).unread == 1
    assert call("POST", "inbox/undo/", {"undo": "p" * 22}).json()["restored"] == counted["count"]


@pytest.mark.parametrize("q", ["", "tea"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_no_limit_is_passed_and_nothing_is_left(bob: Any, refs: list[str], limit: int, q: str) -> None:
    """Wherever a part ends: among the messages, after the last of them, or among the announcements."""
    choice = Choice(q=q)
    counted, parts = selectors.count_chosen(bob.pk, choice), []
    while not parts or parts[-1].more:
        parts.append(services.change_some(bob.pk, choice, {"starred": True}, counted.version, limit))
    listed = selectors.inbox_page(bob.pk, choice=choice, limit=100).items
    assert all(item.starred for item in listed)
    assert sum(part.changed for part in parts) == counted.count - 1, "one was starred before"
    assert all(0 < part.changed <= limit for part in parts[:-1])


def test_a_limit_goes_with_a_filter(bob: Any) -> None:
    call, version = Caller(bob), state(bob).version
    comment(bob)
    [item] = selectors.inbox_page(bob.pk).items
    problem(call("POST", "inbox/changes/", {"refs": [item.ref], "read": True, "limit": 5}), 422)
    for limit in (0, -1, 10_001, 1.5, "5", True, None):
        problem(call("POST", "inbox/changes/", {"filter": {}, "up_to": version, "read": True, "limit": limit}), 422)
    assert call("POST", "inbox/changes/", {"refs": [item.ref], "read": True}).json()["more"] is False


def test_thousands_in_parts_are_one_act(bob: Any) -> None:
    FollowMessage.objects.bulk_create([FollowMessage(recipient_id=bob.pk) for _ in range(2500)], batch_size=1000)
    version, parts = state(bob).version, []
    with services.recording(bob, "t" * 22) as act:
        while not parts or parts[-1].more:
            parts.append(services.change_some(bob, Choice(), {"archived": True}, version, 1500))
    assert [part.changed for part in parts] == [1500, 1000]
    assert act.changed == 2500
    assert services.undo(bob, "t" * 22) == (2500, 0)
