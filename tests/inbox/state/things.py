"""What there is: messages, announcements, people, and what they did. Plain data, without any SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
UNDO = timedelta(minutes=10)
PURGE = timedelta(minutes=11)
SNOOZE = timedelta(minutes=5)
MARKS = ("read_at", "archived_at", "deleted_at", "snoozed_until", "starred_at")  # of every row
ACTED = (*MARKS, "pressed", "closed_at", "confirmed_at")  # what acts change, and undo restores
HIDING = ("read_at", "deleted_at", "snoozed_until")  # marks of which each makes it count no more
STARRING = {"star", "unstar"}
ACTS = ["mark_read", "mark_unread", "archive", "unarchive", "delete", "undelete"]
ACTS += ["star", "unstar", "snooze", "unsnooze"]
BREAKS_SILENCE = {"mention"}
SAID = {"hello": "system", "news": "broadcast"}  # by word, the only things that say it


@dataclass
class Marks:
    """The marks of one reader on one thing; dates as stored."""

    read_at: datetime | None = None
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    snoozed_until: datetime | None = None
    starred_at: datetime | None = None
    pressed: int | None = None  # the button of a message
    closed_at: datetime | None = None  # the banner
    confirmed_at: datetime | None = None
    since: int | None = field(default=None, compare=False)  # the step at which it last became unread again
    has_returned: bool = field(default=False, compare=False)  # in this step
    back_by: str = field(default="", compare=False)  # what made it unread again last
    is_stale: bool = field(default=False, compare=False)  # of a receipt from before the broadcast was shown again

    @property
    def is_visible(self) -> bool:
        return self.deleted_at is None and self.snoozed_until is None

    @property
    def is_unread(self) -> bool:
        return self.read_at is None and self.is_visible

    def came_back_after(self, step: int) -> bool:
        return self.since is not None and self.since > step

    def set(self, **values: Any) -> bool:
        """Returns whether anything changed."""
        changed, was_unread = any(getattr(self, name) != value for name, value in values.items()), self.is_unread
        for name, value in values.items():
            setattr(self, name, value)
        if self.is_unread and not was_unread:
            self.has_returned, self.back_by = True, "an act"
        return changed

    def act(self, name: str, now: datetime) -> bool:
        read, archived = self.read_at or now, self.archived_at or now
        return self.set(
            **{
                "mark_read": {"read_at": read, "snoozed_until": None},
                "mark_unread": {"read_at": None, "archived_at": None, "snoozed_until": None},
                "archive": {"read_at": read, "archived_at": archived, "snoozed_until": None},
                "unarchive": {"archived_at": None},
                "star": {"starred_at": self.starred_at or now},
                "unstar": {"starred_at": None},
                "snooze": {"snoozed_until": now + SNOOZE, "read_at": None, "archived_at": None},
                "unsnooze": {"snoozed_until": None},
                "wake": {"snoozed_until": None, "read_at": None, "archived_at": None},
                "delete": {"deleted_at": self.deleted_at or now, "snoozed_until": None},
                "undelete": {"deleted_at": None},
                "close_banner": {"closed_at": self.closed_at or now},
                "confirm": {"confirmed_at": self.confirmed_at or now},
            }[name]
        )

    def press(self, button: int, now: datetime) -> bool:
        return self.set(pressed=button, read_at=self.read_at or now, snoozed_until=None)

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
    about: str = ""  # what it arrived with, whatever the link is later
    key: str | None = None
    subject: str | None = None
    level: str = "info"
    buttons: int = 0
    step: int = 0
    order: int = 0  # of arrival
    send: int | None = None  # the `Send` that wrote it
    came_at: datetime = START

    @property
    def ref(self) -> str:
        return f"{self.type}-{self.pk}"

    @property
    def shows(self) -> bool:
        """In the plain inbox view, which threads are of."""
        return self.is_visible and not self.archived_at

    def came(self, step: int) -> int:
        """The step at which it arrived or became unread again last; `step` is the present one."""
        return step if self.has_returned else self.step if self.since is None else self.since


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
    level: str = "info"
    url: str = ""
    buttons: int = 0
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
    def about(self) -> str:
        """It is a thread of its own."""
        return self.ref

    @property
    def came_at(self) -> datetime:
        return self.published_at or START

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
    seen: int = -1  # the step of the state up to which they have seen their items

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
class Deed:
    """An act that can be undone: the marks that it has changed, before and after, by ref."""

    user: Any
    at: datetime
    token: str
    changes: dict[str, dict[str, tuple[Any, Any]]]
    step: int


@dataclass
class Dispatch:
    """What a service sends. `got`: who has got it so far. `steady`: who has followed its topic all the time."""

    pk: int
    type: str
    about: str  # of all its messages, whatever they say later; "" if each is a thread of its own
    subject: str | None
    named: set[Any]
    topic: str = ""
    actor: Any = None
    got: set[Any] = field(default_factory=set)
    steady: set[Any] = field(default_factory=set)
    is_over: bool = False  # nothing more will be written
    recalled: list[int] | None = None  # how many had it, and had read it


@dataclass
class Amendment:
    """A recall or a rewrite that is not finished: of a send, or of all about a subject."""

    pk: int
    send: int | None = None
    subject: str | None = None
    values: dict[str, Any] | None = None  # None for a recall
    again: bool = False
    position: Any = None  # the last key that it has come to
    until: Any = None  # the last key that it is about
