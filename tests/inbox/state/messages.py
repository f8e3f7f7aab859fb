"""What happens to messages and receipts: services, and plain ORM use beside them."""

from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import timedelta
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import selectors, services
from inbox.errors import Changed, NotFound
from inbox.models import BroadcastReceipt, event_types

from .reality import Reality, one, some
from .world import PURGE, Marks, News, Note

KNOWN: dict[str, dict[str, str]] = {
    "comment": {"target_title": "Tea"},
    "follow": {},
    "system": {"title": "Hello"},
    "parcel": {"content": "tea"},  # of tests/inbox/abroad
}
COLUMNS = {name: columns for name, columns in KNOWN.items() if name in event_types()}
ACTS = ["mark_read", "mark_unread", "archive", "unarchive", "delete", "undelete"]
types = st.sampled_from(sorted(COLUMNS))
acts = st.sampled_from(ACTS)
keys = st.none() | st.just("tea")
urls = st.sampled_from(["", "/tea"])
has_notes = precondition(lambda self: bool(self.world.notes))


class Messages(Reality):
    def arrived(self, rows: list[Any], as_read: bool = False) -> None:
        """Rows written, in the order of their arrival."""
        arriving = []
        for row in rows:
            is_muted = row.event_type() in self.world.muted.get(row.recipient_id, ())
            assert (row.read_at is not None) == (as_read or is_muted)
            values = {name: getattr(row, name) for name in ("pk", "url", "read_at", "archived_at", "deleted_at")}
            values["key"] = row.dedupe_key
            self.world.arrivals += 1
            note = Note(**values, type=row.event_type(), owner=row.recipient_id, actor=row.actor_id)
            note.step, note.order = self.world.step, self.world.arrivals
            arriving.append(note)
            self.touched.add(note.owner)
        self.world.delete_replaced(arriving)
        self.world.notes += arriving

    def message(self, note: Note) -> Any:
        return event_types()[note.type].objects.get(pk=note.pk)

    def rows(self, notes: list[Note]) -> Any:
        """Queryset of those of the first one's type, and they."""
        same = [note for note in notes if note.type == notes[0].type]
        return event_types()[same[0].type].objects.filter(pk__in=[note.pk for note in same]), same

    # Arriving

    @rule(to=some, type=types, by=one, key=keys)
    def send(self, to: list[int], type: str, by: int, key: str | None) -> None:
        model, recipients, actor = event_types()[type], self.people(to), self.person(by).pk
        known = set(model.objects.values_list("pk", flat=True))
        everybody = [*recipients, *recipients, self.nobody]
        written = services.send(everybody, model, actor=actor, dedupe_key=key, **COLUMNS[type])
        assert written == len(recipients)
        self.arrived(sorted(model.objects.exclude(pk__in=known), key=lambda row: row.recipient_id))

    @rule(to=one, type=types, save=st.booleans(), is_read=st.booleans(), key=keys)
    def create(self, to: int, type: str, save: bool, is_read: bool, key: str | None) -> None:
        model, values = event_types()[type], {"read_at": self.now if is_read else None, "dedupe_key": key}
        row = model(recipient_id=self.person(to).pk, **values, **COLUMNS[type])
        if save:
            row.save()
        else:
            row = model.objects.create(recipient_id=row.recipient_id, **values, **COLUMNS[type])
        self.arrived([row], as_read=is_read)

    @rule(to=st.lists(st.tuples(one, keys), max_size=5), type=types)
    def bulk_create(self, to: list[tuple[int, str | None]], type: str) -> None:
        model = event_types()[type]
        rows = [model(recipient_id=self.person(n).pk, dedupe_key=key, **COLUMNS[type]) for n, key in to]
        self.arrived(model.objects.bulk_create(rows))

    # Acts of their owners

    @rule(who=one, muted=st.sets(types))
    def mute(self, who: int, muted: set[str]) -> None:
        user = self.person(who).pk
        services.set_muted(user, muted)
        assert set(selectors.muted(user)) == muted
        self.world.muted[user] = muted

    @rule(who=one, which=some, act=acts, then=st.none() | one)
    def act(self, who: int, which: list[int], act: str, then: int | None) -> None:
        """With `then`, on what the user was shown once."""
        user = self.person(who).pk
        chosen = self.picks([thing for thing, _marks in self.world.in_reach(user)], which)
        refs, seen, is_stale = [thing.ref for thing in chosen], *self.seen(user, then, chosen)
        if is_stale:
            with pytest.raises((Changed, NotFound)):
                getattr(services, act)(user, refs, seen=seen)
            return
        expected = self.world.act(user, refs, act, self.now)
        if expected is None:
            with pytest.raises(NotFound):
                getattr(services, act)(user, refs, seen=seen)
            return
        assert getattr(services, act)(user, refs, seen=seen) == expected
        if expected:
            self.touched.add(user)

    @rule(who=one, which=one, then=st.none() | one, act=st.sampled_from(["close_banner", "confirm"]))
    def answer(self, who: int, which: int, then: int | None, act: str) -> None:
        user = self.person(who).pk
        place = {"close_banner": "as_banner", "confirm": "as_dialog"}[act]
        if not (found := [news for news, _marks in self.world.heard_by(user) if getattr(news, place)]):
            return
        news = self.pick(found, which)
        seen, is_stale = self.seen(user, then, [news])
        if is_stale:
            with pytest.raises(Changed):
                getattr(services, act)(user, [news.ref], seen=seen)
            return
        expected = self.world.answer(user, news, act, self.now)
        assert getattr(services, act)(user, [news.ref], seen=seen) == expected
        if expected:
            self.touched.add(user)

    def seen(self, user: int, then: int | None, things: list[Note | News]) -> tuple[int | None, bool]:
        """A version that the user was shown once, and whether one of these things was shown again since. No version, if
        nobody can tell: it was withdrawn when it was decided to show it again."""
        if then is None or any(isinstance(thing, News) and thing.again_step is None for thing in things):
            return None, False
        version, step = self.pick(sorted(self.steps[user].items(), reverse=True), then)
        return version, any(isinstance(thing, News) and (thing.again_step or 0) > step for thing in things)

    @rule(who=one, act=acts, which=one)
    def act_on_what_is_not_theirs(self, who: int, act: str, which: int) -> None:
        """One such ref, and nothing happens to the others."""
        user = self.person(who).pk
        mine = [thing.ref for thing, _marks in self.world.in_reach(user)]
        everything = [thing.ref for thing in (*self.world.notes, *self.world.news)]
        if foreign := [ref for ref in everything if ref not in mine]:
            with pytest.raises(NotFound):
                getattr(services, act)(user, [*mine, self.pick(foreign, which)])

    @rule(who=one, then=one, type=st.none() | st.sampled_from(["comment", "broadcast"]))
    def mark_all(self, who: int, then: int, type: str | None) -> None:
        """As of any state the user was ever shown."""
        user = self.person(who).pk
        version, step = self.pick(sorted(self.steps[user].items(), reverse=True), then)
        expected = self.world.would_mark(user, step, type)
        listed = set(self.states[user, version][1])
        undeleted = {note.ref for note in self.world.notes if note.step <= step}
        assert {ref for ref in expected if ref.startswith("broadcast")} <= listed | self.once_dismissed(user)
        assert {ref for ref in expected if not ref.startswith("broadcast")} <= undeleted
        assert services.mark_all_read(user, version, type) == len(expected)
        if expected:
            assert self.world.act(user, expected, "mark_read", self.now) == len(expected)
            self.touched.add(user)

    def once_dismissed(self, user: int) -> set[str]:
        return {f"broadcast-{news}" for news, reader in self.world.receipts if reader == user}

    # Plain ORM

    @has_notes
    @rule(which=one, url=urls, act=acts)
    def save(self, which: int, url: str, act: str) -> None:
        note = self.pick(self.world.notes, which)
        row = self.message(note)
        if note.act(act, self.now) | note.set(url=url):
            self.touched.add(note.owner)
        for name in ("url", "read_at", "archived_at", "deleted_at"):
            setattr(row, name, getattr(note, name))
        row.save()

    @has_notes
    @rule(which=some, values=st.sampled_from(["read", "unread", "link", "delete", "undelete"]))
    def update(self, which: list[int], values: str) -> None:
        if not (notes := self.notes(which)):
            return
        rows, notes = self.rows(notes)
        changes: dict[str, Any] = {
            "read": {"read_at": self.now},
            "unread": {"read_at": None, "archived_at": None},
            "link": {"url": "/tea"},
            "delete": {"deleted_at": self.now},
            "undelete": {"deleted_at": None},
        }[values]
        changed = [note for note in notes if note.set(**changes)]
        assert rows.update(**changes) == len(changed)
        self.touched |= {note.owner for note in changed}

    @has_notes
    @rule(which=some, acts=st.lists(acts, min_size=4, max_size=4), batch=st.sampled_from([None, 1]))
    def bulk_update(self, which: list[int], acts: list[str], batch: int | None) -> None:
        if not (notes := self.notes(which)):
            return
        queryset, notes = self.rows(notes)
        rows = {row.pk: row for row in queryset}
        for note, act in zip(notes, acts, strict=False):
            if note.act(act, self.now):
                self.touched.add(note.owner)
            for name in ("read_at", "archived_at", "deleted_at"):
                setattr(rows[note.pk], name, getattr(note, name))
        queryset.model.objects.bulk_update(rows.values(), ["read_at", "archived_at", "deleted_at"], batch_size=batch)

    @has_notes
    @rule(which=some, one_by_one=st.booleans())
    def remove(self, which: list[int], one_by_one: bool) -> None:
        """`delete()` of a row, or of a queryset as the admin's bulk delete does it."""
        if not (notes := self.notes(which)):
            return
        rows, notes = self.rows(notes)
        if one_by_one:
            for row in rows:
                row.delete()
        else:
            rows.delete()
        self.world.notes = [note for note in self.world.notes if note not in notes]
        self.touched |= {note.owner for note in notes if note.deleted_at is None}

    @rule(which=one, how=st.sampled_from(["update", "delete", "queryset", "save"]))
    def receipt(self, which: int, how: str) -> None:
        """Receipts are rows like any other."""
        if not self.world.receipts:
            return
        news, user = self.pick(sorted(self.world.receipts), which)
        rows = BroadcastReceipt.objects.filter(broadcast=news, recipient=user)
        if how in {"update", "save"}:
            marks = self.world.receipts[news, user]
            changed = marks.set(read_at=None, archived_at=None, deleted_at=None)
            values: dict[str, None] = dict.fromkeys(["read_at", "archived_at", "deleted_at"])
            if how == "update":
                assert rows.update(**values) == changed
            else:
                row = rows.get()
                vars(row).update(values)
                row.save()
        else:
            changed = self.world.receipts.pop((news, user)) != Marks()
            rows.delete() if how == "queryset" else rows.get().delete()
        if changed:
            self.touched.add(user)

    # Time, and what never happened

    @rule(minutes=st.sampled_from([1, 6, 12]))
    def wait(self, minutes: int) -> None:
        self.time.shift(timedelta(minutes=minutes))

    @rule()
    def purge(self) -> None:
        gone = [note for note in self.world.notes if note.deleted_at and note.deleted_at < self.now - PURGE]
        assert services.purge_deleted() == len(gone)
        self.world.notes = [note for note in self.world.notes if note not in gone]

    @rule(to=some, who=one, act=acts)
    def never_happened(self, to: list[int], who: int, act: str) -> None:
        """A transaction that is rolled back."""
        user = self.person(who).pk
        visible = list(self.world.shown(user))
        with transaction.atomic():
            services.bump_clock()
            services.send(self.people(to), event_types()["follow"])
            getattr(services, act)(user, visible)
            services.mark_all_read(user, self.versions[user])
            transaction.set_rollback(True)

    @rule(who=one, limit=st.integers(1, 3), unread=st.booleans(), type=st.none() | types | st.just("broadcast"))
    def walk(self, who: int, limit: int, unread: bool, type: str | None) -> None:
        """Small pages, one after the other, are the whole list; and filters are filters."""
        user = self.person(who).pk
        whole = selectors.inbox_page(user, limit=100).items
        expected = [item for item in whole if type in {None, item.type} and not (unread and item.read)]
        found, cursor = [], None
        while len(found) <= len(expected):
            page = selectors.inbox_page(user, before=cursor, limit=limit, unread=unread, type=type)
            found += page.items
            if (cursor := page.next) is None:
                break
        assert found == expected
