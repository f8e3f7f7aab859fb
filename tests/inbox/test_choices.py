"""Filters and search: what is listed, by item and by thread, is what plain Python finds in all items, on both
databases; and what is changed is what was listed."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.manager import BaseManager
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone
from django.utils.translation import override
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.core.choice import MAX_SEARCH, MAX_WORDS, Choice
from inbox.core.folding import fold
from inbox.core.snapshots import CLOCK_UNIT
from inbox.errors import BadValue
from inbox.models import Broadcast, CommentMessage, FollowMessage, LikeMessage, event_types
from inbox.models.actors import actor_name
from inbox.models.base import MailboxRowQuerySet
from inbox.selectors import choosing, pages
from inbox.selectors.items import Item

from .databases import postgres
from .examples import examples
from .people import live, people, person
from .rest import Caller, announcement, comment, problem, state
from .threads import Pause, after, beside, blocked

pytestmark = pytest.mark.django_db

WORDS = [
    "Tea",
    "TEE",
    "straße",
    "STRASSE",
    "ΟΔΟΣ",
    "οδος",
    "Чай",
    "чАй",
    "绿茶",
    "100%",
    "a_b",
    "\\",
    "'",
    "İstanbul",
    "i",
    "ﬁn",
]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
NAMES = ["Änne Öztürk", "ÄNNE", "Bob", "李雷"]


def everything(user: Any, **choice: Any) -> list[str]:
    """The refs on all pages, small ones."""
    found, cursor = [], None
    while True:
        page = selectors.inbox_page(user, before=cursor, limit=3, choice=Choice(**choice))
        found += [item.ref for item in page.items]
        if (cursor := page.next) is None:
            return found


def threads(user: Any, **choice: Any) -> list[Any]:
    """The threads on all pages, small ones; those of one large page are the same."""
    found, cursor = [], None
    while True:
        page = selectors.thread_page(user, before=cursor, limit=2, choice=Choice(**choice))
        found += page.threads
        if (cursor := page.next) is None:
            assert found == selectors.thread_page(user, limit=100, choice=Choice(**choice)).threads
            return found


Pair = tuple[Item, Any]


class Mailbox:
    """A user with messages of several types by several actors, and announcements."""

    def __init__(self, data: Any) -> None:
        [self.user] = people(1)
        self.actors = [self.actor(n, name) for n, name in enumerate(NAMES)]
        for _ in range(data.draw(st.integers(0, 10))):
            actor = data.draw(st.sampled_from([None, *self.actors]))
            model = data.draw(st.sampled_from([CommentMessage, LikeMessage, FollowMessage]))
            columns = {"target_title": data.draw(texts)} if model is not FollowMessage else {}
            if model is CommentMessage:
                columns["excerpt"] = data.draw(texts | st.just(""))
            columns |= {"subject": data.draw(st.sampled_from([None, "a.b:1"])), "url": data.draw(urls)}
            model.objects.create(recipient_id=self.user, actor=actor, **columns)
        for _ in range(data.draw(st.integers(0, 3))):
            german = {"de": {"title": data.draw(texts), "body": data.draw(texts)}}
            live(title=data.draw(texts), body=data.draw(texts), language="en", translations=german)
        self.refs = [item.ref for item in selectors.inbox_page(self.user, limit=100).items]
        for act in ("mark_read", "archive", "mark_unread", "delete"):
            some = data.draw(st.sets(st.integers(0, 12), max_size=4))
            visible = {item.ref for item in self.all()}
            getattr(services, act)(self.user, visible & {ref for n, ref in enumerate(self.refs) if n in some})

    def actor(self, n: int, name: str) -> Any:
        user = person(5000 + n)
        if hasattr(user, "first_name"):
            user.first_name, _space, user.last_name = name.partition(" ")
        user.save()
        return user

    def all(self) -> list[Item]:
        pages = [selectors.inbox_page(self.user, limit=100, archived=archived) for archived in (False, True)]
        return [item for page in pages for item in page.items]

    def pairs(self) -> list[Pair]:
        """Every item with its row."""
        messages = [model.objects.select_related("actor") for model in event_types().values()]
        rows = {row.ref: row for row in chain(Broadcast.objects.all(), *messages)}
        return [(item, rows[item.ref]) for item in self.all()]


def has_words(item: Item, row: Any, q: str) -> bool:
    if isinstance(row, Broadcast):
        own, text = "", [item.title, row.text_in(LANGUAGE).body]
    else:
        own = re.sub(r"{.*?}", "\n", f"{row.title_format}\n{row.body_format}")
        text = [getattr(row, name) for name in ("target_title", "excerpt") if hasattr(row, name)]
        if row.actor is not None:
            text.append(actor_name(row.actor))
    kind = [str(row._meta.verbose_name), str(row._meta.verbose_name_plural)]
    haystack = fold("\n".join([own, *text, *kind]))
    return all(word in haystack for word in fold(q).split())


LANGUAGE = "de"
urls = st.sampled_from(["", "/tea", "/milk", "/milk#2"])
types = st.lists(st.sampled_from(["comment", "like", "broadcast"]), max_size=2, unique=True).map(tuple)
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "q": texts | st.sampled_from(["gefällt", "GEFÄLLT tee", "ankündigung", "änne", "bob user", "öztürk", "nobody"]),
        "types": types,
        "not_types": types,
        "actor": st.integers(0, 3),
        "unread": st.booleans(),
        "read": st.booleans(),
        "archived": st.booleans(),
        "since": st.integers(0, 12),
        "until": st.integers(0, 12),
        "subject": st.sampled_from(["a.b:1", "a.b:2"]),
        "thread": st.none() | st.integers(0, 12),
    },
)


def thread_of(row: Any) -> str:
    return row.ref if isinstance(row, Broadcast) else row.thread


def expected_threads(pairs: list[Pair], refs: list[str]) -> tuple[list[Any], list[Any]]:
    """Of these items, the threads of messages and the announcements, each the last moved first: key, numbers of items
    and of unread ones, the newest, and how many have acted like it."""
    news, by_key = [], defaultdict(list)
    for item, row in pairs:
        if item.ref in refs:
            by_key[thread_of(row)].append((item, row))
    for key, [(item, row), *_others] in list(by_key.items()):
        if isinstance(row, Broadcast):
            news.append((key, 1, int(not item.read), item.ref))
            del by_key[key]
    found = []
    for key, members in by_key.items():
        rank = {item.ref: (row.seq if row.since is None else row.since) * CLOCK_UNIT + row.seq for item, row in members}
        newest = max(rank, key=lambda ref: rank[ref])
        found.append((rank[newest], (key, len(members), sum(not item.read for item, _row in members), newest)))
    return [thread for _rank, thread in sorted(found, reverse=True)], sorted(news, key=lambda one: refs.index(one[3]))


def expected(pairs: list[Pair], choice: dict[str, Any]) -> list[str]:
    found = []
    for item, row in pairs:
        holds = [
            has_words(item, row, choice.get("q", "")),
            not choice.get("types") or item.type in choice["types"],
            item.type not in choice.get("not_types", ()),
            "actor" not in choice or getattr(row, "actor_id", None) == choice["actor"],
            not (choice.get("unread") and item.read),
            not (choice.get("read") and not item.read),
            item.archived == choice.get("archived", False),
            "since" not in choice or item.created_at >= choice["since"],
            "until" not in choice or item.created_at < choice["until"],
            "subject" not in choice or getattr(row, "subject", None) == choice["subject"],
            "thread" not in choice or thread_of(row) == choice["thread"],
        ]
        if all(holds):
            found.append(item.ref)
    return found


@examples(12, settings(deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]))
@given(data=st.data())
def test_a_filter_is_what_python_finds(data: Any) -> None:
    with transaction.atomic():
        try_choices(data)
        transaction.set_rollback(True)


@contextmanager
def looking_through(*sizes: int) -> Iterator[None]:
    """Searches read so many messages with each statement, and stop after the last."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "SIZES", sizes)
        yield


def try_choices(data: Any) -> None:
    mailbox = Mailbox(data)
    times = sorted(item.created_at for item in mailbox.all()) or [timezone.now()]
    with override(LANGUAGE):
        for choice in data.draw(st.lists(CHOICES, min_size=3, max_size=5)):
            given, pairs = dict(choice), mailbox.pairs()
            if "actor" in given:
                given["actor"] = mailbox.actors[given["actor"]].pk
            for name in ("since", "until"):
                if name in given:
                    given[name] = times[min(given[name], len(times) - 1)]
            if "thread" in given:
                keys = sorted(thread_of(row) for _item, row in pairs)
                given["thread"] = "f" * 32 if given["thread"] is None or not keys else keys[given["thread"] % len(keys)]
            refs = everything(mailbox.user, **given)
            assert refs == expected(pairs, given), given
            with looking_through(1, 2):
                assert everything(mailbox.user, **given) == refs
            threads_are_of_what_is_listed(mailbox, pairs, given, refs)
        with looking_through(*data.draw(st.sampled_from([choosing.SIZES, (1, 2)]))):
            changed_is_listed(mailbox, given)


def threads_are_of_what_is_listed(mailbox: Mailbox, pairs: list[Pair], choice: dict[str, Any], refs: list[str]) -> None:
    found = [(each.key, each.items, each.unread, each.item.ref) for each in threads(mailbox.user, **choice)]
    of_messages, news = expected_threads(pairs, refs)
    assert [each for each in found if not each[0].startswith("broadcast-")] == of_messages, choice
    assert [each for each in found if each[0].startswith("broadcast-")] == news, choice
    for key, items, _unread, _newest in found[:1]:
        assert len(everything(mailbox.user, **choice | {"thread": key})) == items
        version = selectors.snapshot(mailbox.user).version
        with services.recording(mailbox.user) as act:
            services.change_chosen(mailbox.user, Choice(**choice | {"thread": key}), {"deleted": True}, version)
        assert act.changed == items
        assert key not in {each.key for each in threads(mailbox.user, **choice)}
        assert services.undo(mailbox.user, act.undo or "") == (items, 0)


def changed_is_listed(mailbox: Mailbox, choice: dict[str, Any]) -> None:
    listed = set(everything(mailbox.user, **choice))
    version = selectors.snapshot(mailbox.user).version
    before = {item.ref for item in mailbox.all()}
    with services.recording(mailbox.user) as act:
        changed = services.change_chosen(mailbox.user, Choice(**choice), {"deleted": True}, version)
    assert changed == act.changed == len(listed)
    assert before - {item.ref for item in mailbox.all()} == listed
    if act.undo:
        assert services.undo(mailbox.user, act.undo) == (len(listed), 0)
    assert {item.ref for item in mailbox.all()} == before


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("straße", "STRASSE"),
        ("ẞ", "ß"),
        ("ΟΔΟΣ", "οδος"),
        ("οδοσ", "ΟΔΟΣ"),
        ("Чай", "ЧАЙ"),
        ("ÉTÉ", "été"),
        ("ﬁ", "FI"),
    ],
)
def test_case_is_folded_in_every_script(text: str, other: str) -> None:
    assert fold(text) == fold(other)


@pytest.mark.parametrize("q", ["%", "_", "100_", "\\", "'", '"', "{", "a%b"])
def test_no_character_is_a_wildcard(user: Any, q: str) -> None:
    services.send([user], LikeMessage, target_title="100 tea")
    assert everything(user, q=q) == []
    services.send([user], LikeMessage, target_title=f"x{q}y")
    assert len(everything(user, q=q)) == 1


def test_others_are_never_found(user: Any) -> None:
    [other] = people(1)
    services.send([other], LikeMessage, target_title="Secret")
    assert everything(user, q="secret") == everything(user, q="liked") == []


def test_a_search_stops_and_goes_on(user: Any) -> None:
    """A page holds a worker no longer than it takes to read so many messages, whatever is looked for."""
    services.send([user], LikeMessage, target_title="Needle")
    FollowMessage.objects.bulk_create([FollowMessage(recipient_id=user) for _ in range(20)])
    choice = Choice(q="needle")
    with looking_through(2, 5, 5):
        first = selectors.inbox_page(user, choice=choice)
        assert (first.items, first.next is None) == ([], False)
        second = selectors.inbox_page(user, choice=choice, before=first.next)
        assert [item.title for item in second.items] == ["Someone liked “Needle”"]
        assert second.next is None


def test_a_search_reads_no_more_than_it_needs(user: Any) -> None:
    """In as many statements for one word as for eight: the snapshot, texts, messages, announcements, importance."""
    LikeMessage.objects.bulk_create([LikeMessage(recipient_id=user, target_title=f"{n} a b c") for n in range(300)])
    for q in ("a", "a b c", "1 2 3 a b c liked"):
        with CaptureQueriesContext(connection) as queries:
            selectors.inbox_page(user, choice=Choice(q=q), limit=1)
        assert len(queries) == 5


NO_CHOICES: list[dict[str, Any]] = [
    {"q": "x" * (MAX_SEARCH + 1)},
    {"q": " ".join(map(str, range(MAX_WORDS + 1)))},
    {"q": "\0"},
    {"subject": "\ud800"},
    {"since": datetime(2030, 1, 1)},
]


@pytest.mark.anywhere
@pytest.mark.parametrize("choice", NO_CHOICES)
def test_what_cannot_be_looked_for(choice: dict[str, Any]) -> None:
    with pytest.raises(BadValue):
        Choice(**choice)


def test_an_unknown_type_is_refused(user: Any) -> None:
    for choice in (Choice(types=("poem",)), Choice(not_types=("poem",))):
        with pytest.raises(BadValue):
            selectors.inbox_page(user, choice=choice)
        with pytest.raises(BadValue):
            services.change_chosen(user, choice, {"read": True}, 0)


# Many at once


def filled(user: Any, count: int) -> None:
    FollowMessage.objects.bulk_create([FollowMessage(recipient_id=user) for _ in range(count)], batch_size=1000)


def test_thousands_are_changed_in_batches_with_one_date(user: Any) -> None:
    filled(user, 2500)
    live()
    before = selectors.snapshot(user)
    with services.recording(user) as act:
        assert services.change_chosen(user, Choice(), {"archived": True}, before.version) == 2501
    after = selectors.snapshot(user)
    assert (after.unread, act.changed) == (0, 2501)
    assert after.version >= before.version + 4
    assert set(FollowMessage.objects.values_list("archived_at", "read_at").distinct()) == {(act.at, act.at)}
    assert services.undo(user, act.undo or "") == (2501, 0)
    assert selectors.snapshot(user).by_type == before.by_type


def test_what_is_so_already_is_not_counted(user: Any) -> None:
    filled(user, 3)
    version = selectors.snapshot(user).version
    services.mark_read(user, [FollowMessage.objects.all()[0].ref])
    assert services.change_chosen(user, Choice(), {"read": True}, version) == 2
    assert services.change_chosen(user, Choice(), {"read": True}, version) == 0


def test_what_came_or_came_back_after_the_page_stays(user: Any) -> None:
    filled(user, 3)
    first = FollowMessage.objects.last()
    version = selectors.snapshot(user).version
    services.mark_read(user, [first.ref])
    services.mark_unread(user, [first.ref])
    filled(user, 1)
    live()
    assert services.change_chosen(user, Choice(), {"deleted": True}, version) == 2
    assert len(everything(user)) == 3


def test_deleted_items_cannot_be_chosen(user: Any) -> None:
    with pytest.raises(BadValue):
        services.change_chosen(user, Choice(), {"deleted": False}, 0)


@postgres
@pytest.mark.django_db(transaction=True)
def test_an_act_on_many_against_arrivals(user: Any) -> None:
    """Between its batches messages arrive, and are spared; each version means one state."""
    filled(user, 2500)
    version = selectors.snapshot(user).version
    pause = Pause(r'UPDATE "inbox_followmessage"', before=2)
    act = lambda: services.change_chosen(user, Choice(), {"deleted": True}, version)  # noqa: E731
    with beside(pause.around(act)) as acting, pause, beside(after(pause, lambda: filled(user, 5))) as arriving:
        assert blocked(arriving)
        pause.may_go.set()
    assert acting.result(60) == 2500
    assert selectors.snapshot(user).unread == len(everything(user)) == 5


# The API


def test_the_api_lists_and_changes_by_the_same_filter(bob: Any) -> None:
    call = Caller(bob)
    comment(bob, target_title="Grüner Tee"), comment(bob, target_title="Milk")
    services.send([bob], LikeMessage, target_title="Grüner Tee")
    announcement(title="Tee")
    page = call.get("inbox/?q=TEE&not_type=like,broadcast").json()
    assert [item["title"] for item in page["items"]] == ["Someone commented on “Grüner Tee”"]
    found = call.get("inbox/?type=comment,like&q=GRÜNER").json()
    assert {item["type"] for item in found["items"]} == {"comment", "like"}
    body = {"filter": {"q": "tee", "type": "comment,like"}, "up_to": page["version"], "read": True, "archived": True}
    answer = call("POST", "inbox/changes/", body).json()
    assert (answer["changed"], answer["unread"]) == (2, 2)
    assert call("POST", "inbox/undo/", {"undo": answer["undo"]}).json()["restored"] == 2
    refs = [item["ref"] for item in found["items"]]
    answer = call("POST", "inbox/changes/", {"refs": refs, "deleted": True, "version": page["version"]}).json()
    assert (answer["changed"], answer["unread"]) == (2, 2)
    answer = call("POST", "inbox/changes/", {"refs": refs, "deleted": False, "read": True}).json()
    assert (answer["changed"], answer["unread"]) == (2, 2)


def test_words_are_looked_for_in_the_language_of_the_list(bob: Any) -> None:
    """Of what all items of a type say, the title of likes, only the German one has this word."""
    services.send([bob], LikeMessage, target_title="Tea")
    call, version = Caller(bob), state(bob).version
    listed = [call.get(f"inbox/?q=gef%C3%A4llt&language={code}").json()["items"] for code in ("en", "de")]
    assert [len(items) for items in listed] == [0, 1]
    body = {"filter": {"q": "gefällt"}, "up_to": version, "read": True}
    changed = [call("POST", f"inbox/changes/?language={code}", body).json()["changed"] for code in ("en", "de")]
    assert changed == [0, 1]


def test_one_foreign_ref_changes_nothing(bob: Any) -> None:
    [other] = people(1)
    services.send([other], FollowMessage)
    refs, before = [comment(bob).ref, FollowMessage.objects.get().ref], state(bob)
    problem(Caller(bob)("POST", "inbox/changes/", {"refs": refs, "read": True}), 404)
    assert state(bob) == before


BAD_BODIES: list[dict[str, Any]] = [
    {},
    {"read": True},
    {"refs": ["comment-1"]},
    {"refs": [], "read": True},
    {"refs": ["comment-1"], "filter": {}, "up_to": 1, "read": True},
    {"refs": ["comment-1"], "up_to": 1, "read": True},
    {"filter": {}, "read": True},
    {"filter": {}, "up_to": 1, "deleted": False},
    {"filter": {}, "up_to": 1, "version": 1, "read": True},
    {"filter": {"unread": 1}, "up_to": 1, "read": True},
    {"filter": {"q": "x" * 201}, "up_to": 1, "read": True},
    {"filter": {"q": "1 2 3 4 5 6 7 8 9"}, "up_to": 1, "read": True},
    {"filter": {"q": "\0"}, "up_to": 1, "read": True},
    {"filter": {"type": "poem"}, "up_to": 1, "read": True},
    {"filter": {"actor": "\0"}, "up_to": 1, "read": True},
    {"filter": {"since": "yesterday"}, "up_to": 1, "read": True},
    {"filter": {"thread": "x"}, "up_to": 1, "read": True},
    {"filter": {"starving": True}, "up_to": 1, "read": True},
    *({"filter": {"actor": actor}, "up_to": 1, "read": True} for actor in (True, 1.5, None, [], "\ud800", 10**30, "x")),
    {"filter": {}, "up_to": 1, "deleted": True, "snoozed_until": "2030-01-01T00:00:00Z"},
    {"refs": ["comment-1"], "deleted": True, "snoozed_until": "2030-01-01T00:00:00Z"},
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=str)
def test_what_is_no_change_is_422(bob: Any, body: dict[str, Any]) -> None:
    comment(bob)
    before = state(bob)
    errors = problem(Caller(bob)("POST", "inbox/changes/", body), 422)["errors"]
    assert not [error for error in errors if "Input should" in error["detail"]]  # pydantic's own English
    assert len({error["pointer"] for error in errors}) == len(errors)
    assert state(bob) == before


def test_an_announcement_is_chosen_by_its_thread(bob: Any) -> None:
    """Everywhere that a key of a thread is taken, in one act that can be undone."""
    comment(bob)
    news, other = announcement(), announcement()
    call, page = Caller(bob), Caller(bob).get("inbox/threads/").json()
    assert {news.ref, other.ref} < {thread["key"] for thread in page["threads"]}
    for path in ("inbox/", "inbox/threads/"):
        found = call.get(f"{path}?thread={news.ref}").json()
        assert [item.get("ref", item.get("key")) for item in found.get("items") or found["threads"]] == [news.ref]
    assert [item["ref"] for item in call.get(f"inbox/threads/{news.ref}/").json()["items"]] == [news.ref]
    for changes in ({"read": True}, {"starred": True}, {"archived": True}, {"deleted": True}):
        body = {"filter": {"thread": news.ref}, "up_to": state(bob).version, **changes}
        answer = call("POST", "inbox/changes/", body).json()
        assert answer["changed"] == 1
        assert call("POST", "inbox/undo/", {"undo": answer["undo"]}).json()["restored"] == 1
    assert not call.get("inbox/?thread=broadcast-999").json()["items"]
    assert (state(bob).unread, state(bob).threads) == (3, 3)


def test_an_announcement_shown_later_stays_as_it_is(bob: Any) -> None:
    version = state(bob).version
    news = announcement()
    body = {"filter": {"thread": news.ref}, "up_to": version, "read": True}
    assert Caller(bob)("POST", "inbox/changes/", body).json()["changed"] == 0


def test_a_headline_is_about_what_is_chosen(bob: Any) -> None:
    ann, joe = (person(7000 + n) for n in range(2))
    for n, name in ((0, ann), (1, joe)):
        name.first_name, name.last_name = ["Ann", "Joe"][n], ""
        name.save()
    for actor, title in ((ann, "Green tea"), (joe, "Milk"), (ann, "Black tea")):
        comment(bob, actor=actor, target_title=title, url="/shop/")
    services.mark_read(bob, [CommentMessage.objects.latest("seq").ref])
    call = Caller(bob)

    def listed(query: str) -> list[tuple[Any, ...]]:
        found = call.get(f"inbox/threads/?{query}").json()["threads"]
        titles = [re.sub("[\u2068\u2069]", "", thread["title"]) for thread in found]
        return [(title, thread["items"], thread["unread"]) for title, thread in zip(titles, found, strict=True)]

    assert listed("") == [("Ann and Joe commented on “Black tea”", 3, 2)]
    assert listed(f"actor={joe.pk}") == [("Joe commented on “Milk”", 1, 1)]
    assert listed("q=TEA") == [("Ann commented on “Black tea”", 2, 1)]
    assert listed("unread=1") == [("Joe and Ann commented on “Milk”", 2, 2)]
    assert listed("read=1") == [("Ann commented on “Black tea”", 1, 0)]
    assert listed("archived=1") == listed("starred=1") == listed("type=like") == []
    assert [title for title, *_counts in listed("q=comment")] == [title for title, *_counts in listed("")]


def test_under_a_filter_what_has_returned_stalls_no_announcement(bob: Any) -> None:
    """Whether or not the old message that is unread again is the newest of its thread."""
    now = timezone.now()

    def sent(days: int, url: str, title: str = "tea") -> Any:
        row = comment(bob, url=url, target_title=title)
        CommentMessage.objects.filter(pk=row.pk).update(created_at=now - timedelta(days=days))
        return row

    old, later = sent(90, "/old/"), sent(20, "/later/")
    news = announcement(title="tea")
    Broadcast.objects.filter(pk=news.pk).update(published_at=now - timedelta(days=30))
    services.mark_read(bob, [old.ref])
    services.mark_unread(bob, [old.ref])
    expected = [old.ref, later.ref, news.ref]
    assert [thread.item.ref for thread in threads(bob.pk, q="tea")] == expected
    sent(1, "/old/", "milk")  # then the time at which it returned is stored no more
    assert [thread.item.ref for thread in threads(bob.pk, q="tea")] == expected


@pytest.mark.parametrize("name", ["actor", "subject", "thread"])
def test_what_no_announcement_has_can_be_filtered_by(bob: Any, name: str) -> None:
    """With announcements there, of which none is chosen."""
    [ann], about = people(1), "blog.post:7"
    row, other = comment(bob, actor=ann, target=about, url="/tea/"), comment(bob)
    announcement()
    chosen, body = {"actor": ann, "subject": about, "thread": row.thread}, {"up_to": state(bob).version}
    filtering = {"filter": {name: chosen[name]}, "snoozed_until": "2030-01-01T00:00:00Z"}
    for changes in ({"read": True}, {"starred": True}, {"archived": True, "read": True}):
        answer = Caller(bob)("POST", "inbox/changes/", {"filter": {name: chosen[name]}, **body, **changes})
        assert (answer.status_code, answer.json()["changed"]) == (200, 1)
    assert Caller(bob)("POST", "inbox/changes/", {**filtering, **body}).json()["changed"] == 0  # it is archived
    other.refresh_from_db()
    assert (other.read_at, other.starred_at, state(bob).unread) == (None, None, 2)


@pytest.mark.parametrize(
    "query", ["q=" + "x" * 201, "q=%00", "type=poem", "not_type=comment,poem", "since=today", "thread=x", "actor=x"]
)
def test_what_is_no_filter_is_422(bob: Any, query: str) -> None:
    for error in problem(Caller(bob).get(f"inbox/?{query}"), 422)["errors"]:
        assert error["pointer"] in ("", f"/{query.partition('=')[0]}")
    problem(Caller(bob).get(f"inbox/threads/?{query}"), 422)


def test_dates_limit_when_items_arrived(bob: Any) -> None:
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    for hours in range(3):
        row = comment(bob)
        CommentMessage.objects.filter(pk=row.pk).update(created_at=noon + timedelta(hours=hours))
    call = Caller(bob)
    query = "since=2030-01-01T13:00:00Z&until=2030-01-01T15:00:00%2B01:00"
    assert [item["created_at"] for item in call.get(f"inbox/?{query}").json()["items"]] == ["2030-01-01T13:00:00.000Z"]


def twice_in_one_night() -> tuple[datetime, datetime]:
    """Half past two, before and after the clocks went back. Python takes these for equal."""
    first = datetime(2030, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    return first, first.replace(fold=1)


def test_a_search_is_limited_by_the_time_in_its_zone(user: Any) -> None:
    first, second = twice_in_one_night()
    row = comment(user)
    CommentMessage.objects.filter(pk=row.pk).update(created_at=first.astimezone(UTC))
    found = [selectors.inbox_page(user, choice=Choice(q="comment", since=since)).items for since in (second, first)]
    assert [len(items) for items in found] == [0, 1]


def test_a_snooze_of_many_ends_at_the_time_in_its_zone(user: Any, clock: Any) -> None:
    filled(user, 1)
    services.snooze(user, [FollowMessage.objects.get().ref], datetime(2030, 2, 1, tzinfo=UTC))
    for until in twice_in_one_night():
        version = selectors.snapshot(user).version
        services.change_chosen(user, Choice(snoozed=True), {"snoozed_until": until}, version)
        assert FollowMessage.objects.get().snoozed_until == until.astimezone(UTC)


def test_only_the_name_that_titles_show_is_searched(user: Any) -> None:
    """Who could search for the letters of another one, such as an address of mail, could guess it."""
    ann = person(6000)
    ann.email, ann.first_name, ann.last_name = "ann@secret.example", "Ann", "Lee"
    ann.save()
    comment(user, actor=ann)
    found = lambda q: len(everything(user, q=q))  # noqa: E731
    assert [found(q) for q in ("ann lee", "lee", "secret", "@", "user6000", ann.get_username())] == [1, 1, 0, 0, 0, 0]
    ann.first_name = ann.last_name = ""
    ann.save()
    assert [found(q) for q in ("lee", "secret", ann.get_username())] == [0, 0, 1]


def test_a_site_may_show_other_names(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = person(6000)
    ann.first_name = "Ann"
    ann.save()
    comment(user, actor=ann)
    monkeypatch.setattr(type(ann), "get_full_name", lambda user: f"Dr. {user.first_name[0]}")
    assert [len(everything(user, q=q)) for q in ("ann", "dr. a")] == [0, 1]


@pytest.mark.anywhere
@isolate_apps("inbox")
def test_a_site_may_have_users_without_first_names() -> None:
    """Their class may have Django's methods all the same."""

    class Named(AbstractUser):
        first_name = last_name = None  # type: ignore[assignment]

        class Meta:
            app_label = "inbox"

    assert list(choosing._names(Named._base_manager.none())) == []


def test_a_site_may_have_a_manager_that_annotates(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its messages have these values on every list."""

    class Manager(BaseManager.from_queryset(MailboxRowQuerySet)):  # type: ignore[misc]
        def get_queryset(self) -> Any:
            return super().get_queryset().annotate(how=Value("loudly"), twice=F("seq") * 2)

    services.send([user], LikeMessage, target_title="Tea")
    services.send([user], FollowMessage)
    manager = Manager()
    manager.model, manager.name = LikeMessage, "objects"
    monkeypatch.setattr(LikeMessage, "objects", manager)
    monkeypatch.setattr(LikeMessage, "render_title", lambda row: f"liked {row.how} {row.twice // row.seq}")
    for kept in (pages.kept_parts, pages._layout):
        monkeypatch.setattr(pages, kept.__name__, cache(kept.__wrapped__))
    choices: list[dict[str, Any]] = [{}, {"q": "tea"}, {"until": timezone.now()}]
    for choice in choices:
        titles = {item.title for item in selectors.inbox_page(user, choice=Choice(**choice)).items}
        assert "liked loudly 2" in titles
        assert "liked loudly 2" in {thread.title for thread in threads(user, **choice)}
