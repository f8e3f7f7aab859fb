"""What each user should see, told in plain Python: no SQL, no versions, no clock.

Time is counted in steps. What somebody was shown is known by the step at which they were shown it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

UNDO = timedelta(minutes=10)
PURGE = timedelta(minutes=11)


@dataclass
class Marks:
    """The marks of one reader on one thing; dates as stored."""

    read_at: datetime | None = None
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    closed_at: datetime | None = None  # the banner
    confirmed_at: datetime | None = None
    since: int | None = field(default=None, compare=False)  # the step at which it last became unread again
    has_returned: bool = field(default=False, compare=False)  # in this step

    @property
    def is_unread(self) -> bool:
        return self.read_at is None and self.deleted_at is None

    def set(self, **values: Any) -> bool:
        """Returns whether anything changed."""
        changed, was_unread = any(getattr(self, name) != value for name, value in values.items()), self.is_unread
        for name, value in values.items():
            setattr(self, name, value)
        self.has_returned |= self.is_unread and not was_unread
        return changed

    def act(self, name: str, now: datetime) -> bool:
        read, archived = self.read_at or now, self.archived_at or now
        return self.set(
            **{
                "mark_read": {"read_at": read},
                "mark_unread": {"read_at": None, "archived_at": None},
                "archive": {"read_at": read, "archived_at": archived},
                "unarchive": {"archived_at": None},
                "delete": {"deleted_at": self.deleted_at or now},
                "undelete": {"deleted_at": None},
                "close_banner": {"closed_at": self.closed_at or now},
                "confirm": {"confirmed_at": self.confirmed_at or now},
            }[name]
        )

    def reachable(self, name: str, now: datetime) -> bool:
        return self.deleted_at is None or (name == "undelete" and self.deleted_at > now - UNDO)


@dataclass
class Note(Marks):
    """A message."""

    pk: Any = 0
    type: str = ""
    owner: Any = None
    actor: Any = None
    url: str = ""
    key: str | None = None
    step: int = 0
    order: int = 0  # of arrival

    @property
    def ref(self) -> str:
        return f"{self.type}-{self.pk}"


@dataclass
class News:
    """A broadcast. `step` is when it came out, got into the inbox or was shown again, or its audience last changed.

    `again_step` is when it was last shown again; None if it was not live then.
    """

    pk: int
    audience: str
    groups: set[int] = field(default_factory=set)
    with_staff: bool = False
    people: set[Any] = field(default_factory=set)
    excludes_staff: bool = False
    excluded_groups: set[int] = field(default_factory=set)
    excluded_people: set[Any] = field(default_factory=set)
    late_joiners: bool = False
    first_out: tuple[int, datetime] | None = None  # the how manieth publication of the world it was, and when
    state: str = "draft"
    url: str = ""
    publish_at: datetime | None = None
    expires_at: datetime | None = None
    published_at: datetime | None = None
    step: int = 0
    in_inbox: bool = True
    as_banner: bool = False
    as_dialog: bool = False
    again_step: int | None = 0

    @property
    def ref(self) -> str:
        return f"broadcast-{self.pk}"

    @property
    def live(self) -> bool:
        return self.state == "live"

    @property
    def lasts(self) -> bool:
        """Whether nobody joins or leaves its audience as long as it stays as it is."""
        people_only = self.audience == "several" and not self.with_staff and not self.groups
        is_open = self.audience == "everyone" or people_only
        return is_open and not self.excludes_staff and not self.excluded_groups


@dataclass
class Person:
    """A user. `step` is when they last joined or left an audience. `born`: how many broadcasts had come out when they
    registered; None if only the time is known."""

    pk: int
    is_staff: bool = False
    groups: set[int] = field(default_factory=set)
    step: int = 0
    born: int | None = None
    joined: datetime | None = None

    def hears(self, news: News) -> bool:
        in_groups = bool(news.groups & self.groups)
        targeted = {
            "everyone": True,
            "staff": self.is_staff,
            "groups": in_groups,
            "several": (news.with_staff and self.is_staff) or in_groups or self.pk in news.people,
        }[news.audience]
        hidden = news.excludes_staff and self.is_staff
        hidden |= bool(news.excluded_groups & self.groups) or self.pk in news.excluded_people
        return targeted and not hidden and self.in_time(news)

    def in_time(self, news: News) -> bool:
        if news.late_joiners or news.first_out is None:
            return True
        number, moment = news.first_out
        return number > self.born if self.born is not None else moment >= self.joined


@dataclass
class World:
    people: dict[int, Person] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    receipts: dict[tuple[int, int], Marks] = field(default_factory=dict)  # by (broadcast, user)
    muted: dict[int, set[str]] = field(default_factory=dict)  # types, by user
    step: int = 0
    arrivals: int = 0
    publications: int = 0

    def delete_replaced(self, arriving: Iterable[Note]) -> None:
        """What is unread gives way to a message with its key."""
        places = {(note.owner, note.type, note.key) for note in arriving if note.key is not None}
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
        return int(marks.act(name, now))

    def show_again(self, news: News) -> None:
        """What readers did before counts no more."""
        self.receipts = {key: marks for key, marks in self.receipts.items() if key[0] != news.pk}
        news.again_step = self.step if news.live else None
        news.step = self.step if news.live else news.step

    def shown(self, user: Any) -> dict[str, Marks]:
        return {thing.ref: marks for thing, marks in self.in_reach(user) if marks.deleted_at is None}

    def looks(self, user: Any) -> dict[str, tuple[bool, bool, str]]:
        """What the user sees: read, archived, and a text that can be edited."""
        return {
            thing.ref: (marks.read_at is not None, marks.archived_at is not None, thing.url)
            for thing, marks in self.in_reach(user)
            if marks.deleted_at is None
        }

    def unread(self, user: Any) -> set[str]:
        return {ref for ref, marks in self.shown(user).items() if marks.read_at is None}

    def order(self, user: Any) -> tuple[list[str], list[str]]:
        """Messages and broadcasts, each newest first."""
        mine = [thing for thing, marks in self.in_reach(user) if marks.deleted_at is None and not marks.archived_at]
        notes = sorted((thing for thing in mine if isinstance(thing, Note)), key=lambda note: -note.order)
        news = [thing for thing in mine if isinstance(thing, News)]
        news.sort(key=lambda thing: (thing.published_at, thing.pk), reverse=True)
        return [note.ref for note in notes], [thing.ref for thing in news]

    def would_mark(self, user: Any, step: int, type: str | None = None) -> set[str]:
        """Mark-all by somebody who was shown the state of `step`: nothing that came, or came in reach, later."""
        person = self.people[user]

        def was_there(thing: Note | News, marks: Marks) -> bool:
            if marks.since is not None and marks.since > step:
                return False
            if isinstance(thing, Note):
                return thing.step <= step
            return thing.step <= step and (thing.lasts or person.step <= step)

        unread = self.unread(user)
        return {
            thing.ref
            for thing, marks in self.in_reach(user)
            if thing.ref in unread and was_there(thing, marks) and type in {None, thing.ref.partition("-")[0]}
        }

    def find(self, user: Any, refs: Iterable[str]) -> list[tuple[Note | News, Marks]] | None:
        """None if one of the refs is not this user's."""
        mine = {thing.ref: (thing, marks) for thing, marks in self.in_reach(user)}
        return [mine[ref] for ref in refs] if set(refs) <= set(mine) else None

    def act(self, user: Any, refs: Iterable[str], name: str, now: datetime) -> int | None:
        """How many items the act changes; None if it must be refused."""
        found = self.find(user, refs)
        if found is None or not all(marks.reachable(name, now) for _thing, marks in found):
            return None
        changed = 0
        for thing, marks in found:
            changed += marks.act(name, now)
            if isinstance(thing, News) and marks != Marks():
                self.receipts[thing.pk, user] = marks
        return changed

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
        for news in self.news:
            news.people.discard(user)
            news.excluded_people.discard(user)
        self.muted.pop(user, None)
        self.notes = [note for note in self.notes if note.owner != user]
        self.receipts = {key: marks for key, marks in self.receipts.items() if key[1] != user}
        theirs = [note for note in self.notes if note.actor == user]
        for note in theirs:
            note.actor = None
        return {note.owner for note in theirs}
