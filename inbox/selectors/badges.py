"""Badges: the state of one user or of a thousand, in one statement."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from .. import conf
from ..core import audiences, ledger, refs
from ..core.compiled import Compiled
from ..core.lookups import KEYS, Among
from ..core.snapshots import CLOCK_UNIT, Snapshot, UserId, user_id
from ..core.users import UserOrPk, UserPk, has_staff_column, user_pks
from ..errors import NotFound
from ..models import BroadcastClock, Mailbox, event_types
from . import undone


class Plain(Subquery):
    """A subquery whose value needs no conversion: Django would make an int of every int again."""

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        return []


class Counted(Plain):
    """How many rows a subquery has. Give it a slice, and counting stops there."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def snapshots(user_ids: Iterable[UserOrPk]) -> dict[UserId, Snapshot]:
    """Current snapshots by user id; ids of no user are absent.

    One SQL statement per thousand users, on the primary, to be called outside any transaction. It writes nothing and
    waits for no lock. What the statement finds undone is reported (`undone`), and the state is that of before: a
    broadcast past its time, a user without a mailbox (version 0, no staff), a staff flag changed behind the signals.
    """
    found: dict[UserId, Snapshot] = {}
    for chunk in ledger.chunks(user_pks(user_ids)):
        found |= _read(chunk)
    return found


def snapshot(user: UserOrPk) -> Snapshot:
    """The current snapshot of one user. NotFound for an unknown one."""
    for found in snapshots([user]).values():
        return found
    raise NotFound(_("There is no such user."))


def versions(user_ids: Iterable[UserOrPk]) -> dict[UserId, int]:
    """Only the snapshot versions by user id: a cheap look whether anything changed. Reports nothing."""
    return {
        user_id(pk): (clock or 0) * CLOCK_UNIT + (version or 0)
        for chunk in ledger.chunks(user_pks(user_ids))
        for pk, version, clock in _read_versions(chunk)
    }


def _read_versions(pks: Sequence[UserPk]) -> list[Any]:
    """Of mailboxes alone, which is half the work; unless one of these users has none, or is gone."""
    rows = _compiled_versions(ledger.alias(), of_users=False).of_users(pks)
    return rows if len(rows) == len(pks) else _compiled_versions(ledger.alias(), of_users=True).of_users(pks)


def _read(pks: Sequence[UserPk]) -> dict[UserId, Snapshot]:
    cap = conf.unread_cap()
    names = (*event_types(), refs.BROADCAST)
    rows = _compiled(ledger.alias(), names, cap).of_users(pks)
    if rows:
        undone.report(rows[0][3], [row[0] for row in rows if row[4] != row[5]])
    return {(key := user_id(row[0])): _snapshot(key, row, names, cap) for row in rows}


def _snapshot(key: UserId, row: Sequence[Any], names: Sequence[str], cap: int) -> Snapshot:
    counts = row[6:]
    total = sum(counts)
    by_type = {name: count for name, count in zip(names, counts, strict=True) if count}
    if total > cap:
        by_type = {name: min(count, cap) for name, count in by_type.items()}
    return Snapshot(key, (row[2] or 0) * CLOCK_UNIT + (row[1] or 0), min(total, cap), total > cap, by_type)


# Building and compiling seven subqueries costs Django as much as reading the states of several hundred users.


@cache
def _compiled(alias: str, names: Sequence[str], cap: int) -> Compiled[Any]:
    return Compiled(_statement(names, cap).using(alias).filter(Among("pk", KEYS)))


@cache
def _compiled_versions(alias: str, *, of_users: bool) -> Compiled[Any]:
    rows, version = (_users(), "mailbox__version") if of_users else (Mailbox.objects.order_by(), "version")
    rows = rows.using(alias).filter(Among("pk", KEYS)).annotate(_clock=_clock("value"))
    return Compiled(rows.values_list("pk", version, "_clock"))


def _statement(names: Sequence[str], cap: int) -> "QuerySet[Any, Any]":
    """Rows of (user, version, clock, next due, staff flag of the mailbox, of the user, one count per type).

    Version and flag of a mailbox that does not exist are None.
    """
    mine = OuterRef("pk")
    unread: list[Any] = [
        model.objects.unread().filter(recipient=mine).order_by().values("seq")[: cap + 1]
        for model in event_types().values()
    ]
    unread.append(audiences.unread_for(mine).order_by().values("pk")[: cap + 1])
    users = _users().annotate(_clock=_clock("value"), _next_due=_clock("next_due"), _is_staff=_is_staff())
    counts = {f"_unread_{name}": Counted(rows) for name, rows in zip(names, unread, strict=True)}
    rows: QuerySet[Any, Any] = users.annotate(**counts).values_list(
        "pk", "mailbox__version", "_clock", "_next_due", "mailbox__is_staff", "_is_staff", *counts
    )
    return rows


def _users() -> "QuerySet[Any, Any]":
    """With a mailbox or not yet. Nobody is left out by a manager of the site's."""
    return get_user_model()._base_manager.order_by()


def _clock(column: str) -> Plain:
    return Plain(BroadcastClock.objects.filter(pk=BroadcastClock.THE_ONE).values(column))


def _is_staff() -> F | Coalesce:
    """Where the database does not know it, the mailbox does."""
    if has_staff_column():
        return F("is_staff")
    return Coalesce("mailbox__is_staff", Value(False))
