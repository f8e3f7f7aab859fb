"""Badges: the snapshots of one user or of a thousand, in one statement."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, IntegerField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from .. import conf
from ..core.compiled import Compiled
from ..core.lookups import KEYS, Among
from ..core.snapshots import CLOCK_UNIT, Snapshot, UserId, user_id
from ..core.users import SiteUser, UserOrPk, UserPk, has_staff_column, user_pks
from ..errors import NotFound
from ..models import BroadcastClock, Mailbox, audiences, event_types, ledger, refs
from . import undone


class Plain(Subquery):
    """A subquery whose value is not converted: Django would convert each integer to an integer again."""

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        return []


class Counted(Plain):
    """The number of rows of a subquery. If the subquery is sliced, counting stops at the end of the slice."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def snapshots(user_ids: Iterable[UserOrPk]) -> dict[UserId, Snapshot]:
    """Current snapshots by user id. Unknown ids are absent.

    One SQL statement per thousand users, on the primary. Call it outside any transaction. It writes nothing and waits
    for no lock. If it finds work undone, it reports it (`undone`), and returns the state as it is before that work: a
    broadcast is due, a user has no mailbox yet (version 0, not staff), or a staff flag has changed without a signal.
    """
    found: dict[UserId, Snapshot] = {}
    for chunk in ledger.chunks(user_pks(user_ids)):
        found |= _read(chunk)
    return found


def snapshot(user: UserOrPk) -> Snapshot:
    """The current snapshot of one user. Raises NotFound for an unknown user."""
    for found in snapshots([user]).values():
        return found
    raise NotFound(_("There is no such user."))


def versions(user_ids: Iterable[UserOrPk]) -> dict[UserId, int]:
    """Only the snapshot versions by user id: a cheap test whether anything has changed. Reports nothing."""
    return {
        user_id(pk): (clock or 0) * CLOCK_UNIT + (version or 0)
        for chunk in ledger.chunks(user_pks(user_ids))
        for pk, version, clock in _read_versions(chunk)
    }


def _read_versions(pks: Sequence[UserPk]) -> list[tuple[Any, ...]]:
    """Rows of (user, version, clock). Reads mailboxes only, which is half the work, and then users if one of them has
    no mailbox or is deleted."""
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


# Building and compiling seven subqueries takes Django as long as reading the states of several hundred users.


@cache
def _compiled(alias: str, names: Sequence[str], cap: int) -> Compiled[SiteUser]:
    return Compiled(_statement(names, cap).using(alias).filter(Among("pk", KEYS)))


@cache
def _compiled_versions(alias: str, *, of_users: bool) -> Compiled[Model]:
    rows, version = (_users(), "mailbox__version") if of_users else (Mailbox.objects.order_by(), "version")
    with_clock = rows.using(alias).filter(Among("pk", KEYS)).annotate(_clock=_clock("value"))
    return Compiled(with_clock.values_list("pk", version, "_clock"))


def _statement(names: Sequence[str], cap: int) -> "QuerySet[SiteUser, Any]":
    """Rows of (user, version, clock, next due, staff flag of the mailbox, staff flag of the user, one count per type).

    If a user has no mailbox, its version and flag are None.
    """
    mine = OuterRef("pk")
    unread: list[QuerySet[Any, Any]] = [
        model.objects.unread().filter(recipient=mine).order_by().values("seq")[: cap + 1]
        for model in event_types().values()
    ]
    unread.append(audiences.unread_for(mine).order_by().values("pk")[: cap + 1])
    users = _users().annotate(_clock=_clock("value"), _next_due=_clock("next_due"), _is_staff=_is_staff())
    counts = {f"_unread_{name}": Counted(rows) for name, rows in zip(names, unread, strict=True)}
    return users.annotate(**counts).values_list(
        "pk", "mailbox__version", "_clock", "_next_due", "mailbox__is_staff", "_is_staff", *counts
    )


def _users() -> "QuerySet[SiteUser]":
    """All users, with a mailbox or without one. The base manager, because a site's own manager may leave out some."""
    return get_user_model()._base_manager.order_by()


def _clock(column: str) -> Plain:
    return Plain(BroadcastClock.objects.filter(pk=BroadcastClock.THE_ONE).values(column))


def _is_staff() -> F | Coalesce:
    """The staff flag of the user; that of the mailbox if the user model has no such column."""
    if has_staff_column():
        return F("is_staff")
    return Coalesce("mailbox__is_staff", Value(False))
