"""Badges: the state of one user or of a thousand, in one statement."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.db.models import BooleanField, F, IntegerField, OuterRef, Subquery, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audiences, conf, ledger, refs
from ..errors import NotFound
from ..lookups import KEYS, Among, Compiled
from ..models import BroadcastClock, Mailbox, event_types
from ..services.broadcasts import apply_due
from ..snapshots import CLOCK_UNIT, Snapshot, UserId, user_id
from ..users import user_pks

logger = logging.getLogger(__name__)

# Healing takes one extra read; the second reader of a broadcast due at this moment may need one more.
READS = 3


class Plain(Subquery):
    """A subquery whose value needs no conversion: Django would make an int of every int again."""

    def get_db_converters(self, connection: Any) -> list[Any]:
        return []


class Counted(Plain):
    """How many rows a subquery has. Give it a slice, and counting stops there."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def snapshots(user_ids: Iterable[Any]) -> dict[UserId, Snapshot]:
    """Current snapshots by user id; ids of no user are absent.

    One SQL statement per thousand users, on the primary, to be called outside any transaction. What the statement
    finds undone is done, and read again: a broadcast past its time, a user without a mailbox, a staff flag changed
    behind the signals.
    """
    found: dict[UserId, Snapshot] = {}
    for chunk in ledger.chunks(user_pks(user_ids)):
        found |= _read(chunk, READS)
    return found


def snapshot(user: Any) -> Snapshot:
    """The current snapshot of one user. NotFound for an unknown one."""
    for found in snapshots([user]).values():
        return found
    raise NotFound(_("There is no such user."))


def versions(user_ids: Iterable[Any]) -> dict[UserId, int]:
    """Only the snapshot versions by user id: a cheap look whether anything changed. Heals nothing."""
    statement = _compiled_versions(ledger.alias())
    return {
        user_id(pk): (clock or 0) * CLOCK_UNIT + version
        for chunk in ledger.chunks(user_pks(user_ids))
        for pk, version, clock in statement.rows(chunk)
    }


def _read(pks: Sequence[Any], reads: int) -> dict[UserId, Snapshot]:
    cap = conf.unread_cap()
    names = (*event_types(), refs.BROADCAST)
    rows = _compiled(ledger.alias(), names, cap).rows(pks)
    if reads > 1 and _heal(pks, rows):
        return _read(pks, reads - 1)
    return {(key := user_id(row[0])): _snapshot(key, row, names, cap) for row in rows}


def _snapshot(key: UserId, row: Sequence[Any], names: Sequence[str], cap: int) -> Snapshot:
    counts = row[6:]
    total = sum(counts)
    by_type = {name: count for name, count in zip(names, counts, strict=True) if count}
    if total > cap:
        by_type = {name: min(count, cap) for name, count in by_type.items()}
    return Snapshot(key, (row[2] or 0) * CLOCK_UNIT + row[1], min(total, cap), total > cap, by_type)


# Building and compiling seven subqueries costs Django as much as reading the states of several hundred users.


@cache
def _compiled(alias: str, names: Sequence[str], cap: int) -> Compiled:
    return Compiled(_statement(names, cap).using(alias).filter(Among("pk", KEYS)))


@cache
def _compiled_versions(alias: str) -> Compiled:
    rows = Mailbox.objects.using(alias).filter(Among("pk", KEYS))
    return Compiled(rows.annotate(_clock=_clock("value")).values_list("pk", "version", "_clock"))


def _statement(names: Sequence[str], cap: int) -> Any:
    """Rows of (user, version, clock, next due, staff flag of the mailbox, of the user, one count per type)."""
    mine = OuterRef("pk")
    unread: list[Any] = [
        model.objects.unread().filter(recipient=mine).order_by().values("seq")[: cap + 1]
        for model in event_types().values()
    ]
    unread.append(audiences.unread_for(mine).order_by().values("pk")[: cap + 1])
    mailboxes = Mailbox.objects.annotate(
        _clock=_clock("value"), _next_due=_clock("next_due"), _user_is_staff=_user_is_staff()
    )
    counts = {f"_{name}": Counted(rows) for name, rows in zip(names, unread, strict=True)}
    return mailboxes.annotate(**counts).values_list(
        "pk", "version", "_clock", "_next_due", "is_staff", "_user_is_staff", *counts
    )


def _clock(column: str) -> Any:
    return Plain(BroadcastClock.objects.filter(pk=BroadcastClock.THE_ONE).values(column))


def _user_is_staff() -> Any:
    has_flag = hasattr(get_user_model(), "is_staff")
    return F("user__is_staff") if has_flag else Value(False, output_field=BooleanField())


def _heal(pks: Sequence[Any], rows: Sequence[Any]) -> bool:
    """Mend what the rows show to be undone; returns whether they must be read again.

    What cannot be mended now (somebody holds the lock for long) is left to the next reader: old news beats none.
    """
    try:
        return _mend(pks, rows)
    except OperationalError as error:
        logger.warning("Could not mend what a read of badges found undone: %s", type(error).__name__)
        return False


def _mend(pks: Sequence[Any], rows: Sequence[Any]) -> bool:
    due = bool(rows) and _past(rows[0][3]) and apply_due()
    missing = set(pks) - {row[0] for row in rows}
    stale = [row for row in rows if row[4] != row[5]]
    if missing:
        ledger.ensure(missing)
    for flag in {row[5] for row in stale}:
        ledger.set_staff([row[0] for row in stale if row[5] == flag], flag)
    return due or bool(stale) or (bool(missing) and _exist(missing))


def _past(moment: datetime | None) -> bool:
    return moment is not None and moment <= timezone.now()


def _exist(pks: Iterable[Any]) -> bool:
    return Mailbox.objects.using(ledger.alias()).filter(pk__in=pks).exists()
