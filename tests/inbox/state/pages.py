"""The pages that people look at, held against the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine

from inbox import selectors, services
from inbox.core.snapshots import Snapshot
from inbox.models import Message
from inbox.selectors.badges import snapshot_for_write
from inbox.selectors.items import Item
from inbox.selectors.threads import Headline

from ..threading import ByHand, by_hand
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


class Pages(RuleBasedStateMachine):
    """A person's pages at one version, a part of them at a time; what was read once at a version stays so."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.read: dict[tuple[int, Any], int] = {}  # the version of which a section was held against the world last
        self.pages: dict[tuple[int, Any, int], Any] = {}  # by section, user and version
        self.names: dict[Any, str] = {}

    def pick(self, things: Sequence[T], n: int) -> T:
        return things[n % len(things)]

    def counts_what_is_shown(self, snapshot: Snapshot, pk: Any) -> None:
        """Also before what is due was mended: badge, list and mark-all are of one state. Threads that an older release
        has made stale are counted anew by the mend."""
        unread = Counter(item.type for item in selectors.inbox_page(pk, limit=100, unread=True).items)
        assert snapshot.capped or snapshot.by_type == unread
        with transaction.atomic():
            assert services.mark_all_read(pk, snapshot.version) == unread.total()
            transaction.set_rollback(True)

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
        looks = {
            item.ref: (item.read, item.archived, item.starred, item.pressed, item.url) for item in (*items, *archived)
        }
        assert looks == self.world.looks(pk)
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
