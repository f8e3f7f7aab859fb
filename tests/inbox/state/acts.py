"""What people do with their items, one or many, and how they undo it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import selectors, services
from inbox.core.snapshots import user_id
from inbox.core.visits import visit_of
from inbox.errors import Changed, NotFound
from inbox.models import BroadcastReceipt

from .lists import Lists, has_things, wishes
from .messages import acts, subject, types
from .reality import one, several
from .things import MARKS, SNOOZE, UNDO, News, Note

has_news = precondition(lambda self: bool(self.world.news))
# By name: changes of fields, and the acts that they are.
CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "read": ({"read": True}, ["mark_read"]),
    "unread": ({"read": False}, ["mark_unread"]),
    "archive": ({"archived": True}, ["archive"]),
    "unarchive": ({"archived": False}, ["unarchive"]),
    "star": ({"starred": True}, ["star"]),
    "unstar": ({"starred": False}, ["unstar"]),
    "delete": ({"deleted": True}, ["delete"]),
    "snooze": ({"snoozed_until": True}, ["snooze"]),
    "unsnooze": ({"snoozed_until": None}, ["unsnooze"]),
    "archive and star": ({"starred": True, "archived": True}, ["archive", "star"]),
    "unread and unstar": ({"starred": False, "read": False}, ["mark_unread", "unstar"]),
}


class Acts(Lists):
    @rule(who=one, muted=st.sets(types))
    def mute(self, who: int, muted: set[str]) -> None:
        user = self.person(who).pk
        services.set_muted(user, muted)
        assert set(selectors.muted(user)) == muted
        self.world.muted[user] = muted

    @has_things
    @rule(who=one, which=several, act=acts, then=st.none() | one)
    def act(self, who: int, which: list[int], act: str, then: int | None) -> None:
        """With `then`, on what the user was shown once."""
        user = self.person(who).pk
        chosen = self.picks([thing for thing, _marks in self.world.in_reach(user)], which)
        refs, seen, is_stale = [thing.ref for thing in chosen], *self.seen(user, then, chosen)
        if is_stale:
            with pytest.raises((Changed, NotFound)):
                self.do(act, user, refs, seen)
            return
        with self.undoable(user):
            expected = self.world.act(user, refs, act, self.now)
            if expected is None:
                with pytest.raises(NotFound):
                    self.do(act, user, refs, seen)
                return
            assert self.do(act, user, refs, seen) == expected
        if expected:
            self.touched.add(user)

    @has_things
    @rule(who=one, which=several)
    def snooze(self, who: int, which: list[int]) -> None:
        self.act(who, which, "snooze", None)

    @contextmanager
    def undoable(self, user: int) -> Iterator[None]:
        """What changes in here can be undone, and how much that is is said."""
        before = self.world.looked(user)
        with services.recording(user) as act:
            yield
        assert act.changed == self.world.did(user, act.token, before, self.now)
        assert (act.undo is None) == (act.changed == 0)

    @precondition(lambda self: bool(self.world.deeds))
    @rule(which=one, who=one)
    def undo(self, which: int, who: int) -> None:
        """Any act of the last ten minutes, an undo included; nobody can undo what another has done."""
        deed = self.pick(self.world.deeds[::-1], which)
        if deed.at <= self.now - UNDO or deed.user != self.person(who).pk:
            with pytest.raises(NotFound):
                services.undo(self.person(who).pk, deed.token)
            return
        with self.undoable(deed.user):
            restored, skipped = self.world.undo(deed)
            assert services.undo(deed.user, deed.token) == (restored, skipped)
        if restored:
            self.touched.add(deed.user)

    def do(self, act: str, user: int, refs: list[str], seen: int | None = None) -> Any:
        until = {"until": self.now + SNOOZE} if act == "snooze" else {}
        return getattr(services, act)(user, refs, seen=seen, **until)

    @has_news
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
        with self.undoable(user):
            expected = self.world.answer(user, news, act, self.now)
            assert getattr(services, act)(user, [news.ref], seen=seen) == expected
        if expected:
            self.touched.add(user)

    def seen(self, user: int, then: int | None, things: list[Note | News]) -> tuple[int | None, bool]:
        """A version that the user was shown once, and whether one of these things was shown again since. No version, if
        nobody can tell: it was withdrawn when it was decided to show it again; or it is a message that was sent again
        (`test_corrections.py`)."""
        if then is None or any(isinstance(thing, News) and thing.again_step is None for thing in things):
            return None, False
        if any(isinstance(thing, Note) and thing.send in self.world.sent_again for thing in things):
            return None, False
        version, step = self.pick(sorted(self.steps[user].items(), reverse=True), then)
        return version, any(isinstance(thing, News) and (thing.again_step or 0) > step for thing in things)

    @has_things
    @rule(who=one, act=acts, which=one)
    def act_on_what_is_not_theirs(self, who: int, act: str, which: int) -> None:
        """One such ref, and nothing happens to the others."""
        user = self.person(who).pk
        mine = [thing.ref for thing, _marks in self.world.in_reach(user)]
        everything = [thing.ref for thing in (*self.world.notes, *self.world.news)]
        if foreign := [ref for ref in everything if ref not in mine]:
            with pytest.raises(NotFound):
                self.do(act, user, [*mine, self.pick(foreign, which)])

    @has_things
    @rule(who=one, then=one, type=st.none() | st.sampled_from(["comment", "broadcast"]))
    def mark_all(self, who: int, then: int, type: str | None) -> None:
        """As of any state the user was ever shown."""
        user = self.person(who).pk
        version, step = self.shown_once(user, then)
        expected = self.world.would_mark(user, step, type)
        assert {ref for ref in expected if ref.startswith("broadcast")} <= self.listed(user, version)
        with self.undoable(user):
            assert services.mark_all_read(user, version, type) == len(expected)
            assert self.world.act(user, expected, "mark_read", self.now) == len(expected)
        if expected:
            self.touched.add(user)

    def listed(self, user: Any, version: int) -> set[str]:
        """What the user was shown at this version, or has dismissed: somebody may have deleted the receipt since."""
        receipts = {*self.world.receipts, *self.world.lost}
        dismissed = {f"broadcast-{news}" for news, reader in receipts if reader == user}
        return set(self.states[user, version][1]) | dismissed

    @has_things
    @rule(who=one, then=one, about=subject, how=st.booleans())
    def visit(self, who: int, then: int, about: str, how: bool) -> None:
        """A page about the subject, made at any state that the user was ever shown, is seen now."""
        user = self.person(who).pk
        version, step = self.shown_once(user, then)
        expected = self.world.would_read(user, about, step)
        with self.undoable(user):
            if how:
                assert services.visit(user, visit_of(user_id(user), about, version)) == len(expected)
            else:
                assert services.read_about(user, about, version) == len(expected)
            assert self.world.act(user, expected, "mark_read", self.now) == len(expected)
        if expected:
            self.touched.add(user)

    @has_things
    @rule(who=one, which=one, button=st.integers(0, 2), then=st.none() | one)
    def press(self, who: int, which: int, button: int, then: int | None) -> None:
        """It reads the item; the last one counts. Announcements count presses elsewhere, and only if they are shown."""
        user = self.person(who).pk
        if not (known := list(self.world.in_reach(user))):
            return
        thing, marks = self.pick(known, which)
        is_away = marks.deleted_at or (isinstance(thing, News) and marks.snoozed_until)
        if is_away or button >= thing.buttons:
            with pytest.raises(NotFound):
                services.press(user, thing.ref, button)
            return
        seen, is_stale = self.seen(user, then, [thing])
        if is_stale:
            with pytest.raises(Changed):
                services.press(user, thing.ref, button, seen=seen)
            return
        with self.undoable(user):
            if isinstance(thing, Note):
                changed = thing.press(button, self.now)
                assert services.press(user, thing.ref, button, seen=seen) == changed
            else:
                changed = bool(self.world.act(user, [thing.ref], "mark_read", self.now))
                assert services.press(user, thing.ref, button, seen=seen) >= changed
        if changed:
            self.touched.add(user)

    @has_things
    @rule(who=one, then=one, wanted=wishes, change=st.sampled_from(sorted(CHANGES)))
    def change_chosen(self, who: int, then: int, wanted: list[tuple[str, int]], change: str) -> None:
        """All of a list, as of any state the user was ever shown."""
        user = self.person(who).pk
        version, step = self.shown_once(user, then)
        wish, choice = self.choice(user, wanted)
        changes, acts = CHANGES[change]
        if changes.get("snoozed_until"):
            changes = {"snoozed_until": self.now + SNOOZE}
        chosen = self.world.chosen(user, wish)
        self.world.meet_spared("an act on many", chosen, step)
        chosen = [each for each in chosen if self.world.was_there(user, *each, step)]
        with self.undoable(user):
            expected = self.world.change(user, chosen, acts, self.now)
            assert services.change_chosen(user, choice, changes, version) == expected
        if expected:
            self.touched.add(user)

    @precondition(lambda self: bool(self.world.receipts))
    @rule(which=one, how=st.sampled_from(["update", "delete", "queryset", "save"]))
    def receipt(self, which: int, how: str) -> None:
        """Receipts are rows like any other."""
        if not (known := sorted(key for key, marks in self.world.receipts.items() if not marks.is_stale)):
            return
        news, user = self.pick(known, which)
        rows = BroadcastReceipt.objects.filter(broadcast=news, recipient=user)
        if how in {"update", "save"}:
            marks = self.world.receipts[news, user]
            values: dict[str, None] = dict.fromkeys(MARKS)
            changed = marks.set(**values)
            if how == "update":
                assert rows.update(**values) == changed
            else:
                row = rows.get()
                vars(row).update(values)
                row.save()
        else:
            rows.delete() if how == "queryset" else rows.get().delete()
            del self.world.receipts[news, user]
            self.world.lost.add((news, user))
            changed = True  # even if it had no marks any more
        if changed:
            self.touched.add(user)
