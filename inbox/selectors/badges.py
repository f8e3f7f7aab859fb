"""Badges: the snapshots of one user or of a thousand, in one statement."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, Exists, F, Model, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext as _

from .. import conf
from ..core.lookups import KEYS, RECIPIENT, Among
from ..core.snapshots import CLOCK_UNIT, Snapshot, UserId, user_id
from ..core.sql.compiled import Compiled
from ..core.sql.expressions import Counted, Either, Plain, Rows
from ..core.users import SiteUser, UserOrPk, UserPk, has_staff_column, user_pks
from ..errors import NotFound
from ..models import Broadcast, BroadcastClock, Mailbox, Message, Thread, audiences, event_types, ledger, refs
from ..models.base import came_at
from . import undone
from .recorded import recorded

_THE_USER = Q(pk=Value(RECIPIENT))  # PostgreSQL expects one row of it, and ten of an array of keys
CAP_CHANGES = 3  # while one set of users is read


def snapshots(user_ids: Iterable[UserOrPk]) -> dict[UserId, Snapshot]:
    """Current snapshots by user id. Unknown ids are absent.

    One SQL statement per thousand users, on the primary. Call it outside any transaction. It writes nothing and waits
    for no lock. If it finds work undone, it reports it (`undone`), and returns the state as it is before that work: a
    broadcast is due, a user has no mailbox yet (version 0, not staff), a staff flag has changed without a signal, or
    this process has to record its unread cap.
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


def version_of(pk: UserPk) -> int:
    """The version of the current snapshot of one user, without its counts: what a list needs of it. Reports what it
    finds undone, as `snapshot`. Raises NotFound for an unknown user."""
    for row in _compiled_state(ledger.alias()).of_users([pk]):
        _report([row])
        return _version(row)
    raise NotFound(_("There is no such user."))


def snapshot_for_write(pk: UserPk) -> Snapshot:
    """The snapshot of an existing user, for writes, within their transaction: it reports nothing undone."""
    [found] = _read([pk], report=False).values()
    return found


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


def _read(pks: Sequence[UserPk], *, report: bool = True) -> dict[UserId, Snapshot]:
    names = (*event_types(), refs.BROADCAST)
    cap, rows = _read_with_cap(pks, names)
    if rows and report:
        _report(rows)
        if cap != conf.unread_cap():
            recorded()  # reports it, if this process has to record its own
    return {(key := user_id(row[0])): _snapshot(key, row, names, cap) for row in rows}


def _report(rows: Sequence[Sequence[Any]]) -> None:
    undone.report(rows[0][3], rows[0][6], [row[0] for row in rows if row[4] != row[5] or row[7] != row[1]])


def _version(row: Sequence[Any]) -> int:
    return (row[2] or 0) * CLOCK_UNIT + (row[1] or 0)


def _read_with_cap(pks: Sequence[UserPk], names: Sequence[str]) -> tuple[int, list[tuple[Any, ...]]]:
    """The recorded cap (`recorded.py`), and rows counted up to it. If a row says that another cap is recorded than
    this process has, they are counted again: versions and counts are of one statement."""
    cap = conf.unread_cap()
    for _attempt in range(CAP_CHANGES):
        rows = _compiled(ledger.alias(), names, cap, of_one=len(pks) == 1).of_users(pks)
        if not rows or (in_use := rows[0][9] or conf.DEFAULT_UNREAD_CAP) == cap:
            break
        cap = in_use
    return cap, rows


def _snapshot(key: UserId, row: Sequence[Any], names: Sequence[str], cap: int) -> Snapshot:
    counts, mask = row[10:], Counted.MASK
    unseen, total = divmod(sum(counts), Counted.UNIT)
    by_type = {name: count & mask for name, count in zip(names, counts, strict=True) if count}
    if total > cap:
        by_type = {name: min(count, cap) for name, count in by_type.items()}
    threads = (row[8] or 0) + (counts[-1] & mask)  # of each broadcast, one
    return Snapshot(key, _version(row), min(total, cap), total > cap, by_type, min(unseen, cap), min(threads, cap))


# Building and compiling seven subqueries takes Django as long as reading the states of several hundred users.


@cache
def _compiled(alias: str, names: Sequence[str], cap: int, *, of_one: bool) -> Compiled[SiteUser]:
    return Compiled(_statement(names, cap).using(alias).filter(_THE_USER if of_one else Among("pk", KEYS)))


@cache
def _compiled_state(alias: str) -> Compiled[SiteUser]:
    """Of one user."""
    return Compiled(_state().using(alias).filter(_THE_USER).values_list(*STATE))


@cache
def _compiled_versions(alias: str, *, of_users: bool) -> Compiled[Model]:
    rows, version = (_users(), "mailbox__version") if of_users else (Mailbox.objects.order_by(), "version")
    with_clock = rows.using(alias).filter(Among("pk", KEYS)).annotate(_clock=_clock("value"))
    return Compiled(with_clock.values_list("pk", version, "_clock"))


# Of a user: versions, when something is due, and whether something is undone.
STATE = (
    "pk",
    "mailbox__version",
    "_clock",
    "_next_due",
    "mailbox__is_staff",
    "_is_staff",
    "_next_wake",
    "mailbox__threads_version",
)


def _state() -> "QuerySet[SiteUser]":
    users = _users().annotate(_clock=_clock("value"), _next_due=_clock("next_due"), _is_staff=_is_staff())
    return users.annotate(_next_wake=Plain(undone.next_wake()))


def _statement(names: Sequence[str], cap: int) -> "QuerySet[SiteUser, Any]":
    """Rows of (user, version, clock, next due, staff flag of the mailbox, staff flag of the user, when the first snooze
    of all users ends, version of the threads, count of unread threads, the recorded cap, and per type the count of
    unread packed with that of unseen items).

    If a user has no mailbox, its versions and flag are None.
    """
    mine = OuterRef("pk")
    unread = [_messages(model, mine)[: cap + 1] for model in event_types().values()]
    unread.append(audiences.unread_for(mine).order_by().values(unseen=_is_unseen_broadcast(mine)))
    users = _state().annotate(_cap=_clock("unread_cap"))
    users = users.annotate(_seen_clock=_seen("clock"), _seen_version=_seen("version"))
    users = users.annotate(_threads=Rows(_unread_threads(mine)[: cap + 1]))
    counts: dict[str, Any] = {f"_unread_{name}": Counted(rows) for name, rows in zip(names, unread, strict=True)}
    of_broadcasts = f"_unread_{refs.BROADCAST}"
    counts[of_broadcasts] = Either(When(_has_live_broadcasts(), then=counts[of_broadcasts]), default=Value(0))
    return users.annotate(**counts).values_list(*STATE, "_threads", "_cap", *counts)


def _messages(model: type[Message], user: OuterRef) -> "QuerySet[Any, Any]":
    """The unread messages, those that came last first: if the cap cuts some off, they are no later than the others."""
    unseen = Case(When(GreaterThan(came_at(), OuterRef("_seen_version")), then=1))
    return model.objects.unread().filter(recipient=user).order_by(came_at().desc()).values(unseen=unseen)


def _has_live_broadcasts() -> Exists:
    """Asked once per statement. Where there are none, nobody's are counted."""
    return Exists(Broadcast.objects.live().filter(in_inbox=True).order_by())


def _is_unseen_broadcast(user: OuterRef) -> Case:
    """1 for a broadcast that changed, became unread again or may have reached the user by joining an audience after
    what the user has seen; else null."""
    seen = OuterRef("_seen_version")
    joined = Q(GreaterThan(OuterRef("mailbox__audience_version"), seen)) & ~audiences.is_lasting()
    returned = Q(pk__in=audiences.returned(user, since=OuterRef(seen)))
    return Case(When(clock__gt=OuterRef("_seen_clock"), then=1), When(joined, then=1), When(returned, then=1))


def _unread_threads(mine: OuterRef) -> "QuerySet[Thread, Any]":
    return Thread.objects.filter(recipient=mine, unread__gt=0).order_by().values("rank")


def _users() -> "QuerySet[SiteUser]":
    """All users, with a mailbox or without one. The base manager, because a site's own manager may leave out some."""
    return get_user_model()._base_manager.order_by()


def _clock(column: str) -> Plain:
    return Plain(BroadcastClock.objects.filter(pk=BroadcastClock.THE_ONE).values(column))


def _seen(column: str) -> Coalesce:
    return Coalesce(f"mailbox__seen_{column}", 0)


def _is_staff() -> F | Coalesce:
    """The staff flag of the user; that of the mailbox if the user model has no such column."""
    if has_staff_column():
        return F("is_staff")
    return Coalesce("mailbox__is_staff", Value(False))
