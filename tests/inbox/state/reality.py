"""What the database says, held against the world after every step."""

from __future__ import annotations

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
from hypothesis.stateful import RuleBasedStateMachine, invariant

from inbox import conf, selectors, services
from inbox.core.snapshots import CLOCK_UNIT, Snapshot, user_id
from inbox.models import event_types
from inbox.selectors.items import Item

from ..listening import Heard
from .world import Note, Person, World

T = TypeVar("T")
User = get_user_model()
START = datetime(2030, 1, 1, 12, tzinfo=UTC)
some = st.lists(st.integers(0, 99), max_size=4)
one = st.integers(0, 99)


def wipe() -> None:
    """Empty the tables that the machine fills: quicker than a flush, which would wake every table of the site."""
    models = {*apps.get_app_config("inbox").get_models(include_auto_created=True), *event_types().values()}
    tables = [model._meta.db_table for model in (*models, User.groups.through, Group, User)]
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")


class Reality(RuleBasedStateMachine):
    """Rules change the database and the world alike, and say who may notice: `touched` users, or all if `ticked`."""

    nobody = uuid4() if isinstance(User._meta.pk, UUIDField) else 10**9

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.callback(wipe)
        self.heard = self.stack.enter_context(Heard())
        self.time = self.stack.enter_context(time_machine.travel(START, tick=False))
        self.world = World()
        self.touched: set[Any] = set()
        self.ticked = False
        self.versions: dict[Any, int] = {}
        self.listed: dict[Any, int] = {}  # the version of the last list that was held against the world
        self.badges: dict[tuple[Any, int], Snapshot] = {}
        self.states: dict[tuple[Any, int], tuple[Snapshot, dict[str, Any], dict[str, set[str]]]] = {}
        self.steps: dict[Any, dict[Any, int]] = {}  # user → version → step at which it was last seen

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

    # What holds

    @invariant()
    def holds(self) -> None:
        """For everybody by the numbers; for one of those with a new version by the list as well.

        The list costs twenty statements.
        """
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
        self.holds_for(people, snapshots)
        assert self.heard.users <= {user_id(pk) for pk in self.touched}
        self.heard.clear()
        self.touched, self.ticked = set(), False
        self.world.end_step()

    def note(self, found: dict[Any, Snapshot]) -> None:
        """Mended or not: a version means one state."""
        for snapshot in found.values():
            assert self.badges.setdefault((snapshot.user, snapshot.version), snapshot) == snapshot

    def due(self) -> None:
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
        state = snapshot, self.world.looks(pk), self.world.announced(pk)
        assert self.states.setdefault((pk, snapshot.version), state) == state
        self.steps.setdefault(pk, {})[snapshot.version] = self.world.step

    def holds_for(self, people: list[Any], snapshots: dict[Any, Snapshot]) -> None:
        new = [pk for pk in people if self.listed.get(pk) != snapshots[pk].version]
        if new:
            pk = self.pick(new, self.world.step)
            self.list_is_the_world(pk, snapshots[pk].version)
            self.listed[pk] = snapshots[pk].version

    def list_is_the_world(self, pk: Any, version: int) -> None:
        items = selectors.inbox_page(pk, limit=100).items
        archived = selectors.inbox_page(pk, limit=100, archived=True).items
        looks = {item.ref: (item.read, item.archived, item.url) for item in (*items, *archived)}
        assert looks == self.world.looks(pk)
        kinds = {each.item.ref: set(each.kinds) for each in selectors.announcements(pk).items}
        assert kinds == self.world.announced(pk)
        self.in_order(pk, items)
        unread = [item for item in items if not item.read]
        assert selectors.inbox_page(pk, limit=100, unread=True).items == unread
        self.mark_all_takes(unread, pk, version)

    def in_order(self, pk: Any, items: list[Item]) -> None:
        notes, news = self.world.order(pk)
        assert [item.ref for item in items if item.type != "broadcast"] == notes
        assert [item.ref for item in items if item.type == "broadcast"] == news
        assert [item.created_at for item in items] == sorted((item.created_at for item in items), reverse=True)

    def advanced_if_touched(self, pk: Any, version: int) -> None:
        before = self.versions.get(pk, version)
        self.versions[pk] = version
        assert version >= before
        (clock, mailbox), (old_clock, old_mailbox) = divmod(version, CLOCK_UNIT), divmod(before, CLOCK_UNIT)
        assert mailbox == old_mailbox or (pk in self.touched and user_id(pk) in self.heard.users)
        assert clock == old_clock or (self.ticked and self.heard.broadcasts)

    def mark_all_takes(self, unread: list[Item], pk: Any, version: int) -> None:
        """Tried in a transaction that is taken back."""
        with transaction.atomic():
            assert services.mark_all_read(pk, version) == len(unread)
            transaction.set_rollback(True)
