"""Pages of threads, and their headlines."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from inbox import selectors, services
from inbox.errors import BadValue, NotFound
from inbox.models import CommentMessage, LikeMessage, SystemMessage, Thread
from inbox.selectors import threads

from .people import live, people
from .threading import stored

pytestmark = pytest.mark.django_db


def named(*names: str) -> list[Any]:
    made = people(len(names))
    for pk, name in zip(made, names, strict=True):
        get_user_model()._base_manager.filter(pk=pk).update(first_name=name, last_name="")
    return made


def comment(user: Any, actor: Any = None, url: str = "/tea") -> None:
    services.send([user], CommentMessage, actor=actor, url=url, target_title="Tea")


def titles(user: Any) -> list[str]:
    found = (thread.title for thread in selectors.thread_page(user).threads)
    return ["".join(char for char in title if char not in "\u2068\u2069") for title in found]


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("actors", "english", "german"),
    [
        ([0], "Ann commented on “Tea”", "Ann hat „Tea“ kommentiert"),
        ([0, 0], "Ann commented on “Tea”", "Ann hat „Tea“ kommentiert"),
        ([0, 1], "Bob and Ann commented on “Tea”", "Bob und Ann haben „Tea“ kommentiert"),
        ([0, 1, 2, 1], "Bob, Cid and Ann commented on “Tea”", "Bob, Cid und Ann haben „Tea“ kommentiert"),
        (range(4), "Dan, Cid and 2 others commented on “Tea”", "Dan, Cid und 2 weitere haben „Tea“ kommentiert"),
        ([None, 1], "Bob commented on “Tea”", "Bob hat „Tea“ kommentiert"),
        ([1, None], "Someone commented on “Tea”", "Jemand hat „Tea“ kommentiert"),
    ],
)
def test_the_sentence_of_a_headline(actors: Any, english: str, german: str) -> None:
    [user] = people(1)
    who = named("Ann", "Bob", "Cid", "Dan")
    for actor in actors:
        comment(user, None if actor is None else who[actor])
    assert titles(user) == [english]
    with override("de"):
        assert titles(user) == [german]


def test_only_those_who_did_the_same_are_named() -> None:
    [user] = people(1)
    ann, bob, cid = named("Ann", "Bob", "Cid")
    services.send([user], LikeMessage, actor=cid, url="/tea", target_title="Tea")
    comment(user, ann)
    comment(user, bob)
    assert titles(user) == ["Bob and Ann commented on “Tea”"]
    services.send([user], SystemMessage, url="/tea", title="Tea is ready")
    assert titles(user) == ["Tea is ready"]


def test_an_actor_whom_the_site_cannot_name_hides_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    [user] = people(1)
    monkeypatch.setattr("django.contrib.auth.models.AbstractUser.get_full_name", lambda self: self.profile.name)
    for actor in people(2):
        comment(user, actor)
    assert titles(user) == ["comment"]


def test_of_very_many_messages_the_number_of_others_is_not_said() -> None:
    [user] = people(1)
    actors = named(*(f"U{n}" for n in range(6)))
    rows = [
        CommentMessage(recipient_id=user, actor_id=actors[n % 6], url="/tea", target_title="Tea") for n in range(102)
    ]
    CommentMessage.objects.bulk_create(rows)
    assert titles(user) == ["U5, U4 and others commented on “Tea”"]


def test_a_headline_counts_what_the_inbox_shows() -> None:
    [user] = people(1)
    for _ in range(4):
        comment(user)
    refs = [item.ref for item in selectors.inbox_page(user).items]
    services.archive(user, refs[:1])
    services.mark_read(user, refs[1:2])
    [thread] = selectors.thread_page(user).threads
    assert (thread.items, thread.unread, thread.item.ref) == (3, 2, refs[1])
    assert [item.ref for item in selectors.thread_items(user, thread.key).items] == refs[1:]


def pages(user: Any, **which: Any) -> Iterator[list[str]]:
    cursor = None
    while True:
        page = selectors.thread_page(user, before=cursor, **which)
        yield [thread.key for thread in page.threads]
        if (cursor := page.next) is None:
            return


def test_pages_are_the_whole_list() -> None:
    [user] = people(1)
    for n in range(7):
        comment(user, url=f"/{n % 4}")
        if n % 3 == 0:
            live(title=f"News {n}")
    comment(user, url="")
    whole = next(pages(user, limit=100))
    assert len(whole) == 5 + 3
    assert whole[0] == f"s{CommentMessage.objects.latest('seq').seq}"
    for limit in (1, 2, 3):
        assert list(chain.from_iterable(pages(user, limit=limit))) == whole
    services.mark_read(user, [item.ref for item in selectors.thread_items(user, whole[0]).items])
    assert list(chain.from_iterable(pages(user, limit=2, unread=True))) == whole[1:]
    assert selectors.snapshot(user).threads == len(whole) - 1


def test_one_that_comes_back_stalls_no_broadcast() -> None:
    [user] = people(1)
    old, new = timezone.now() - timedelta(days=9), timezone.now() - timedelta(days=1)
    for url, moment in (("/old", old), ("/new", new)):
        CommentMessage.objects.create(recipient_id=user, url=url, target_title="Tea", created_at=moment)
    news = live(title="News")
    first = selectors.inbox_page(user).items[-1].ref
    services.mark_read(user, [first])
    services.mark_unread(user, [first])
    found = [thread.item.ref for thread in selectors.thread_page(user).threads]
    assert found[:2] == [first, news.ref]
    assert len(found) == 3


def test_items_of_a_thread_page_by_page() -> None:
    user, other = people(2)
    for n in range(5):
        services.send([user, other], [CommentMessage, LikeMessage][n % 2], url="/tea", target_title="Tea")
    [thread] = selectors.thread_page(user).threads
    whole = [item.ref for item in selectors.thread_items(user, thread.key).items]
    found, cursor = [], None
    while True:
        page = selectors.thread_items(user, thread.key, before=cursor, limit=2)
        found += [item.ref for item in page.items]
        if (cursor := page.next) is None:
            break
    assert found == whole == [item.ref for item in selectors.inbox_page(user).items]


def test_a_broadcast_is_a_thread() -> None:
    [user] = people(1)
    news = live(title="News")
    [thread] = selectors.thread_page(user).threads
    assert (thread.key, thread.title, thread.items, thread.unread) == (news.ref, "News", 1, 1)
    assert [item.ref for item in selectors.thread_items(user, news.ref).items] == [news.ref]
    services.archive(user, [news.ref])
    assert selectors.thread_page(user).threads == []
    with pytest.raises(NotFound):
        selectors.thread_items(user, news.ref)


@pytest.mark.parametrize("key", ["", "nobody", "s1", "broadcast-1", "broadcast-x", "0" * 32])
def test_a_thread_that_is_not_there(key: str) -> None:
    user, other = people(2)
    comment(other, url="")
    with pytest.raises(NotFound):
        selectors.thread_items(user, key)


@pytest.mark.parametrize("which", [{"limit": 0}, {"limit": 101}, {"before": "x"}, {"before": ""}])
def test_bad_values(which: dict[str, Any]) -> None:
    [user] = people(1)
    with pytest.raises(BadValue):
        selectors.thread_page(user, **which)
    with pytest.raises(BadValue):
        selectors.thread_items(user, "x", **which)


def test_a_page_is_read_again_if_the_mailbox_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times at most; its version is that of before the last look."""
    [user] = people(1)
    comment(user)
    looks, read = [], threads._read

    def moving(moves: int, *args: Any) -> Any:
        found = read(*args)
        looks.append(found)
        if len(looks) <= moves:
            comment(user)
        return found

    for moves, expected in ((0, 1), (1, 2), (5, 3)):
        looks.clear()
        monkeypatch.setattr(threads, "_read", partial(moving, moves))
        page = selectors.thread_page(user)
        assert len(looks) == expected
        assert (page.version == selectors.snapshot(user).version) == (moves < 3)
        assert page.threads[0].items == page.version


def test_a_stale_mailbox_shows_what_it_has() -> None:
    """A thread without its newest message is left out until it is counted."""
    [user] = people(1)
    comment(user)
    Thread.objects.update(rank=2)
    assert selectors.thread_page(user).threads == []
    assert stored([user])


def test_the_number_of_statements_does_not_grow() -> None:
    [user] = people(1)
    ann, bob = named("Ann", "Bob")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            selectors.thread_page(user)
        return len(queries)

    for actor in (ann, bob):
        comment(user, actor)
    few = statements()
    for n in range(40):
        comment(user, [ann, bob][n % 2], url=f"/{n % 20}")
    assert statements() == few


def test_a_page_of_thousands_reads_no_more_than_it_shows() -> None:
    [user] = people(1)
    columns = {"recipient_id": user, "items": 1, "moved_at": timezone.now(), "type": "comment"}
    Thread.objects.bulk_create(Thread(key=str(n), unread=n % 2, rank=n, **columns) for n in range(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        with CaptureQueriesContext(connection) as captured:
            assert len(selectors.thread_page(user, before=threads._encode(threads.Cursor(900), [])).threads) == 0
        [sql] = [each["sql"] for each in captured if "rank" in each["sql"]]
        cursor.execute(f"EXPLAIN {sql}" if connection.vendor == "postgresql" else f"EXPLAIN QUERY PLAN {sql}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert [f"inbox_thread_{half}" in plan for half in ("unread", "read")] == [True, True], plan
    assert not [word for word in ("Sort  (", "one_per_key") if word in plan], plan
