"""What the database says, held against the world after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import time_machine
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import UUIDField
from hypothesis import strategies as st
from hypothesis.stateful import invariant

from inbox import conf, selectors, services
from inbox.core.snapshots import CLOCK_UNIT, Snapshot, user_id
from inbox.models import Message, event_types

from ..listening import Heard
from ..may_follow import a_site_that_lets_follow
from ..threading import counted_of, is_in_threads, messages_of, stored
from .pages import Pages
from .stored import messages_are_stored, receipts_are_stored
from .things import START, Note, Person
from .world import World

T = TypeVar("T")
User = get_user_model()
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


class Reality(Pages):
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
        self.badges: dict[tuple[Any, int], Snapshot] = {}
        self.states: dict[tuple[Any, int], tuple[Any, ...]] = {}
        self.steps: dict[Any, dict[Any, int]] = {}  # user → version → step at which it was last seen

    def teardown(self) -> None:
        self.stack.close()

    # What rules need

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

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
        undone = selectors.snapshots(people)
        self.note(undone)
        pk = self.pick(people, self.world.step)
        self.counts_what_is_shown(undone[user_id(pk)], pk)
        assert services.mend(is_due=True, users=people)
        found = selectors.snapshots(people)
        self.note(found)
        assert selectors.versions(people) == {user: snapshot.version for user, snapshot in found.items()}
        snapshots = {pk: found.pop(user_id(pk)) for pk in people}
        assert found == {}
        for pk in people:
            self.badge_is_the_world(pk, snapshots[pk])
            self.advanced_if_touched(pk, snapshots[pk].version)
        rows = messages_of(people)
        messages_are_stored(self.world.notes, rows)
        receipts_are_stored(self.world.receipts)
        rows = [row for row in rows if is_in_threads(row)]
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
        state = (snapshot, *lists, self.world.moves(pk))
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
