"""What the database says, held against the world after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import uuid4

import time_machine
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import UUIDField
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from inbox import conf, selectors, services
from inbox.core.snapshots import CLOCK_UNIT, Snapshot, user_id
from inbox.models import Message, event_types
from inbox.selectors.badges import snapshot_for_write
from inbox.selectors.items import Item
from inbox.selectors.threads import Headline

from ..listening import Heard
from ..may_follow import a_site_that_lets_follow
from ..threading import ByHand, by_hand, counted_of, shown_in_threads, stored
from .things import START, Note, Person
from .world import World

T = TypeVar("T")
User = get_user_model()
SECTIONS = 3  # what is read of an inbox, a part in each step: it costs dozens of statements
SAYS = {
    "comment": "{} commented on “Tea”",
    "mention": "{} mentioned you in “Tea”",
    "follow": "{} followed you",
    "system": "Hello",
    "parcel": "A parcel with tea",  # of tests/inbox/abroad
}
some = st.lists(st.integers(0, 99), max_size=4)
several = st.lists(st.integers(0, 99), min_size=1, max_size=4)
one = st.integers(0, 99)


def wipe() -> None:
    """Empty the tables that the machine fills: quicker than a flush, which would wake every table of the site."""
    models = {*apps.get_app_config("inbox").get_models(include_auto_created=True), *event_types().values()}
    tables = [model._meta.db_table for model in (*models, User.groups.through, Group, User)]
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")


class Reality(RuleBasedStateMachine):
    """Rules change the database and the world alike, and say who may notice: `touched` users, or all if `ticked`; and
    who may advance without an announcement (`silent`)."""

    nobody = uuid4() if isinstance(User._meta.pk, UUIDField) else 10**9

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.callback(wipe)
        self.heard = self.stack.enter_context(Heard())
        self.time = self.stack.enter_context(time_machine.travel(START, tick=False))
        self.stack.enter_context(a_site_that_lets_follow())
        self.world = World(important=conf.important())
        self.touched: set[Any] = set()
        self.silent: set[Any] = set()
        self.ticked = False
        self.versions: dict[Any, int] = {}
        self.read: dict[tuple[int, Any], int] = {}  # the version of which a section was held against the world last
        self.badges: dict[tuple[Any, int], Snapshot] = {}
        self.states: dict[tuple[Any, int], tuple[Any, ...]] = {}
        self.pages: dict[tuple[int, Any, int], Any] = {}  # by section, user and version
        self.steps: dict[Any, dict[Any, int]] = {}  # user → version → step at which it was last seen
        self.names: dict[Any, str] = {}

    def teardown(self) -> None:
        self.stack.close()

    # What rules need

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def pick(self, things: Sequence[T], n: int) -> T:
        return things[n % len(things)]

    def picks(self, things: Sequence[T], ns: Iterable[int]) -> list[T]:
        return [things[n] for n in sorted({n % len(things) for n in ns})] if things else []

    def person(self, n: int) -> Person:
        return self.world.people[self.pick(sorted(self.world.people), n)]

    def people(self, ns: Iterable[int]) -> list[int]:
        return self.picks(sorted(self.world.people), ns)

    def notes(self, ns: Iterable[int]) -> list[Note]:
        return self.picks(self.world.notes, ns)

    def shown_once(self, user: Any, then: int) -> tuple[int, int]:
        """A version that the user was shown once, and the step at which it was last the present one."""
        return self.pick(sorted(self.steps[user].items(), reverse=True), then)

    def begin(self) -> None:
        """There are two people. Steps in an empty mailbox would show nothing."""

    # What holds

    @invariant()
    def holds(self) -> None:
        """For everybody by the numbers; for one person by a part of the pages as well."""
        self.due()
        people = sorted(self.world.people)
        self.note(selectors.snapshots(people))  # with what is undone
        assert services.mend(is_due=True, users=people)
        found = selectors.snapshots(people)
        self.note(found)
        assert selectors.versions(people) == {user: snapshot.version for user, snapshot in found.items()}
        snapshots = {pk: found.pop(user_id(pk)) for pk in people}
        assert found == {}
        for pk in people:
            self.badge_is_the_world(pk, snapshots[pk])
            self.advanced_if_touched(pk, snapshots[pk].version)
        rows = shown_in_threads(people)
        self.threads_are_counted(people, rows)
        self.holds_for(people, snapshots, rows)
        assert self.heard.users <= {user_id(pk) for pk in self.touched}
        self.heard.clear()
        self.touched, self.silent, self.ticked = set(), set(), False
        self.world.end_step()

    def note(self, found: dict[Any, Snapshot]) -> None:
        """Mended or not: a version means one state."""
        for snapshot in found.values():
            assert self.badges.setdefault((snapshot.user, snapshot.version), snapshot) == snapshot

    def due(self) -> None:
        self.touched |= self.world.wake(self.now)
        for news in self.world.news:
            if news.state == "scheduled" and news.publish_at and news.publish_at <= self.now:
                if news.expires_at and news.expires_at <= self.now:
                    news.state = "expired"
                elif not self.world.has_readers(news):
                    news.state = "blocked"
                else:
                    self.world.come_out(news, self.now, self.now)
                    self.ticked = True
            elif news.live and news.expires_at and news.expires_at <= self.now:
                news.state = "expired"
                self.ticked = True

    def badge_is_the_world(self, pk: Any, snapshot: Snapshot) -> None:
        """And a version means one state: one snapshot, and one list of items with their marks."""
        cap, types = conf.unread_cap(), [ref.partition("-")[0] for ref in self.world.unread(pk)]
        assert (snapshot.unread, snapshot.capped) == (min(len(types), cap), len(types) > cap)
        assert snapshot.by_type == {name: min(types.count(name), cap) for name in types}
        shown = sum(self.world.threads(pk)[counts] for counts in self.world.threads(pk) if counts[1])
        shown += types.count("broadcast")
        assert snapshot.threads == min(shown, cap)
        assert snapshot.unseen == min(len(self.world.unseen(pk)), cap) <= snapshot.unread
        lists = self.world.looks(pk), self.world.announced(pk), self.world.snoozed(pk), self.world.order(pk)
        state = (snapshot, *lists, {about: len(notes) for about, notes in self.world.conversations(pk).items()})
        assert self.states.setdefault((pk, snapshot.version), state) == state
        self.steps.setdefault(pk, {})[snapshot.version] = self.world.step

    def threads_are_counted(self, people: list[Any], rows: list[Message]) -> None:
        """As the world counts them, and as one counts rows."""
        found = stored(people)
        assert found == counted_of(rows)
        for pk in people:
            mine = Counter(counts[:2] for (owner, _key), counts in found.items() if owner == pk)
            assert mine == self.world.threads(pk)

    def advanced_if_touched(self, pk: Any, version: int) -> None:
        before = self.versions.get(pk, version)
        self.versions[pk] = version
        assert version >= before
        (clock, mailbox), (old_clock, old_mailbox) = divmod(version, CLOCK_UNIT), divmod(before, CLOCK_UNIT)
        is_told = pk in self.touched and user_id(pk) in self.heard.users
        assert mailbox == old_mailbox or is_told or pk in self.silent
        assert clock == old_clock or (self.ticked and self.heard.broadcasts)

    # Pages

    def holds_for(self, people: list[Any], snapshots: dict[Any, Snapshot], rows: list[Message]) -> None:
        """One section of one person's pages: rather of somebody with a new version, else of anybody, in turn."""
        section = self.world.step % SECTIONS
        new = [pk for pk in people if self.read.get((section, pk)) != snapshots[pk].version]
        pk = self.pick(new or people, self.world.step // SECTIONS)
        version = snapshots[pk].version
        read = [self.items_are_the_world, self.threads_are_the_world, self.filters_are_the_world][section]
        page = read(pk, version, [row for row in rows if row.recipient_id == pk])
        assert self.pages.setdefault((section, pk, version), page) == page
        self.read[section, pk] = version

    def items_are_the_world(self, pk: Any, version: int, _rows: list[Message]) -> Any:
        items = selectors.inbox_page(pk, limit=100).items
        archived = selectors.inbox_page(pk, limit=100, archived=True).items
        looks = {item.ref: (item.read, item.archived, item.starred, item.url) for item in (*items, *archived)}
        assert looks == self.world.looks(pk)
        pressed = {item.ref: item.pressed for item in (*items, *archived)}
        assert pressed == {ref: marks.pressed for ref, marks in self.world.shown(pk).items()}
        self.in_order(pk, items)
        with transaction.atomic():
            services.see(pk, version)
            assert snapshot_for_write(pk).unseen == 0
            transaction.set_rollback(True)
        return look(items), look(archived)

    def in_order(self, pk: Any, items: list[Item]) -> None:
        notes, news = self.world.order(pk)
        assert [item.ref for item in items if item.type != "broadcast"] == notes
        assert [item.ref for item in items if item.type == "broadcast"] == news
        assert [item.created_at for item in items] == sorted((item.created_at for item in items), reverse=True)

    def filters_are_the_world(self, pk: Any, version: int, _rows: list[Message]) -> Any:
        """Each section of the inbox, what waits for an answer, and what mark-all takes."""
        pages = {
            name: selectors.inbox_page(pk, limit=100, **{name: True}).items
            for name in ("unread", "starred", "snoozed", "important")
        }
        for name, items in pages.items():
            chosen = self.world.chosen(pk, {name: True})
            assert {item.ref for item in items} == {thing.ref for thing, _marks in chosen}
        assert {item.ref: item.snoozed_until for item in pages["snoozed"]} == self.world.snoozed(pk)
        assert all(item.important for item in pages["important"])
        kinds = {each.item.ref: set(each.kinds) for each in selectors.announcements(pk).items}
        assert kinds == self.world.announced(pk)
        with transaction.atomic():
            assert services.mark_all_read(pk, version) == len(pages["unread"])
            transaction.set_rollback(True)
        return {name: look(items) for name, items in pages.items()}

    def threads_are_the_world(self, pk: Any, _version: int, rows: list[Message]) -> Any:
        """The page of threads, and one thread that is opened."""
        page = selectors.thread_page(pk, limit=100).threads
        byhand = self.are_threads_of(page, rows)
        self.moved_in_order(pk, page)
        if page:
            opened = self.pick(page, self.world.step)
            refs = {each.key: each.refs for each in byhand}.get(opened.key, [opened.key])
            assert [item.ref for item in selectors.thread_items(pk, opened.key, limit=100).items] == refs
        unread = selectors.thread_page(pk, limit=100, unread=True).threads
        self.are_threads_of(unread, [row for row in rows if row.read_at is None])
        return [(thread.key, thread.items, thread.unread, thread.moved_at, look([thread.item])) for thread in page]

    def are_threads_of(self, page: list[Headline], rows: list[Message]) -> list[ByHand]:
        """The page shows these messages; announcements aside."""
        byhand = by_hand(rows)
        threads = [thread for thread in page if thread.item.type != "broadcast"]
        assert [(thread.key, thread.items, thread.unread, thread.item.ref, thread.title) for thread in threads] == [
            (each.key, len(each.refs), each.unread, each.newest, self.headline(each)) for each in byhand
        ]
        return byhand

    def headline(self, thread: ByHand) -> str:
        if missing := self.world.people.keys() - self.names.keys():
            users = User._base_manager.filter(pk__in=missing)
            self.names |= {user.pk: user.get_username() for user in users}
        names = [self.names.get(actor, "Someone") for actor in thread.actors]
        joined = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        if len(names) > 3:
            joined = f"{names[0]}, {names[1]} and {len(names) - 2} others"
        return SAYS[thread.newest.partition("-")[0]].format(joined)

    def moved_in_order(self, pk: Any, page: list[Headline]) -> None:
        """The last moved first, as the world tells it; and each announcement before what moved no later."""
        mine = {note.ref: note for notes in self.world.conversations(pk).values() for note in notes}
        threads = [thread for thread in page if thread.item.ref in mine]
        newest = [mine[thread.item.ref] for thread in threads]
        moved = [note.came(self.world.step) for note in newest]
        assert moved == [max(other.came(self.world.step) for other in self.world.thread_of(note)) for note in newest]
        assert moved == sorted(moved, reverse=True)
        news = [thread for thread in page if thread.item.ref not in mine]
        assert [thread.key for thread in news] == self.world.order(pk)[1]
        assert [(thread.items, thread.unread) for thread in news] == [(1, int(not thread.item.read)) for thread in news]
        for upper, lower in pairwise(page):
            if upper.item.ref in mine and lower.item.ref not in mine:
                assert upper.moved_at > lower.moved_at
            elif lower.item.ref in mine and upper.item.ref not in mine:
                assert upper.moved_at >= lower.moved_at
        for thread, note in zip(threads, newest, strict=True):
            assert note.since is not None or note.has_returned or thread.moved_at == thread.item.created_at


def look(items: Iterable[Item]) -> list[tuple[Any, ...]]:
    """What a version fixes of items: who did it may lose a name later."""
    return [
        (item.ref, item.read, item.archived, item.starred, item.important, item.snoozed_until, item.pressed, item.url)
        for item in items
    ]
