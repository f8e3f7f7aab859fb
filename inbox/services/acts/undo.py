"""Undo: restores what an act of the user has replaced, unless it was changed again since."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.users import UserOrPk, UserPk, user_pk
from ...errors import BadValue, NotFound
from ...models import BroadcastReceipt, UndoableChange, event_types, ledger, refs
from ...models.base import NULL_IF_UNREAD, MailboxRow
from ...models.refs import RowPk
from . import journal
from .journal import UNDO, stored_key
from .marked import Marked, read, write

TOKEN = re.compile(r"[\w-]{1,43}", re.ASCII)  # a value that the database can be asked for

Group: TypeAlias = dict[str, Any]  # as in `UndoableChange.rows`
Values: TypeAlias = Mapping[str, Any]


class Undone(NamedTuple):
    """The number of items that have their old values again, and of those that were changed or deleted since."""

    restored: int
    skipped: int


def undo(user: UserOrPk, token: str) -> Undone:
    """Restore what the act with this token has changed in this user's mailbox, newest first, 1,000 items at a time.

    An item that was changed again since is skipped: one of the changed marks has another value, it is gone, it was
    shown again, or it would be read or hidden although it arrived again. What becomes unread counts as returned now, so
    an older mark-all spares it. Raises NotFound if there is nothing to undo: the token is another user's, older than
    ten minutes, or was used by another act; and BadValue if it is recorded under this very token, because it would undo
    itself.
    """
    if journal.is_recorded_as(token):
        raise BadValue(_("An undo needs a token of its own, not the one that it undoes."))
    pk, after = user_pk(user), timezone.now() - UNDO
    done: list[Undone] = []
    while TOKEN.fullmatch(token) and (part := _undo_part(pk, token, after)):
        done.append(part)
    if not done and not journal.goes_on():
        raise NotFound(_("This can't be undone any more: it was undone already, or ten minutes have passed."))
    return Undone(sum(part.restored for part in done), sum(part.skipped for part in done))


@ledger.retrying
def _undo_part(pk: UserPk, token: str, after: datetime) -> Undone | None:
    """Undo the newest part that is left of the act, in one transaction; None if none is left."""
    with journal.locked_mailbox(pk):
        parts = UndoableChange.objects.filter(mailbox=pk, act=token, created_at__gt=after)
        part = parts.order_by("-pk").first()
        if part is None:
            return None
        restored = _restore(pk, part.rows)
        part.delete()
        return Undone(restored, sum(len(group["keys"]) for group in part.rows) - restored)


def _restore(pk: UserPk, groups: Sequence[Group]) -> int:
    """Restore the items of these groups that still have the values of the act; returns how many."""
    tables: dict[str, type[MailboxRow]] = {**event_types(), refs.BROADCAST: BroadcastReceipt}
    of_known_types = [group for group in groups if group["type"] in tables]
    keys: defaultdict[str, list[RowPk]] = defaultdict(list)
    for group in of_known_types:
        keys[group["type"]] += group["keys"]
    found = {(row.type, stored_key(row.key.pk)): row for row in read(pk, keys).values()}
    for group in of_known_types:
        model = tables[group["type"]]
        before, after = _loaded(model, group["before"]), _loaded(model, group["after"])
        for key in group["keys"]:
            row = found.get((group["type"], key))
            if row is not None and _is_restorable(row, before, after, group["version"]):
                row.after |= before
    return write(pk, found.values())


def _is_restorable(row: Marked, before: Values, after: Values, version: int) -> bool:
    """Whether the row still has the values `after` the act, and may have those `before` it again."""
    if row.before != {**row.before, **after} or not _is_consistent({**row.before, **before}):
        return False
    if any(before.get(column) is not None for column in NULL_IF_UNREAD) and (row.before["since"] or 0) > version:
        return False  # the owner has to hear of what has come back
    return row.counts or before.keys() == {"starred_at"}  # a star stays when a broadcast is shown again


def _is_consistent(row: Values) -> bool:
    """What is archived is read, and what is snoozed is neither."""
    if row["read_at"] is None:
        return row["archived_at"] is None
    return row["snoozed_until"] is None


def _loaded(model: type[MailboxRow], values: Values) -> Values:
    columns = {field.attname: field for field in model._meta.concrete_fields}
    return {name: columns[name].to_python(value) for name, value in values.items()}
