"""The inbox, newest first: every event type's table and the broadcasts, merged page by page.

Messages come in the order of `seq`, broadcasts by the time they came out; the merge always takes the newer of the two
heads. It depends on nothing but the heads, so a cursor of both positions goes on exactly where the page ended.
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
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ..core import audiences, ledger, refs
from ..core.compiled import Compiled
from ..core.isolation import log_failure
from ..core.lookups import Parameter
from ..core.snapshots import UserId
from ..core.users import UserPk, user_pk
from ..errors import BadValue
from ..models import Broadcast, BroadcastReceipt, Message, event_types
from ..rendering.items import Item, from_broadcast, from_message
from .badges import snapshot

Row = Message | Broadcast  # broadcasts with the `read_at` and `archived_at` of the reader's receipt

MAX_LIMIT = 100
SALT = "inbox.cursor"


@dataclass(frozen=True, slots=True)
class Page:
    """Items shown at `version`, read before them; `next` is the cursor of what follows, None at the end."""

    version: int
    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: messages before `seq`, broadcasts before (`published_at`, `pk`); None is the top."""

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
    """One page of a user's inbox, at most 100 items. BadValue for a foreign cursor, an unknown type, a wild limit.

    Archived items come only with `archived`, and then nothing else does.
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
    broadcasts = _broadcasts(pk, cursor, unread, archived)[: limit + 1] if type in {None, refs.BROADCAST} else []
    rows = list(islice(_newest_first(messages, iter(broadcasts)), limit + 1))
    _load_actors([row for row in rows[:limit] if isinstance(row, Message)])
    return Page(version, [_item(row) for row in rows[:limit]], _next(cursor, rows, limit))


class Shape(NamedTuple):
    """What the statement for a page of one event type depends on."""

    model: type[Message]
    unread: bool
    archived: bool
    goes_on: bool
    rows: int
    lazy: bool = False  # the type's own columns are loaded when they are asked for


RECIPIENT, BEFORE = Parameter(), Parameter()


def _messages(shape: Shape, pk: UserPk, before: int | None) -> list[Message]:
    """The newest of one type, without their actors. If a column of one of them can't be read (it was encrypted with
    another key), each is left to load its own when it is rendered."""
    try:
        return _rows_of(shape, pk, before)
    except DatabaseFailure:
        raise
    except Exception:  # noqa: BLE001 (logged there)
        log_failure(f"Reading {shape.model.event_type()} items together")
        return _rows_of(shape._replace(lazy=True), pk, before)


def _rows_of(shape: Shape, pk: UserPk, before: int | None) -> list[Message]:
    alias = ledger.alias()
    owner = shape.model._meta.get_field("recipient").get_db_prep_value(pk, connections[alias])
    return _compiled(alias, shape).instances({RECIPIENT: owner, BEFORE: before})


@lru_cache(maxsize=1000)
def _compiled(alias: str, shape: Shape) -> Compiled[Message]:
    rows: Any = shape.model.objects.using(alias).visible().filter(recipient=Value(RECIPIENT))
    rows = rows.filter(archived_at__isnull=not shape.archived)
    if shape.unread:
        rows = rows.unread()
    if shape.goes_on:
        rows = rows.filter(seq__lt=Value(BEFORE))
    if shape.lazy:
        rows = rows.only(*(field.name for field in Message._meta.concrete_fields))
    return Compiled(rows.select_related(None).order_by("-seq")[: shape.rows])


def _load_actors(messages: Sequence[Message]) -> None:
    """In one query, for the few that are shown."""
    keys = {message.actor_id for message in messages} - {None}
    users = get_user_model()._base_manager.using(ledger.alias()).in_bulk(keys)
    for message in messages:
        message.actor = users.get(message.actor_id)


def _broadcasts(pk: UserPk, cursor: Cursor, unread: bool, archived: bool) -> Any:
    rows = _marked(audiences.unread_for(pk) if unread else audiences.visible_for(pk), pk)
    if cursor.published_at is not None:
        same_moment = Q(published_at=cursor.published_at, pk__lt=cursor.pk)
        rows = rows.filter(Q(published_at__lt=cursor.published_at) | same_moment)
    return rows.filter(archived_at__isnull=not archived).order_by("-published_at", "-pk")


def _marked(rows: QuerySet[Broadcast], pk: UserPk) -> Any:
    """Broadcasts with the `read_at` and `archived_at` of the reader's receipt."""
    receipt = BroadcastReceipt.objects.filter(broadcast=OuterRef("pk"), recipient=pk)
    marks = {column: Subquery(receipt.values(column)) for column in ("read_at", "archived_at")}
    return rows.using(ledger.alias()).annotate(**marks)


def _newest_first(messages: Iterator[Message], broadcasts: Iterator[Any]) -> Iterator[Row]:
    message, broadcast = next(messages, None), next(broadcasts, None)
    while message or broadcast:
        if broadcast and (message is None or broadcast.published_at >= message.created_at):
            yield broadcast
            broadcast = next(broadcasts, None)
        elif message:
            yield message
            message = next(messages, None)


def _next(cursor: Cursor, rows: list[Row], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    for row in rows[:limit]:
        cursor = cursor.after(row)
    return cursor.encode()


def _item(row: Any) -> Item:
    return from_message(row) if isinstance(row, Message) else from_broadcast(row, row.read_at, row.archived_at)


def item(user: UserId, ref: str) -> Item:
    """One item by its ref. NotFound unless it is in this user's mailbox."""
    pk = user_pk(user)
    [(name, keys)] = refs.parse([ref]).items()
    row = _rows(name, pk).filter(pk__in=keys).first()
    if row is None:
        raise refs.missing(ref)
    return _item(row)


def _rows(name: str, pk: UserPk) -> Any:
    """Everything of one type that a user can see."""
    if name == refs.BROADCAST:
        return _marked(audiences.visible_for(pk), pk)
    messages = event_types()[name].objects.using(ledger.alias())
    return messages.visible().filter(recipient=pk).select_related("actor")
