"""The inbox, newest first: the tables of all event types and the broadcasts, merged page by page.

Messages are ordered by `seq`, broadcasts by the time of publication. The merge always takes the newer one of the next
message and the next broadcast. It depends on nothing else, so a cursor that holds both positions continues exactly
where the page ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Q, QuerySet, Value
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ..core.choice import INBOX, Choice
from ..core.lookups import BEFORE, KEYS, RECIPIENT, THREAD, Among, Parameter, array, prepared
from ..core.snapshots import UserId
from ..core.sql import unions
from ..core.sql.compiled import Compiled
from ..core.sql.unions import Layout, Part, Values
from ..core.users import SiteUser, UserPk, user_pk
from ..errors import BadValue
from ..models import Broadcast, Mailbox, Message, audiences, event_types, ledger, refs
from . import choosing
from .badges import version_of
from .faces import load_faces
from .items import MARKS, Item, from_broadcast, from_message
from .moments import in_own_zone
from .recorded import with_importance

Row = Message | Broadcast  # broadcasts with the `MARKS` of the reader's receipt

MAX_LIMIT = 100
SALT = "inbox.cursor"
SAFE = {"id", *(field.attname for field in Message._meta.concrete_fields)}  # the columns of every message
PUBLISHED = Parameter()
# Their SQL has no values but the user and the cursor, so it is compiled once.
FREQUENT = {INBOX, Choice(unread=True), Choice(archived=True), Choice(starred=True), Choice(snoozed=True)}


@dataclass(frozen=True, slots=True)
class Page:
    """`version` was read before the items. `next` is the cursor of the next page, None on the last."""

    version: int
    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one has messages before `seq` and broadcasts before (`published_at`, `pk`).

    None means from the newest on.
    """

    seq: int | None = None
    published_at: datetime | None = None
    pk: int | None = None

    def after(self, row: Row) -> Cursor:
        if isinstance(row, Broadcast):
            return Cursor(self.seq, row.published_at, row.pk)
        return Cursor(row.seq, self.published_at, self.pk)

    def encode(self) -> str:
        moment = self.published_at and self.published_at.isoformat()
        return signing.dumps([self.seq, moment, self.pk], salt=SALT)

    @classmethod
    def decode(cls, text: str | None) -> Cursor:
        if text is None:
            return cls()
        try:
            seq, moment, pk = signing.loads(text, salt=SALT)
        except (signing.BadSignature, ValueError) as error:
            raise BadValue(_("This is not a cursor that the inbox has handed out.")) from error
        return cls(seq, moment and parse_datetime(moment), pk)


def inbox_page(
    user: UserId,
    *,
    before: str | None = None,
    limit: int = 20,
    choice: Choice = INBOX,
    type: str | None = None,
    unread: bool = False,
    archived: bool = False,
    starred: bool = False,
    snoozed: bool = False,
    important: bool = False,
) -> Page:
    """One page of the items of a choice, at most 100. `type`, `unread`, `archived`, `starred`, `snoozed`, `important`:
    short for those of `choice`.

    Raises BadValue for an invalid cursor, an unknown type, or a limit out of bounds.
    """
    choice = replace(
        choice,
        types=choice.types if type is None else (type,),
        unread=choice.unread or unread,
        archived=choice.archived or archived,
        starred=choice.starred or starred,
        snoozed=choice.snoozed or snoozed,
        important=choice.important or important,
    )
    if not 1 <= limit <= MAX_LIMIT:
        raise BadValue(_("limit must be from 1 to %(most)d.") % {"most": MAX_LIMIT})
    choosing.check(choice)
    cursor, pk = Cursor.decode(before), user_pk(user)
    version = version_of(pk)
    messages = _messages(pk, choice, cursor.seq, limit + 1)
    broadcasts = _broadcasts(pk, cursor, choice, limit + 1) if choice.includes(refs.BROADCAST) else []
    rows, stopped = _first(_newest_first(messages, iter(broadcasts)), limit + 1)
    load_actors([row for row in rows[:limit] if isinstance(row, Message)])
    items = in_own_zone(pk, with_importance([_item(row) for row in rows[:limit]]))
    return Page(version, items, _next(cursor, rows, limit, stopped))


def _first(rows: Iterator[Row], most: int) -> tuple[list[Row], int | None]:
    """The first rows; and if a search has stopped before there were as many, the `seq` where it did."""
    found = list[Row]()
    try:
        for row in islice(rows, most):
            found.append(row)
    except choosing.Stopped as stopped:
        return found, stopped.seq
    return found, None


def _messages(pk: UserPk, choice: Choice, before: int | None, rows: int) -> Iterator[Message]:
    """The newest messages of a choice, without their actors."""
    models = {name: model for name, model in event_types().items() if choice.includes(name)}
    # The types are no part of the SQL, so that each combination of them needs no statement of its own.
    alike = choice.without_words.of_all_types
    if not choice.words:
        shape = Shape(alike, rows, has_cursor=before is not None)
        yield from read(shape, dict.fromkeys(models.values()), pk, before=before, most=rows)
        return
    of_numbers = list(models.values())
    for found in choosing.search(choice, tuple(models), pk, before):
        for some in ledger.chunks(found, rows):
            numbers = sorted({row[0] for row in some})
            keys = {of_numbers[number]: [seq for n, seq, *_ in some if n == number] for number in numbers}
            yield from read(Shape(alike, has_keys=True), keys, pk)


class Shape(NamedTuple):
    """What the SQL for messages depends on, beside their type."""

    choice: Choice | None  # None: whatever the user has done with them
    rows: int | None = None
    has_cursor: bool = False
    has_keys: bool = False  # only those with some `seq`s
    in_thread: bool = False


def read(
    shape: Shape,
    keys: Mapping[type[Message], Collection[int] | None],
    pk: UserPk,
    *,
    before: int | None = None,
    thread: str | None = None,
    most: int | None = None,
) -> list[Message]:
    """The messages of one user: of each type all, or those with these `seq`s; at most so many, the newest first,
    without their actors. One statement.

    If a column can't be read (encrypted with another key, for example), it is deferred with the other columns of the
    type: then only the items that have such a value can't be rendered.
    """
    alias = ledger.alias()
    connection = connections[alias]
    values: Values = {
        RECIPIENT: Mailbox._meta.pk.get_db_prep_value(pk, connection),
        BEFORE: before,
        THREAD: thread,
    }
    kept = kept_parts if shape.choice is None or shape.choice in FREQUENT else kept_parts.__wrapped__
    parts = kept(alias, tuple(event_types().values()), shape)
    return unions.read(
        [
            (part, values if seqs is None else {**values, KEYS: array(connection, seqs)})
            for model, seqs in keys.items()
            if (part := parts.of(model)) is not None
        ],
        most,
    )


class Parts:
    """What messages of one shape are read by: a part for each type, made when it is first needed."""

    def __init__(self, alias: str, models: tuple[type[Message], ...], shape: Shape) -> None:
        """`models`: of all types."""
        self._alias, self._shape, self._layout = alias, shape, _layout(alias, models)
        self._made: dict[type[Message], Part | None] = {}

    def of(self, model: type[Message]) -> Part | None:
        """None if there can be no such messages of this type."""
        if model not in self._made:
            self._made[model] = self._new(model)
        return self._made[model]

    def _new(self, model: type[Message]) -> Part | None:
        with suppress(EmptyResultSet):
            return Part(self._layout, self._rows(model), SAFE)
        return None

    def _rows(self, model: type[Message]) -> QuerySet[Any]:
        shape, owner = self._shape, Value(RECIPIENT)
        if shape.choice is None:
            rows = model.objects.using(self._alias).filter(recipient=owner)
        else:
            rows = choosing.messages(shape.choice, model, owner).using(self._alias)
        rows = rows.filter(seq__lt=Value(BEFORE)) if shape.has_cursor else rows
        rows = rows.filter(Among("seq", KEYS)) if shape.has_keys else rows
        rows = rows.filter(thread=Value(THREAD)) if shape.in_thread else rows
        rows = rows.select_related(None).order_by()
        if shape.rows and connections[self._alias].vendor == "postgresql":
            rows = rows.order_by("-seq")[: shape.rows]  # SQLite reads no more anyway, and plans these longer
        return rows


@lru_cache(maxsize=100)
def kept_parts(alias: str, models: tuple[type[Message], ...], shape: Shape) -> Parts:
    return Parts(alias, models, shape)


@cache
def _layout(alias: str, models: tuple[type[Message], ...]) -> Layout:
    return Layout(alias, [model.objects.using(alias) for model in models], "seq")


def load_actors(messages: Sequence[Message], others: Collection[UserPk] = ()) -> dict[UserPk, SiteUser]:
    """Load the actors of the messages on the page and `others`, in one query, and the faces of the actors; returns all
    of these users by primary key."""
    keys = {message.actor_id for message in messages if message.actor_id is not None} | {*others}
    users: dict[UserPk, SiteUser] = {user.pk: user for user in _users(keys)} if keys else {}
    for message in messages:
        message.actor = users.get(message.actor_id) if message.actor_id is not None else None
    load_faces(messages)
    return users


def _users(keys: Collection[UserPk]) -> list[SiteUser]:
    connection = connections[ledger.alias()]
    prepared_keys = prepared(get_user_model()._meta.pk, keys, connection)
    return _compiled_users(connection.alias).instances({KEYS: array(connection, prepared_keys)})


@cache
def _compiled_users(alias: str) -> Compiled[SiteUser]:
    return Compiled(get_user_model()._base_manager.using(alias).filter(Among("pk", KEYS)).order_by())


def _broadcasts(pk: UserPk, cursor: Cursor, choice: Choice, rows: int) -> list[Broadcast]:
    if choice.words:  # there are few broadcasts, and Python looks for the words
        return list(islice(choosing.saying(choice.words, _broadcasts_of(pk, cursor, choice.without_words, None)), rows))
    return _broadcasts_of(pk, cursor, choice, rows)


def _broadcasts_of(pk: UserPk, cursor: Cursor, choice: Choice, rows: int | None) -> list[Broadcast]:
    alias, has_cursor = ledger.alias(), cursor.published_at is not None
    if choice.of_all_types not in FREQUENT:
        before = (cursor.published_at, cursor.pk) if has_cursor else None
        return list(_broadcasts_query(alias, choice, pk, before, rows))
    connection, field = connections[alias], Broadcast._meta.get_field("published_at")
    reader = get_user_model()._meta.pk.get_db_prep_value(pk, connection)
    moment = field.get_db_prep_value(cursor.published_at, connection)
    compiled = _compiled_broadcasts(alias, choice.of_all_types, has_cursor, rows)
    return compiled.instances({RECIPIENT: reader, PUBLISHED: moment, BEFORE: cursor.pk})


@lru_cache(maxsize=1000)
def _compiled_broadcasts(alias: str, choice: Choice, has_cursor: bool, rows: int | None) -> Compiled[Broadcast]:
    """Building the conditions of an audience takes Django longer than the database to run them."""
    before = (Value(PUBLISHED), Value(BEFORE)) if has_cursor else None
    return Compiled(_broadcasts_query(alias, choice, Value(RECIPIENT), before, rows))


def _broadcasts_query(
    alias: str, choice: Choice, reader: Any, before: tuple[Any, Any] | None, rows: int | None
) -> QuerySet[Broadcast]:
    found = choosing.broadcasts(choice, reader).using(alias)
    if before is not None:
        moment, pk = before
        found = found.filter(Q(published_at__lt=moment) | Q(published_at=moment, pk__lt=pk))
    return found.order_by("-published_at", "-pk")[:rows]


def _newest_first(messages: Iterator[Message], broadcasts: Iterator[Broadcast]) -> Iterator[Row]:
    message, broadcast = next(messages, None), next(broadcasts, None)
    while message or broadcast:
        if broadcast and (message is None or _time_of(broadcast) >= message.created_at):
            yield broadcast
            broadcast = next(broadcasts, None)
        elif message:
            yield message
            message = next(messages, None)


def _time_of(broadcast: Broadcast) -> datetime:
    return broadcast.published_at or broadcast.created_at  # a live one has `published_at`, by a constraint


def _next(cursor: Cursor, rows: list[Row], limit: int, stopped: int | None = None) -> str | None:
    if len(rows) <= limit and stopped is None:
        return None
    for row in rows[:limit]:
        cursor = cursor.after(row)
    return (cursor if stopped is None else replace(cursor, seq=stopped)).encode()


def _item(row: Row) -> Item:
    return (
        from_message(row)
        if isinstance(row, Message)
        else from_broadcast(row, {name: getattr(row, name) for name in MARKS})
    )


def item(user: UserId, ref: str) -> Item:
    """One item by its ref. Raises NotFound unless it is in this user's mailbox."""
    pk = user_pk(user)
    [(name, keys)] = refs.parse([ref]).items()
    row = _rows(name, pk).filter(pk__in=keys).first()
    if row is None:
        raise refs.missing(ref)
    if isinstance(row, Message):
        load_faces([row])
    [found] = in_own_zone(pk, with_importance([_item(row)]))
    return found


def _rows(name: str, pk: UserPk) -> QuerySet[Broadcast] | QuerySet[Message]:
    """All items of one type that a user has not deleted, snoozed or not."""
    if name == refs.BROADCAST:
        return choosing.marked(audiences.kept_for(pk), pk)
    messages = event_types()[name].objects.using(ledger.alias())
    return messages.filter(deleted_at=None).filter(recipient=pk).select_related("actor")
