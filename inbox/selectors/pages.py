"""The inbox, newest first: every event type's table and the broadcasts, merged page by page.

Messages come in the order of `seq`, broadcasts by the time they came out; the merge always takes the newer of the two
heads. It depends on nothing but the heads, so a cursor of both positions goes on exactly where the page ended.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from .. import audiences, ledger, refs
from ..errors import BadValue
from ..items import Item, from_broadcast, from_message
from ..models import Broadcast, BroadcastReceipt, Message, event_types
from ..snapshots import UserId
from ..users import user_pk
from .snapshots import snapshot

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

    def after(self, row: Any) -> Cursor:
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
            iter(_messages(model, pk, cursor, unread, archived)[: limit + 1])
            for name, model in event_types().items()
            if type in {None, name}
        ),
        key=lambda message: message.seq,
        reverse=True,
    )
    broadcasts = _broadcasts(pk, cursor, unread, archived)[: limit + 1] if type in {None, refs.BROADCAST} else []
    rows = list(islice(_newest_first(messages, iter(broadcasts)), limit + 1))
    return Page(version, [_item(row) for row in rows[:limit]], _next(cursor, rows, limit))


def _messages(model: type[Message], pk: Any, cursor: Cursor, unread: bool, archived: bool) -> Any:
    rows = _rows(model.event_type(), pk).filter(archived_at__isnull=not archived)
    if unread:
        rows = rows.unread()
    if cursor.seq is not None:
        rows = rows.filter(seq__lt=cursor.seq)
    return rows.order_by("-seq")


def _broadcasts(pk: Any, cursor: Cursor, unread: bool, archived: bool) -> Any:
    rows = _marked(audiences.unread_for(pk) if unread else audiences.visible_for(pk), pk)
    if cursor.published_at is not None:
        same_moment = Q(published_at=cursor.published_at, pk__lt=cursor.pk)
        rows = rows.filter(Q(published_at__lt=cursor.published_at) | same_moment)
    return rows.filter(archived_at__isnull=not archived).order_by("-published_at", "-pk")


def _marked(rows: QuerySet[Broadcast], pk: Any) -> Any:
    """Broadcasts with the `read_at` and `archived_at` of the reader's receipt."""
    receipt = BroadcastReceipt.objects.filter(broadcast=OuterRef("pk"), recipient=pk)
    marks = {column: Subquery(receipt.values(column)) for column in ("read_at", "archived_at")}
    return rows.using(ledger.alias()).annotate(**marks)


def _newest_first(messages: Iterator[Any], broadcasts: Iterator[Any]) -> Iterator[Any]:
    message, broadcast = next(messages, None), next(broadcasts, None)
    while message or broadcast:
        if message is None or (broadcast and broadcast.published_at >= message.created_at):
            yield broadcast
            broadcast = next(broadcasts, None)
        else:
            yield message
            message = next(messages, None)


def _next(cursor: Cursor, rows: list[Any], limit: int) -> str | None:
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


def _rows(name: str, pk: Any) -> Any:
    """Everything of one type that a user can see."""
    if name == refs.BROADCAST:
        return _marked(audiences.visible_for(pk), pk)
    messages = event_types()[name].objects.using(ledger.alias())
    return messages.visible().filter(recipient=pk).select_related("actor")
