"""The lists that people look at, page by page, and what they choose for them."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import selectors
from inbox.core.choice import Choice
from inbox.models import event_types

from .messages import COLUMNS, SUBJECTS
from .reality import Reality, one
from .things import SAID, News, Note

has_things = precondition(lambda self: bool(self.world.notes or self.world.news))
FILTERS = ["unread", "read", "archived", "starred", "snoozed", "important"]
FILTERS += ["types", "not_types", "subject", "thread", "thread", "actor", "since", "until", "q"]
wishes = st.lists(st.tuples(st.sampled_from(FILTERS), one), max_size=2)


class Lists(Reality):
    def choice(self, user: Any, wanted: list[tuple[str, int]]) -> tuple[dict[str, Any], Choice]:
        """As the world tells it, and as the services take it."""
        things = [thing for thing, _marks in self.world.in_reach(user)]
        wish: dict[str, Any] = {}
        for name, n in wanted:
            if name in {"types", "not_types"}:
                wish[name] = (self.pick([*sorted(COLUMNS), "broadcast"], n),)
            elif name == "actor":
                wish[name] = self.person(n).pk
            elif name == "subject":
                wish[name] = self.pick(SUBJECTS, n)
            elif name == "q":
                wish[name] = self.pick(sorted(SAID), n)
            elif name not in {"thread", "since", "until"}:
                wish[name] = True
            elif things:
                thing = self.pick(things, n)
                wish[name] = thing.about if name == "thread" else thing.came_at
        choice = dict(wish)
        if "thread" in wish:
            choice["thread"] = self.key_of(next(thing for thing in things if thing.about == wish["thread"]))
        return wish, Choice(**choice)

    def key_of(self, thing: Note | News) -> str:
        """The key of its thread."""
        if isinstance(thing, News):
            return thing.ref
        return str(event_types()[thing.type].objects.values_list("thread", flat=True).get(pk=thing.pk))

    @has_things
    @rule(who=one, limit=st.integers(1, 3), wanted=wishes)
    def walk(self, who: int, limit: int, wanted: list[tuple[str, int]]) -> None:
        """Small pages, one after the other, are the whole list; and filters are filters."""
        user = self.person(who).pk
        wish, choice = self.choice(user, wanted)
        whole = selectors.inbox_page(user, limit=100, choice=choice).items
        chosen = self.world.chosen(user, wish)
        notes = sorted((thing for thing, _marks in chosen if isinstance(thing, Note)), key=lambda note: -note.order)
        assert [item.ref for item in whole if item.type != "broadcast"] == [note.ref for note in notes]
        assert len(whole) == len(chosen)
        found, cursor = [], None
        while len(found) <= len(whole):
            page = selectors.inbox_page(user, before=cursor, limit=limit, choice=choice)
            found += page.items
            if (cursor := page.next) is None:
                break
        assert found == whole

    @has_things
    @rule(who=one, limit=st.integers(1, 3), wanted=wishes)
    def walk_threads(self, who: int, limit: int, wanted: list[tuple[str, int]]) -> None:
        """The same by threads: they count what is chosen of them."""
        user = self.person(who).pk
        wish, choice = self.choice(user, wanted)
        whole = selectors.thread_page(user, limit=100, choice=choice).threads
        chosen = {thing.ref for thing, _marks in self.world.chosen(user, wish)}
        rows = [row for model in event_types().values() for row in model.objects.filter(recipient=user)]
        self.are_threads_of(whole, [row for row in rows if row.ref in chosen])
        shown = {thread.key for thread in whole if thread.item.type == "broadcast"}
        assert shown == {ref for ref in chosen if ref.startswith("broadcast")}
        found, cursor = [], None
        while len(found) <= len(whole):
            page = selectors.thread_page(user, before=cursor, limit=limit, choice=choice)
            found += page.threads
            if (cursor := page.next) is None:
                break
        assert found == whole

    @has_things
    @rule(who=one, which=one, limit=st.integers(1, 3))
    def walk_a_thread(self, who: int, which: int, limit: int) -> None:
        user = self.person(who).pk
        if not (threads := selectors.thread_page(user, limit=100).threads):
            return
        key = self.pick(threads, which).key
        whole = selectors.thread_items(user, key, limit=100).items
        found, cursor = [], None
        while len(found) <= len(whole):
            page = selectors.thread_items(user, key, before=cursor, limit=limit)
            found += page.items
            if (cursor := page.next) is None:
                break
        assert found == whole
