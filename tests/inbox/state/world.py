"""What each user should see, told in plain Python: no SQL, no versions, no clock.

Time is counted in steps. What somebody was shown is known by the step at which they were shown it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .things import (
    ACTED,
    BREAKS_SILENCE,
    HIDING,
    SAID,
    STARRING,
    Amendment,
    Deed,
    Dispatch,
    Marks,
    News,
    Note,
    Person,
)


@dataclass
class World:
    people: dict[int, Person] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    receipts: dict[tuple[int, int], Marks] = field(default_factory=dict)  # by (broadcast, user)
    lost: set[tuple[int, Any]] = field(default_factory=set)  # receipts that somebody deleted: nothing tells of them
    ghosts: set[tuple[Any, datetime]] = field(default_factory=set)  # snoozes of receipts that do not count any more
    muted: dict[int, set[str]] = field(default_factory=dict)  # types, by user
    silences: dict[tuple[Any, str], datetime | None] = field(default_factory=dict)  # by user and subject: until when
    follows: set[tuple[Any, str]] = field(default_factory=set)
    refused: set[Any] = field(default_factory=set)  # users and subjects: may not follow, may not be followed
    important: tuple[str, ...] = ()  # types and levels
    deeds: list[Deed] = field(default_factory=list)
    sends: list[Dispatch] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    sent_again: set[int] = field(default_factory=set)  # sends that were rewritten and arrived again
    step: int = 0
    arrivals: int = 0
    publications: int = 0
    met: set[str] = field(default_factory=set)  # what came together in this history: see MEETINGS

    def meet(self, what: str, where: Any = True) -> None:
        if where:
            self.met.add(what)

    # Arriving

    def arrive(self, arriving: list[Note]) -> None:
        """They replace what has their key, and end the snoozes of their threads."""
        self.delete_replaced(arriving)
        for note in arriving:
            if note.is_unread:
                self.wake_thread(note, "an arrival")
        self.notes += arriving

    def wake_thread(self, arrived: Note, by: str) -> None:
        for note in self.notes:
            is_in_thread = (note.owner, note.about) == (arrived.owner, arrived.about)
            if is_in_thread and note.snoozed_until and not note.deleted_at:
                note.act("wake", note.snoozed_until)
                note.back_by = by
                self.meet(f"{by} ends a snooze in its thread")

    def is_unwanted(self, user: Any, type: str, subject: str | None, level: str, now: datetime) -> bool:
        """Whether such a message arrives read."""
        if level == "critical":
            self.meet("a critical one arrives where its type is muted", type in self.muted.get(user, ()))
            return False
        is_silenced = type not in BREAKS_SILENCE and subject is not None and self.is_silenced(user, subject, now)
        self.meet("one arrives about a silenced subject", is_silenced)
        return type in self.muted.get(user, ()) or is_silenced

    def is_silenced(self, user: Any, subject: str, now: datetime) -> bool:
        until = self.silences.get((user, subject), now)
        return until is None or until > now

    def may_follow(self, user: Any, subject: str) -> bool:
        return not {user, subject} & self.refused

    def followers(self, topic: str) -> set[Any]:
        """Who gets what is sent to the topic now."""
        return {user for user, subject in self.follows if subject == topic and self.may_follow(user, topic)}

    def note_unsteady(self) -> None:
        """Somebody has begun or ceased to follow, or may not any more."""
        for send in self.sends:
            send.steady &= self.followers(send.topic)

    def delete_replaced(self, arriving: Iterable[Note]) -> None:
        """What is unread gives way to a message with its key, which keeps the star of the last one that had one."""
        places = {(note.owner, note.type, note.key) for note in arriving if note.key is not None}
        gone = [note for note in self.notes if not (note.read_at or note.deleted_at)]
        for note in gone:
            if (note.owner, note.type, note.key) in places:
                self.meet("an arrival replaces a snoozed one", note.snoozed_until)
                self.meet("an arrival replaces a starred one", note.starred_at)
        for note in arriving:
            stars = [
                old.starred_at for old in gone if (old.owner, old.type, old.key) == (note.owner, note.type, note.key)
            ]
            assert note.starred_at == max((star for star in stars if star and note.key is not None), default=None)
        self.notes = [
            note
            for note in self.notes
            if note.read_at or note.deleted_at or (note.owner, note.type, note.key) not in places
        ]

    def in_reach(self, user: Any) -> Iterator[tuple[Note | News, Marks]]:
        """Everything in the user's inbox, deleted or not."""
        yield from ((note, note) for note in self.notes if note.owner == user)
        yield from ((news, marks) for news, marks in self.heard_by(user) if news.in_inbox)

    def heard_by(self, user: Any) -> Iterator[tuple[News, Marks]]:
        for news in self.news:
            if news.live and self.people[user].hears(news):
                yield news, self.receipts.get((news.pk, user), Marks())

    def announced(self, user: Any) -> dict[str, set[str]]:
        """The banners and dialogs that wait for the user."""
        kinds = {
            news.ref: {
                *(["banner"] if news.as_banner and not marks.closed_at else []),
                *(["dialog"] if news.as_dialog and not marks.confirmed_at else []),
            }
            for news, marks in self.heard_by(user)
        }
        return {ref: found for ref, found in kinds.items() if found}

    def answer(self, user: Any, news: News, name: str, now: datetime) -> int:
        """A banner is closed, or a dialog confirmed."""
        marks = self.receipts.setdefault((news.pk, user), Marks())
        marks.is_stale = False
        return int(marks.act(name, now))

    def show_again(self, news: News) -> None:
        """What readers did before counts no more."""
        stale = {key: marks for key, marks in self.receipts.items() if key[0] == news.pk}
        self.ghosts |= {(key[1], marks.snoozed_until) for key, marks in stale.items() if marks.snoozed_until}
        for key, marks in stale.items():  # a star stays
            self.receipts[key] = Marks(starred_at=marks.starred_at, is_stale=True)
        news.again_step = self.step if news.live else None
        news.step = self.step if news.live else news.step

    def shown(self, user: Any) -> dict[str, Marks]:
        return {thing.ref: marks for thing, marks in self.in_reach(user) if marks.is_visible}

    def looks(self, user: Any) -> dict[str, tuple[bool, bool, bool, int | None, str]]:
        """What the user sees: read, archived, starred, the button that was pressed, and a text that can be edited."""
        return {
            thing.ref: (
                marks.read_at is not None,
                marks.archived_at is not None,
                marks.starred_at is not None,
                marks.pressed,
                thing.url,
            )
            for thing, marks in self.in_reach(user)
            if marks.is_visible
        }

    def snoozed(self, user: Any) -> dict[str, datetime | None]:
        return {
            thing.ref: marks.snoozed_until
            for thing, marks in self.in_reach(user)
            if marks.snoozed_until and not marks.deleted_at
        }

    def wake(self, now: datetime) -> set[Any]:
        """Snoozes that are over end; returns whose mailboxes may advance."""
        theirs = [(note.owner, note) for note in self.notes]
        theirs += [(user, marks) for (_news, user), marks in self.receipts.items()]
        due = [(user, marks) for user, marks in theirs if marks.snoozed_until and marks.snoozed_until <= now]
        for _user, marks in due:
            marks.act("wake", now)
            marks.back_by = "its time"
        ended = {user for user, until in self.ghosts if until <= now}
        self.ghosts = {(user, until) for user, until in self.ghosts if until > now}
        return (ended & self.people.keys()) | {user for user, _marks in due}

    def unread(self, user: Any) -> set[str]:
        return {ref for ref, marks in self.shown(user).items() if marks.read_at is None}

    def order(self, user: Any) -> tuple[list[str], list[str]]:
        """Messages and broadcasts, each newest first."""
        mine = [thing for thing, marks in self.in_reach(user) if marks.is_visible and not marks.archived_at]
        notes = sorted((thing for thing in mine if isinstance(thing, Note)), key=lambda note: -note.order)
        news = [thing for thing in mine if isinstance(thing, News)]
        news.sort(key=lambda thing: (thing.published_at, thing.pk), reverse=True)
        return [note.ref for note in notes], [thing.ref for thing in news]

    def conversations(self, user: Any) -> dict[str, list[Note]]:
        """The messages of each thread that the plain inbox view shows, by what they are about; the newest first."""
        found: dict[str, list[Note]] = {}
        for note in sorted(self.notes, key=lambda note: -note.order):
            if note.owner == user and note.shows:
                found.setdefault(note.about, []).append(note)
        return found

    def thread_of(self, note: Note) -> list[Note]:
        return self.conversations(note.owner)[note.about]

    def threads(self, user: Any) -> Counter[tuple[int, int]]:
        """How many threads there are with so many messages, so many of them unread."""
        threads = self.conversations(user).values()
        return Counter((len(notes), sum(note.is_unread for note in notes)) for notes in threads)

    def moves(self, user: Any) -> dict[str, tuple[int, int]]:
        """Of each thread, how many messages it has, and the step at which it moved last: pages are in this order."""
        return {
            about: (len(notes), max(note.came(self.step) for note in notes))
            for about, notes in self.conversations(user).items()
        }

    def was_there(self, user: Any, thing: Note | News, marks: Marks, step: int) -> bool:
        """Whether somebody who was shown the state of `step` was shown this: it came, or came in reach, no later."""
        if marks.has_returned or marks.came_back_after(step):
            return False
        if isinstance(thing, Note):
            return thing.step <= step
        return thing.step <= step and (thing.lasts or self.people[user].step <= step)

    def meet_spared(self, by: str, found: Iterable[tuple[Note | News, Marks]], step: int) -> None:
        """An act on many is as of a step: what it leaves alone, although it is chosen now."""
        for _thing, marks in found:
            self.meet(f"{by} spares what came back by {marks.back_by}", marks.came_back_after(step))

    def would_mark(self, user: Any, step: int, type: str | None = None) -> set[str]:
        """Mark-all by somebody who was shown the state of `step`."""
        wanted = {"unread": True} | ({} if type is None else {"types": (type,)})
        self.meet_spared("mark-all", self.chosen(user, wanted), step)
        return {thing.ref for thing, marks in self.chosen(user, wanted) if self.was_there(user, thing, marks, step)}

    def would_read(self, user: Any, subject: str, step: int) -> set[str]:
        """By a visit of a page about the subject, made at `step`."""
        about = self.chosen(user, {"unread": True, "subject": subject})
        self.meet_spared("a visit", about, step)
        return {thing.ref for thing, marks in about if self.was_there(user, thing, marks, step)}

    def chosen(self, user: Any, wanted: dict[str, Any]) -> list[tuple[Note | News, Marks]]:
        """What a list with this choice shows. `thread` is what its messages are about."""
        return [(thing, marks) for thing, marks in self.in_reach(user) if self.fits(thing, marks, wanted)]

    def fits(self, thing: Note | News, marks: Marks, wanted: dict[str, Any]) -> bool:
        is_snoozed = "snoozed" in wanted
        if marks.deleted_at or bool(marks.snoozed_until) != is_snoozed:
            return False
        of_one_place = "archived" in wanted or not (is_snoozed or "starred" in wanted)
        if of_one_place and bool(marks.archived_at) != ("archived" in wanted):
            return False
        if isinstance(thing, News) and {"subject", "actor"} & wanted.keys():
            return False
        of_note = {"subject": "subject", "actor": "actor"}
        kind = thing.ref.partition("-")[0]
        return (
            ("unread" not in wanted or is_snoozed or marks.read_at is None)
            and ("read" not in wanted or marks.read_at is not None)
            and ("starred" not in wanted or marks.starred_at is not None)
            and ("important" not in wanted or self.is_important(thing))
            and kind in wanted.get("types", (kind,))
            and kind not in wanted.get("not_types", ())
            and wanted.get("thread", thing.about) == thing.about
            and ("q" not in wanted or SAID[wanted["q"]] == kind)
            and ("since" not in wanted or wanted["since"] <= thing.came_at)
            and ("until" not in wanted or wanted["until"] > thing.came_at)
            and all(getattr(thing, of_note[name]) == wanted[name] for name in of_note.keys() & wanted.keys())
        )

    def is_important(self, thing: Note | News) -> bool:
        return bool({thing.level, thing.ref.partition("-")[0]} & set(self.important))

    def change(self, user: Any, found: Iterable[tuple[Note | News, Marks]], acts: list[str], now: datetime) -> int:
        """Do all of these acts to each; returns how many things changed."""
        changed = 0
        for thing, marks in list(found):
            changed += max([self.act_on(user, thing, marks, act, now) for act in acts])
        return changed

    def unseen(self, user: Any) -> set[str]:
        return self.unread(user) - self.would_mark(user, self.people[user].seen)

    def find(self, user: Any, refs: Iterable[str]) -> list[tuple[Note | News, Marks]] | None:
        """None if one of the refs is not this user's."""
        mine = {thing.ref: (thing, marks) for thing, marks in self.in_reach(user)}
        return [mine[ref] for ref in refs] if set(refs) <= set(mine) else None

    def act(self, user: Any, refs: Iterable[str], name: str, now: datetime) -> int | None:
        """How many items the act changes; None if it must be refused."""
        found = self.find(user, refs)
        if found is None or not all(marks.reachable(name, now) for _thing, marks in found):
            return None
        return self.change(user, found, [name], now)

    def act_on(self, user: Any, thing: Note | News, marks: Marks, name: str, now: datetime) -> bool:
        changed = marks.act(name, now)
        if isinstance(thing, News) and marks != Marks():
            marks.is_stale &= name in STARRING
            self.receipts[thing.pk, user] = marks
        return changed

    def marks(self, user: Any) -> dict[str, Marks]:
        """Every mark there is of this user, in reach or not."""
        notes: dict[str, Marks] = {note.ref: note for note in self.notes if note.owner == user}
        return notes | {f"broadcast-{pk}": marks for (pk, reader), marks in self.receipts.items() if reader == user}

    def looked(self, user: Any) -> dict[str, dict[str, Any]]:
        return {ref: {name: getattr(marks, name) for name in ACTED} for ref, marks in self.marks(user).items()}

    def did(self, user: Any, token: str, before: dict[str, dict[str, Any]], now: datetime) -> int:
        """Note an act, by what was `looked` before; returns how many items it has changed."""
        blank = dict.fromkeys(ACTED)
        changes = {
            ref: {name: (old, new) for name, new in after.items() if (old := before.get(ref, blank)[name]) != new}
            for ref, after in self.looked(user).items()
        }
        changes = {ref: values for ref, values in changes.items() if values}
        if changes:
            self.deeds.append(Deed(user, now, token, changes, self.step))
        return len(changes)

    def undo(self, deed: Deed) -> tuple[int, int]:
        """How many items are restored, and how many were changed since."""
        self.deeds.remove(deed)
        restored, mine = 0, self.marks(deed.user)
        self.meet("undo of nothing but what is gone", not deed.changes.keys() & mine.keys())
        for ref, changes in deed.changes.items():
            marks = mine.get(ref)
            if marks is not None and marks.is_stale and set(changes) != {"starred_at"}:
                continue  # it was shown again
            if marks is None or any(getattr(marks, name) != after for name, (_before, after) in changes.items()):
                self.meet(
                    f"undo skips what came back by {marks and marks.back_by}",
                    marks and marks.came_back_after(deed.step),
                )
                continue
            values = {name: before for name, (before, _after) in changes.items()}
            if any(values.get(name) for name in HIDING) and marks.came_back_after(deed.step):
                self.meet(f"undo spares what came back by {marks.back_by}")
                continue  # it would be swallowed, although it came back since
            read, archived, snoozed = (
                values.get(name, getattr(marks, name)) for name in ("read_at", "archived_at", "snoozed_until")
            )
            if (archived and not read) or (snoozed and read):
                continue  # what is archived is read, and what is snoozed is neither
            restored += marks.set(**values)
            marks.back_by = "undo" if marks.has_returned else marks.back_by
            self.meet("undo of a snooze", changes.get("snoozed_until", ("", ""))[1])
            self.meet("undo snoozes again", marks.snoozed_until and "snoozed_until" in changes)
        return restored, len(deed.changes) - restored

    def end_step(self) -> None:
        for marks in (*self.notes, *self.receipts.values()):
            marks.since = self.step if marks.has_returned else marks.since
            marks.has_returned = False
        self.step += 1

    def come_out(self, news: News, published_at: datetime, now: datetime) -> None:
        news.state, news.published_at, news.step = "live", published_at, self.step
        if news.first_out is None:
            self.publications += 1
            news.first_out = self.publications, now

    def has_readers(self, news: News) -> bool:
        return any(person.hears(news) for person in self.people.values())

    def forget(self, user: Any) -> set[int]:
        """A user goes; returns those whose messages lose a name."""
        del self.people[user]
        self.deeds = [deed for deed in self.deeds if deed.user != user]
        for news in self.news:
            news.people.discard(user)
            news.excluded_people.discard(user)
        self.muted.pop(user, None)
        self.silences = {key: until for key, until in self.silences.items() if key[0] != user}
        self.follows = {key for key in self.follows if key[0] != user}
        for send in self.sends:
            send.named.discard(user)
            send.steady.discard(user)
        self.notes = [note for note in self.notes if note.owner != user]
        self.receipts = {key: marks for key, marks in self.receipts.items() if key[1] != user}
        theirs = [note for note in self.notes if note.actor == user]
        for note in theirs:
            note.actor = None
        return {note.owner for note in theirs}
