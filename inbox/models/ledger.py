"""Locks and counters: the few lines that every write to a mailbox or a broadcast goes through.

Lock order, everywhere: broadcast clock, then mailboxes sorted by user id, then rows. Version and rows change in one
transaction; the world hears of it when that commits.
"""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from ..core.lookups import Among
from ..core.patience import ATTEMPTS, budget
from ..core.snapshots import MAX_CLOCK, user_id
from ..core.users import UserPk
from ..errors import BadValue
from ..signals import broadcast_changed, mailbox_changed
from .mailbox import BroadcastClock, Mailbox

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

CHUNK = 1000  # users per transaction: locks are held for milliseconds, and one IN list stays cheap to plan
RETRY_SECONDS = 0.05
MEND_SECONDS = 0.2  # how long a mend waits for a lock: who comes next tries again


class Held(OperationalError):
    """Some of the rows can't be changed now, mostly since somebody else holds them; the others are mended."""


def alias() -> str:
    """The database of the mailboxes: versions are read where they are written, never on a replica."""
    return router.db_for_write(Mailbox)


def in_transaction() -> bool:
    return connections[alias()].in_atomic_block


def chunks(ids: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def retrying(write: Callable[P, R]) -> Callable[P, R]:
    """Run a whole transaction again after a deadlock, lock timeout or integrity race, while the budget lasts.

    The budget is that of the request, if there is one (patience.py), so nested calls do not multiply their attempts.
    Inside a caller's transaction there is nothing to run again: the error is theirs.
    """

    @functools.wraps(write)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with budget() as left:
            for _attempt in range(ATTEMPTS):
                try:
                    return write(*args, **kwargs)
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
    """A transaction that waits no longer for a lock. Raises OperationalError if one is not free in time.

    On PostgreSQL the limit holds for each lock; SQLite has one, taken at the beginning. Inside a caller's transaction
    nothing changes: the waiting is theirs.
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
    """SQLite's waiting belongs to the connection, and begins with the transaction."""
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
def ensure(ids: Collection[UserPk]) -> None:
    """Create the mailboxes that do not exist yet, sorted, in a short transaction of their own if one can be had.

    Ids of no user are passed over. A user without a mailbox is read as version 0 and no staff; so that of staff begins
    with version 1, as everything that they see from then on is news.
    """
    wanted = set(ids)
    mailboxes = Mailbox.objects.using(alias()).filter(Among("pk", wanted))
    if mailboxes.count() == len(wanted):
        return
    missing = wanted.difference(mailboxes.values_list("pk", flat=True))
    users = get_user_model()._base_manager.using(alias()).filter(pk__in=missing).order_by("pk")
    Mailbox.objects.using(alias()).bulk_create([_new_mailbox(user) for user in users], ignore_conflicts=True)


def _new_mailbox(user: Any) -> Mailbox:
    is_staff = bool(getattr(user, "is_staff", False))
    return Mailbox(pk=user.pk, is_staff=is_staff, version=int(is_staff), audience_version=int(is_staff))


@contextmanager
def locked(ids: Iterable[UserPk]) -> Iterator[list[UserPk]]:
    """A transaction that holds these users' mailboxes, locked in the order of their ids.

    Yields the ids that have one (those of existing users), sorted.
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
    """Advance these locked mailboxes and tell the world when this commits.

    `item` names the event type that arrived, if one did; `audience` marks that they joined or left one.
    """
    if not ids:
        return
    values = {"version": F("version") + 1}
    if audience:
        values["audience_version"] = F("version") + 1
    for chunk in chunks(list(ids)):
        Mailbox.objects.using(alias()).filter(Among("pk", chunk)).update(**values)
    announce(ids, item)


@contextmanager
def advanced(ids: Collection[UserPk], item: str | None) -> Iterator[list[UserPk]]:
    """A transaction that holds these mailboxes, each advanced by one, and announces it: `locked`, then `advance`.

    One statement does both, unless a mailbox is missing. Yields the ids that have one, sorted.
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
    return mailboxes.filter(pk__in=held).update(version=F("version") + 1)


def advance_each(counts: Mapping[UserPk, int]) -> dict[UserPk, int]:
    """Advance each locked mailbox by its own count; returns the versions from which the counting started.

    Announcing it is the caller's: what arrived may be of several types.
    """
    before: dict[UserPk, int] = {}
    mailboxes = Mailbox.objects.using(alias())
    for chunk in chunks(list(counts)):
        rows = mailboxes.filter(Among("pk", chunk))
        before.update(rows.values_list("pk", "version"))
        times = {count: [pk for pk in chunk if counts[pk] == count] for count in {counts[pk] for pk in chunk}}
        by = Case(*(When(Among("pk", pks), then=count) for count, pks in times.items()))
        rows.update(version=F("version") + by)
    return before


def announce(ids: Collection[UserPk], item: str | None) -> None:
    """Send `mailbox_changed` once the current transaction, if any, has committed."""
    if not ids:
        return
    changed = partial(mailbox_changed.send_robust, Mailbox, user_ids=[user_id(pk) for pk in ids], item=item)
    transaction.on_commit(changed, using=alias(), robust=True)


@contextmanager
def locked_clock() -> Iterator[BroadcastClock]:
    """A transaction that holds the broadcast clock."""
    clocks = BroadcastClock.objects.using(alias())
    with transaction.atomic(using=alias()):
        clocks.get_or_create(pk=BroadcastClock.THE_ONE)
        yield clocks.select_for_update(no_key=True).get(pk=BroadcastClock.THE_ONE)


def tick(clock: BroadcastClock, item: str | None = None, *, by: int = 1) -> int:
    """Advance the locked clock and tell the world when this commits; returns the new value.

    Raises BadValue where versions would go back, or become greater than a JavaScript number can hold.
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
    """Copy a changed staff flag into these users' mailboxes, with a new version."""
    with locked(ids) as found:
        stale = Mailbox.objects.using(alias()).filter(pk__in=found).exclude(is_staff=is_staff)
        changed = list(stale.values_list("pk", flat=True))
        Mailbox.objects.using(alias()).filter(pk__in=changed).update(is_staff=Value(is_staff))
        advance(changed, audience=True)
