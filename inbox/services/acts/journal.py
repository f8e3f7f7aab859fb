"""The journal: notes which values an act of a user replaces, and writes them to the log for `undo`.

Services note each change that they make (`note`). Without `recording`, nothing is noted.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.users import UserOrPk, UserPk, user_pk
from ...errors import BadValue, NotFound
from ...models import Mailbox, UndoableChange, ledger
from ...models.refs import RowPk

UNDO = timedelta(minutes=10)
OWN_TOKEN = r"^[A-Za-z0-9_-]{22,43}$"  # 22 of these characters hold 128 bits
MOST_ACTS = 100  # of one user that can be undone; the oldest are forgotten first
MOST_ROWS = 1000  # of one user in the log, each of which holds up to 1,000 items
# `revision` says which text the user acted on, `since` when the item became unread: an undo is an act of its own.
NOT_RESTORED = frozenset({"revision", "since"})

Values = Mapping[str, Any]


class Key(NamedTuple):
    """An item: its type, and the primary key of the message or broadcast."""

    type: str
    pk: RowPk


@dataclass(slots=True)
class Act:
    """One act of a user. `changed` is the number of items that it has changed so far, `at` when it began: the dates
    that it writes, in however many transactions. `goes_on`: it was begun before, and its changes can be undone.
    `is_named`: the token is the caller's, who may send the same act again, or twice at once."""

    user: UserPk
    at: datetime = field(default_factory=timezone.now)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    changed: int = 0
    goes_on: bool = False
    is_named: bool = False

    @property
    def undo(self) -> str | None:
        """The token for `undo`, as soon as the first batch is written; None if nothing has changed."""
        return self.token if self.changed or self.goes_on else None

    def look_again(self) -> None:
        """Whether it was begun before. Of the same act at once, the second one waits for the mailbox."""
        if self.is_named and not self.changed and not self.goes_on:
            mine = UndoableChange.objects.filter(mailbox=self.user, act=self.token, created_at__gt=self.at - UNDO)
            self.goes_on = mine.exists()


@dataclass(slots=True)
class Notes:
    """What one transaction changes: by item and column, the value before and the value after."""

    rows: defaultdict[Key, dict[str, tuple[Any, Any]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, key: Key, before: Values, after: Values) -> None:
        columns = self.rows[key]
        for name in before.keys() - NOT_RESTORED:
            first, _last = columns.get(name, (before[name], None))
            columns[name] = first, after[name]

    def groups(self) -> list[dict[str, Any]]:
        """As stored in `UndoableChange.rows`; without columns that have their first value again."""
        found: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for key, columns in self.rows.items():
            if changes := tuple((name, *values) for name, values in sorted(columns.items()) if values[0] != values[1]):
                found[key.type, changes].append(stored_key(key.pk))
        return [
            {
                "type": name,
                "before": {column: _stored(before) for column, before, _after in changes},
                "after": {column: _stored(after) for column, _before, after in changes},
                "keys": keys,
            }
            for (name, changes), keys in found.items()
        ]


_act: ContextVar[Act | None] = ContextVar("inbox_act", default=None)
_notes: ContextVar[Notes | None] = ContextVar("inbox_notes", default=None)


@contextmanager
def recording(user: UserOrPk, token: str | None = None) -> Iterator[Act]:
    """What services change in this user's mailbox within this context is one act, which can be undone for ten minutes:
    `with recording(user) as act: archive(user, refs)`, then `undo(user, act.undo)`.

    Of an act that fails midway, what was written can be undone by its token. A caller that may not be there any more
    then chooses the `token` beforehand; repeated with it, the act goes on, and one undo is for both parts. Raises
    BadValue for a token that does not look random.
    """
    act = Act(user_pk(user)) if token is None else _named(user_pk(user), token)
    before = _act.set(act)
    try:
        yield act
    finally:
        _act.reset(before)


def _named(pk: UserPk, token: str) -> Act:
    if not re.fullmatch(OWN_TOKEN, token, re.ASCII):
        raise BadValue(_("A token of your own has 22 to 43 letters, digits, “-” and “_”."))
    act = Act(pk, token=token, is_named=True)
    act.look_again()
    return act


def is_recorded_as(token: str) -> bool:
    """Whether what services change now is an act with this token."""
    act = _act.get()
    return act is not None and act.token == token


def goes_on() -> bool:
    """Whether what services change now is an act that was begun before, in a request whose answer was lost."""
    act = _act.get()
    return act is not None and act.goes_on


@contextmanager
def locked_mailbox(pk: UserPk) -> Iterator[None]:
    """A transaction of this user's act: it locks the mailbox, and writes to the log what was noted in it.

    Raises NotFound for an unknown user.
    """
    act = _act.get()
    act = act if act is not None and act.user == pk else None
    notes = Notes() if act is not None else None
    token = _notes.set(notes)
    try:
        with ledger.locked([pk]) as found:
            if not found:
                raise NotFound(_("There is no such user."))
            if act is not None:
                act.look_again()
            yield
            logged = _log(act, notes) if act is not None and notes is not None else 0
    finally:
        _notes.reset(token)
    if act is not None:
        act.changed += logged


def moment() -> datetime:
    """When the act of the user began. All of its transactions write the same dates."""
    act = _act.get()
    return timezone.now() if act is None else act.at


def note(key: Key, before: Values, after: Values) -> None:
    """Note what an item was before a change, and what it is after it. Both have the same columns."""
    if (notes := _notes.get()) is not None:
        notes.add(key, before, after)


def stored_key(pk: RowPk) -> int | str:
    """A primary key as it stands in the log."""
    return pk if isinstance(pk, int) else str(pk)


def _stored(value: Any) -> Any:
    """With microseconds, unlike Django's JSON encoder: undo compares the values."""
    return value.isoformat() if isinstance(value, datetime) else value


def _log(act: Act, notes: Notes) -> int:
    """Write what was noted to the log; returns how many items changed."""
    if not (groups := notes.groups()):
        return 0
    _forget_old(act)
    version = Mailbox.objects.values_list("version", flat=True).get(pk=act.user)
    rows = [{**group, "version": version} for group in groups]
    UndoableChange.objects.create(mailbox_id=act.user, act=act.token, rows=rows, created_at=act.at)
    return sum(len(group["keys"]) for group in groups)


def _forget_old(act: Act) -> None:
    """Keep the log of this user small, the newest acts in it, and this one; of one that goes on without an end, the
    newest rows."""
    mine = UndoableChange.objects.filter(mailbox=act.user).order_by()
    others = mine.exclude(act=act.token).values_list("act").annotate(Count("pk"), Max("pk"), Max("created_at"))
    kept, forgotten, rows = 1, [], 0
    for token, count, _pk, created_at in sorted(others, key=lambda other: other[2], reverse=True):
        rows += count
        if kept < MOST_ACTS and rows <= MOST_ROWS and created_at > act.at - UNDO:
            kept += 1
        else:
            forgotten.append(token)
    if forgotten:
        mine.filter(act__in=forgotten).delete()
    if act.goes_on:
        earlier = mine.filter(act=act.token, created_at__lt=act.at).order_by("-pk")
        if too_many := list(earlier.values_list("pk", flat=True)[MOST_ROWS:]):
            mine.filter(pk__in=too_many).delete()
