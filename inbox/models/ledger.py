"""Locks and versions: every write to a mailbox or a broadcast uses these functions.

The lock order is: lists of a broadcast (`aim.lock_lists`), broadcast clock, mailboxes sorted by user id, then rows.
Version and rows change in one transaction. Signals are sent after its commit.
"""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, ProtectedError, RestrictedError, Value, When
from django.db.models.expressions import CombinedExpression
from django.utils.translation import gettext as _

from ..core.lookups import Among
from ..core.patience import ATTEMPTS, budget
from ..core.snapshots import MAX_CLOCK, user_id
from ..core.users import UserPk
from ..errors import BadValue
from ..signals import broadcast_changed, mailbox_changed
from . import births
from .mailbox import BroadcastClock, Mailbox

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

CHUNK = 1000  # users per transaction: locks are held for milliseconds, and one IN list stays cheap to plan
RETRY_SECONDS = 0.05
MEND_SECONDS = 0.2  # how long a mend waits for a lock; the next mend tries again


class Held(OperationalError):
    """Some of the rows can't be changed now, mostly because other transactions hold them. The others were changed."""


def alias() -> str:
    """The database in which mailboxes are written. Versions are read there too, never on a replica."""
    return router.db_for_write(Mailbox)


def in_transaction() -> bool:
    return connections[alias()].in_atomic_block


def chunks(ids: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def retrying(write: Callable[P, R]) -> Callable[P, R]:
    """Retry a whole transaction after a deadlock, a lock timeout or an integrity error, as long as the budget allows.

    The budget is that of the request, if there is one (patience.py), so nested calls do not multiply their attempts.
    Within a caller's transaction, nothing is retried: the error is raised to the caller.
    """

    @functools.wraps(write)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with budget() as left:
            for _attempt in range(ATTEMPTS):
                try:
                    return write(*args, **kwargs)
                except (ProtectedError, RestrictedError):  # no race: it would be refused again
                    raise
                except (OperationalError, IntegrityError) as error:
                    if in_transaction() or not left.may_go_on():
                        raise
                    name, failure = write.__name__, type(error).__name__
                    logger.info("%s: attempt %d failed (%s), retrying", name, left.spent, failure)
                    time.sleep(random.uniform(0, RETRY_SECONDS * left.spent))
        raise AssertionError("unreachable")

    return run


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """A transaction with a lock timeout. Raises OperationalError if a lock is not free in time.

    On PostgreSQL, the timeout applies to each lock. SQLite has a single lock, taken at the beginning. Within a caller's
    transaction, the timeout stays that of the caller.
    """
    connection, milliseconds = connections[alias()], round(seconds * 1000)
    if connection.in_atomic_block:
        yield
        return
    with _busy_timeout(connection, milliseconds), transaction.atomic(using=alias()):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
        yield


@contextmanager
def _busy_timeout(connection: BaseDatabaseWrapper, milliseconds: int) -> Iterator[None]:
    """On SQLite, set the timeout of the connection, because the transaction waits when it begins."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


@retrying
def ensure(ids: Collection[UserPk], *, are_new: bool = False) -> None:
    """Create missing mailboxes, sorted, in a short transaction of their own (or in the caller's).

    Unknown ids are skipped. `are_new`: the users register just now; others did when a column of theirs says. Reads take
    a user without a mailbox for one with version 0 who is not staff, and who registered when that column says. So the
    mailbox of another user starts with version 1: its state differs from the state that was read before.
    """
    wanted = set(ids)
    mailboxes = Mailbox.objects.using(alias()).filter(Among("pk", wanted))
    if mailboxes.count() == len(wanted):
        return
    missing = wanted.difference(mailboxes.values_list("pk", flat=True))
    users = get_user_model()._base_manager.using(alias()).filter(pk__in=missing).annotate(_born=births.of_user())
    born = births.newest(alias()) if are_new else None
    rows = [_new_mailbox(user, born) for user in users.order_by("pk")]
    Mailbox.objects.using(alias()).bulk_create(rows, ignore_conflicts=True)


def _new_mailbox(user: AbstractBaseUser, born: int | None) -> Mailbox:
    """`born`: the `born_clock`; None if it is that of the user's row."""
    read: int = user._born  # type: ignore[attr-defined]
    is_staff, born = bool(getattr(user, "is_staff", False)), read if born is None else born
    version = int(is_staff or born != read)
    return Mailbox(
        pk=user.pk,
        is_staff=is_staff,
        born_clock=born,
        version=version,
        audience_version=version,
        threads_version=version,
    )


@contextmanager
def locked(ids: Iterable[UserPk]) -> Iterator[list[UserPk]]:
    """A transaction that locks the mailboxes of these users, in the order of their ids, and creates missing ones.

    Yields the ids of existing users, sorted.
    """
    wanted = sorted(set(ids))
    for chunk in chunks(wanted):
        ensure(chunk)
    with transaction.atomic(using=alias()):
        yield [pk for chunk in chunks(wanted) for pk in _lock(chunk)]


def _lock(ids: Sequence[UserPk]) -> list[UserPk]:
    mailboxes = Mailbox.objects.using(alias()).select_for_update(no_key=True).filter(Among("pk", ids))
    return list(mailboxes.order_by("pk").values_list("pk", flat=True))


def advance(ids: Collection[UserPk], item: str | None = None, *, audience: bool = False) -> None:
    """Advance these locked mailboxes, and send `mailbox_changed` after the commit.

    `item` is the event type of a message that arrived, if any. `audience` says that the users joined or left an
    audience.
    """
    if not ids:
        return
    _advance(ids, {"audience_version": F("version") + 1} if audience else {})
    announce(ids, item)


def advance_silently(ids: Collection[UserPk]) -> None:
    """Advance these locked mailboxes, because a list has changed, but no number and nothing new. Nobody is told: who is
    connected hears of it by the next resync."""
    _advance(ids, {})


def _advance(ids: Collection[UserPk], others: Mapping[str, CombinedExpression]) -> None:
    for chunk in chunks(list(ids)):
        Mailbox.objects.using(alias()).filter(Among("pk", chunk)).update(**_advanced_by(1), **others)


@contextmanager
def advanced(ids: Collection[UserPk], item: str | None) -> Iterator[list[UserPk]]:
    """A transaction that locks and advances these mailboxes, and sends the signal: `locked`, then `advance`.

    One statement does both, unless a mailbox is missing. Yields the ids of existing users, sorted.
    """
    wanted = sorted(set(ids))
    with transaction.atomic(using=alias()):
        if complete := _lock_and_advance(wanted) == len(wanted):
            announce(wanted, item)
            yield wanted
        else:
            transaction.set_rollback(True, using=alias())
    if not complete:
        with locked(wanted) as found:
            advance(found, item)
            yield found


def _lock_and_advance(ids: Sequence[UserPk]) -> int:
    mailboxes = Mailbox.objects.using(alias())
    held = mailboxes.select_for_update(no_key=True).filter(Among("pk", ids)).order_by("pk").values("pk")
    return mailboxes.filter(pk__in=held).update(**_advanced_by(1))


def advance_each(counts: Mapping[UserPk, int]) -> dict[UserPk, int]:
    """Advance each locked mailbox by its own count; returns the versions before.

    The caller has to call `announce`, because messages of several types may have arrived.
    """
    before: dict[UserPk, int] = {}
    mailboxes = Mailbox.objects.using(alias())
    for chunk in chunks(list(counts)):
        rows = mailboxes.filter(Among("pk", chunk))
        before.update(rows.values_list("pk", "version"))
        times = {count: [pk for pk in chunk if counts[pk] == count] for count in {counts[pk] for pk in chunk}}
        by = Case(*(When(Among("pk", pks), then=count) for count, pks in times.items()))
        rows.update(**_advanced_by(by))
    return before


def _advanced_by(number: int | Case) -> dict[str, CombinedExpression]:
    """Every write advances both, so that they stay equal, or stay different."""
    return {name: F(name) + number for name in ("version", "threads_version")}


def announce(ids: Collection[UserPk], item: str | None) -> None:
    """Send `mailbox_changed` after the commit, or now if there is no transaction."""
    if not ids:
        return
    changed = partial(mailbox_changed.send_robust, Mailbox, user_ids=[user_id(pk) for pk in ids], item=item)
    transaction.on_commit(changed, using=alias(), robust=True)


@contextmanager
def locked_clock() -> Iterator[BroadcastClock]:
    """A transaction that locks the broadcast clock."""
    clocks = BroadcastClock.objects.using(alias()).select_for_update(no_key=True)
    with transaction.atomic(using=alias()):
        yield clocks.get_or_create(pk=BroadcastClock.THE_ONE)[0]


def tick(clock: BroadcastClock, item: str | None = None, *, by: int = 1) -> int:
    """Advance the locked clock, and send `broadcast_changed` after the commit; returns the new value.

    Raises BadValue if versions would go back, or become greater than a JavaScript number can hold.
    """
    if not isinstance(by, int) or not 0 < by <= MAX_CLOCK - clock.value:
        left = max(0, MAX_CLOCK - clock.value)
        raise BadValue(_("The broadcast clock can advance by a whole number from 1 to %d.") % left)
    clock.value += by
    clock.save(update_fields=["value"])
    changed = partial(broadcast_changed.send_robust, BroadcastClock, item=item)
    transaction.on_commit(changed, using=alias(), robust=True)
    return clock.value


@retrying
def set_staff(ids: Collection[UserPk], is_staff: bool) -> None:
    """Copy the changed staff flag of these users to their mailboxes, and advance them."""
    with locked(ids) as found:
        stale = Mailbox.objects.using(alias()).filter(pk__in=found).exclude(is_staff=is_staff)
        changed = list(stale.values_list("pk", flat=True))
        Mailbox.objects.using(alias()).filter(pk__in=changed).update(is_staff=Value(is_staff))
        advance(changed, audience=True)
