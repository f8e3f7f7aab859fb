"""The inbox, newest first: the tables of all event types and the broadcasts, merged page by page.

Messages are ordered by `seq`, broadcasts by the time of publication. The merge always takes the newer one of the next
message and the next broadcast. It depends on nothing else, so a cursor that holds both positions continues exactly
where the page ended.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core import signing
from django.db import Error as DatabaseFailure
from django.db import connections
from django.db.models import Q, QuerySet, Subquery, Value
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ..core.compiled import Compiled
from ..core.isolation import log_failure
from ..core.lookups import Parameter
from ..core.snapshots import UserId
from ..core.users import UserPk, user_pk
from ..errors import BadValue
from ..models import Broadcast, Message, audiences, event_types, ledger, refs
from .badges import snapshot
from .items import Item, from_broadcast, from_message
from .moments import in_own_zone

Row = Message | Broadcast  # broadcasts with the `read_at` and `archived_at` of the reader's receipt

MAX_LIMIT = 100
SALT = "inbox.cursor"


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
    type: str | None = None,
    unread: bool = False,
    archived: bool = False,
) -> Page:
    """One page of a user's inbox, at most 100 items; with `archived`, one page of the archived items instead.

    Raises BadValue for an invalid cursor, an unknown type, or a limit out of bounds.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise BadValue(_("limit must be from 1 to %(most)d.") % {"most": MAX_LIMIT})
    if type not in {None, refs.BROADCAST, *event_types()}:
        raise BadValue(_("There is no such type of message."))
    cursor, pk = Cursor.decode(before), user_pk(user)
    version = snapshot(pk).version
    messages = heapq.merge(
        *(
            _messages(Shape(model, unread, archived, cursor.seq is not None, limit + 1), pk, cursor.seq)
            for name, model in event_types().items()
            if type in {None, name}
        ),
        key=lambda message: message.seq,
        reverse=True,
    )
    broadcasts = _broadcasts(pk, cursor, unread, archived, limit + 1) if type in {None, refs.BROADCAST} else []
    rows = list(islice(_newest_first(messages, iter(broadcasts)), limit + 1))
    _load_actors([row for row in rows[:limit] if isinstance(row, Message)])
    items = in_own_zone(pk, [_item(row) for row in rows[:limit]])
    return Page(version, items, _next(cursor, rows, limit))


class Shape(NamedTuple):
    """What the SQL for a page of one event type depends on."""

    model: type[Message]
    unread: bool
    archived: bool
    has_cursor: bool
    rows: int
    is_deferred: bool = False  # the type's own columns are loaded when they are accessed


RECIPIENT, BEFORE, PUBLISHED = Parameter(), Parameter(), Parameter()


def _messages(shape: Shape, pk: UserPk, before: int | None) -> list[Message]:
    """The newest messages of one type, without their actors.

    If a column can't be read (encrypted with another key, for example), the type's own columns are deferred: then only
    the items that have such a value can't be rendered.
    """
    try:
        return _rows_of(shape, pk, before)
    except DatabaseFailure:
        raise
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(f"Reading {shape.model.event_type()} items together")
        return _rows_of(shape._replace(is_deferred=True), pk, before)


def _rows_of(shape: Shape, pk: UserPk, before: int | None) -> list[Message]:
    alias = ledger.alias()
    owner = shape.model._meta.get_field("recipient").get_db_prep_value(pk, connections[alias])
    return _compiled(alias, shape).instances({RECIPIENT: owner, BEFORE: before})


@lru_cache(maxsize=1000)
def _compiled(alias: str, shape: Shape) -> Compiled[Message]:
    rows = shape.model.objects.using(alias).visible().filter(recipient=Value(RECIPIENT))
    rows = rows.filter(archived_at__isnull=not shape.archived)
    if shape.unread:
        rows = rows.unread()
    if shape.has_cursor:
        rows = rows.filter(seq__lt=Value(BEFORE))
    if shape.is_deferred:
        rows = rows.only(*(field.name for field in Message._meta.concrete_fields))
    return Compiled(rows.select_related(None).order_by("-seq")[: shape.rows])


def _load_actors(messages: Sequence[Message]) -> None:
    """Load the actors of the messages on the page, in one query."""
    keys = {message.actor_id for message in messages} - {None}
    users = get_user_model()._base_manager.using(ledger.alias()).in_bulk(keys)
    for message in messages:
        message.actor = users.get(message.actor_id)


def _broadcasts(pk: UserPk, cursor: Cursor, unread: bool, archived: bool, rows: int) -> list[Broadcast]:
    connection, field = connections[ledger.alias()], Broadcast._meta.get_field("published_at")
    reader = get_user_model()._meta.pk.get_db_prep_value(pk, connection)
    moment = field.get_db_prep_value(cursor.published_at, connection)
    compiled = _compiled_broadcasts(ledger.alias(), unread, archived, cursor.published_at is not None, rows)
    return compiled.instances({RECIPIENT: reader, PUBLISHED: moment, BEFORE: cursor.pk})


@lru_cache(maxsize=1000)
def _compiled_broadcasts(alias: str, unread: bool, archived: bool, has_cursor: bool, rows: int) -> Compiled[Broadcast]:
    """Building the conditions of an audience takes Django longer than the database to run them."""
    reader: Any = Value(RECIPIENT)
    found = _marked(audiences.unread_for(reader) if unread else audiences.visible_for(reader), reader).using(alias)
    if has_cursor:
        same_moment = Q(published_at=Value(PUBLISHED), pk__lt=Value(BEFORE))
        found = found.filter(Q(published_at__lt=Value(PUBLISHED)) | same_moment)
    return Compiled(found.filter(Q(archived_at__isnull=not archived)).order_by("-published_at", "-pk")[:rows])


def _marked(rows: QuerySet[Broadcast], pk: UserPk) -> QuerySet[Broadcast]:
    """Broadcasts with the `read_at` and `archived_at` of the reader's receipt."""
    marks = {column: Subquery(audiences.receipts(pk).values(column)) for column in ("read_at", "archived_at")}
    return rows.using(ledger.alias()).annotate(**marks)


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


def _next(cursor: Cursor, rows: list[Row], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    for row in rows[:limit]:
        cursor = cursor.after(row)
    return cursor.encode()


def _item(row: Row) -> Item:
    return from_message(row) if isinstance(row, Message) else from_broadcast(row, row.read_at, row.archived_at)


def item(user: UserId, ref: str) -> Item:
    """One item by its ref. Raises NotFound unless it is in this user's mailbox."""
    pk = user_pk(user)
    [(name, keys)] = refs.parse([ref]).items()
    row = _rows(name, pk).filter(pk__in=keys).first()
    if row is None:
        raise refs.missing(ref)
    [found] = in_own_zone(pk, [_item(row)])
    return found


def _rows(name: str, pk: UserPk) -> QuerySet[Broadcast] | QuerySet[Message]:
    """All items of one type that a user can see."""
    if name == refs.BROADCAST:
        return _marked(audiences.visible_for(pk), pk)
    messages = event_types()[name].objects.using(ledger.alias())
    return messages.visible().filter(recipient=pk).select_related("actor")
