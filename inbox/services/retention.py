"""Retention: deletes messages that were read long ago, messages beyond a limit per user, and rows that have expired.

Each batch is a transaction of its own. It locks the mailboxes of its rows, and then checks again which of the rows are
still to be deleted. That advances the version of their owner, because a list or a thread has changed. It is announced
only if an unread message goes, because of others no badge counts anything.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, NamedTuple

from django.db import OperationalError
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf
from ..conf import BOUNDS
from ..core.isolation import log_failure, split_on_failure, until_failure
from ..core.lookups import Among
from ..core.users import UserPk
from ..errors import BadValue
from ..models import (
    TRIAL_LIFETIME,
    BroadcastTrial,
    Correction,
    DeletedUser,
    EndedSession,
    Following,
    IdempotencyKey,
    Mailbox,
    Message,
    Send,
    Silence,
    Submission,
    TicketSession,
    UndoableChange,
    event_types,
    ledger,
)
from ..models.base import MailboxRowQuerySet
from . import submissions
from .access import idempotency
from .acts.journal import UNDO
from .acts.marks import PURGE_AFTER
from .sending import let_others_write

BATCH = 1000  # rows per transaction
SENDS_KEPT = timedelta(days=30)  # for the rows that record a send, not for its messages
PAGE = 100  # mailboxes in one condition: SQLite takes an expression of at most 1,000 levels
Page = Sequence[tuple[UserPk, int]]  # users, each with the `seq` of their newest message beyond the limit

UNSTARRED = Q(starred_at=None)

Rows = QuerySet[Any]  # of any of our tables


class Expired(NamedTuple):
    """Rows to delete, and a queryset to check them again when their mailboxes are locked, which is faster to run."""

    rows: Rows
    still: Rows


def purge(days: int | None = None, keep: int | None = None, *, most: int | None = None) -> dict[str, int]:
    """Delete for good what nobody needs any more; returns the number of deleted rows by name (`name_of`).

    `days`: delete messages that were read, and if archived then archived, at least this many days ago
    (`INBOX_RETENTION_DAYS`). `keep`: of each user, delete all but this many of the newest messages, read or unread
    (`INBOX_MAX_MESSAGES_PER_USER`). Starred and snoozed messages are kept. None means the setting, 0 means no limit.
    `most`: stop after this many batches; the next run does the rest. Raises BadValue for numbers out of bounds.
    """
    deleted: Counter[str] = Counter()
    for name, count in islice(_batch_by_batch(*_limits(days, keep)), most):
        deleted[name] += count
        let_others_write()
    return dict(+deleted)


def purgeable(days: int | None = None, keep: int | None = None) -> dict[str, int]:
    """How many rows `purge` would delete now, by name (`name_of`). Raises BadValue."""
    found: Counter[str] = Counter()
    for expired in _expired(*_limits(days, keep)):
        found[name_of(expired.rows)] += expired.rows.count()
    return dict(+found)


def name_of(rows: Rows) -> str:
    """The plural name of the rows' model, in the active language."""
    return str(rows.model._meta.verbose_name_plural)


def batches(rows: Rows, still: Rows | None = None) -> Iterator[Rows]:
    """`rows` in batches, ordered by primary key. Each batch is queried when the one before has been processed.

    If `still` is given, the batches are querysets of `still`, limited to those keys.
    """
    position = Q()
    while keys := list(rows.filter(position).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield (rows if still is None else still).filter(Among("pk", keys))
        position = Q(pk__gt=keys[-1])


def _limits(days: int | None, keep: int | None) -> tuple[int, int]:
    days = conf.retention_days() if days is None else days
    keep = conf.max_messages_per_user() if keep is None else keep
    for number, (low, high) in ((days, BOUNDS["INBOX_RETENTION_DAYS"]), (keep, BOUNDS["INBOX_MAX_MESSAGES_PER_USER"])):
        if not isinstance(number, int) or not low <= number <= high:
            asked = {"low": low, "high": high, "number": number}
            raise BadValue(_("%(number)s is no number from %(low)d to %(high)d; 0 is without limit.") % asked)
    return days, keep


def purge_deleted(now: datetime | None = None) -> int:
    """Delete for good the messages that their owners deleted more than ten minutes ago; returns how many.

    Nobody's state changes.
    """
    old = (now or timezone.now()) - PURGE_AFTER
    tables = [model.objects.filter(deleted_at__lt=old) for model in event_types().values()]
    return sum(_delete(batch) for rows in tables for batch in _batches_of(Expired(rows, rows)))


def _batch_by_batch(days: int, keep: int) -> Iterator[tuple[str, int]]:
    for expired in _expired(days, keep):
        for batch in _batches_of(expired):
            yield name_of(batch), _delete(batch)


def _expired(days: int, keep: int) -> Iterator[Expired]:
    """What to delete. The order counts: the limit per user does not count messages that are old enough to delete."""
    old, types = _old(days), list(event_types().values())
    for model in types:
        yield Expired(rows := model.objects.visible().filter(old, UNSTARRED), rows)
    for page in until_failure("Looking for mailboxes over the limit", _over_limit(types, keep, old)) if keep else ():
        for model in types:
            yield _beyond_limit(model, page, old)
    yield from (Expired(rows, rows) for rows in _other_tables())


def _batches_of(expired: Expired) -> Iterator[Rows]:
    """If a table can't be read, this is logged, and the other tables are still purged."""
    return until_failure(f"Looking for {expired.rows.model._meta.label} to delete", batches(*expired))


def _other_tables() -> list[Rows]:
    """Expired rows of other tables. Add a line here for each new table to purge."""
    now = timezone.now()
    return [
        EndedSession.objects.filter(until__lt=now),
        TicketSession.objects.filter(until__lt=now),
        IdempotencyKey.objects.filter(claimed_at__lt=now - idempotency.LIFETIME),
        Correction.objects.filter(Q(finished_at__lt=now - SENDS_KEPT) | Q(failed_at__lt=now - SENDS_KEPT), send=None),
        Send.objects.filter(Q(finished_at__lt=now - SENDS_KEPT) | Q(failed_at__lt=now - SENDS_KEPT)),
        Submission.objects.filter(created_at__lt=now - submissions.LIFETIME),
        DeletedUser.objects.filter(finished_at__lt=now - SENDS_KEPT),
        BroadcastTrial.objects.filter(created_at__lt=now - TRIAL_LIFETIME),
        UndoableChange.objects.filter(created_at__lt=now - UNDO),
        # Of users whom a process of an older version has deleted.
        *(
            table.objects.filter(~Exists(Mailbox.objects.filter(pk=OuterRef("mailbox"))))
            for table in (Following, Silence)
        ),
    ]


def _old(days: int) -> Q:
    """The condition of messages read `days` ago. Archiving counts like reading again: the user wants to keep it."""
    if not days:
        return Q(pk__in=())
    before = timezone.now() - timedelta(days=days)
    return Q(read_at__lt=before) & (Q(archived_at=None) | Q(archived_at__lt=before))


def _kept(model: type[Message], old: Q) -> MailboxRowQuerySet[Message]:
    """The messages that count towards the limit. Deleted ones do not count: they will be purged anyway. Nor do starred
    and snoozed ones, which are kept whatever their number."""
    return model.objects.visible().filter(UNSTARRED).exclude(old).order_by()


def _over_limit(types: Sequence[type[Message]], keep: int, old: Q) -> Iterator[Page]:
    """Users with more than `keep` messages, in pages.

    Mailboxes with fewer changes than `keep` are skipped: each arrival advances the version, so they hold fewer
    messages.
    """
    mine = [_kept(model, old).filter(recipient=OuterRef("pk")).values("seq") for model in types]
    newest = mine[0].union(*mine[1:], all=True).order_by("-seq")
    mailboxes = Mailbox.objects.filter(version__gt=keep).annotate(_beyond=Subquery(newest[keep : keep + 1]))
    rows = mailboxes.filter(_beyond__isnull=False).order_by("pk").values_list("pk", "_beyond")
    position = Q()
    while page := list(rows.filter(position)[:PAGE]):
        yield page
        position = Q(pk__gt=page[-1][0])


def _beyond_limit(model: type[Message], page: Page, old: Q) -> Expired:
    """The messages of this type beyond the limit, for a page of users."""
    still = _kept(model, old)
    return Expired(still.filter(reduce(or_, (Q(recipient=pk, seq__lte=seq) for pk, seq in page))), still)


def _delete(rows: Rows) -> int:
    """Delete a batch; returns how many rows.

    A row that can't be deleted (because a table of the site refers to it) stays; the others are deleted. A batch that
    another transaction has locked is left to the next run.
    """
    what = f"Deleting {rows.model._meta.label}"
    try:
        return _remove(rows)
    except OperationalError:
        log_failure(what)
        return 0
    except Exception:  # noqa: BLE001 (each that can't be deleted is logged)
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return split_on_failure(what, lambda some: _remove(rows.filter(pk__in=some)), keys)[0]


@ledger.retrying
def _remove(rows: Rows) -> int:
    """Lock the mailboxes, and delete those of the rows that still match; returns how many."""
    if not isinstance(rows, MailboxRowQuerySet):
        return count_of(rows.delete(), rows)
    with ledger.locked(rows._recipients()) as found:
        matching = rows.filter(recipient__in=found)
        unread = matching.unread()._recipients()
        ledger.advance(unread)
        ledger.advance_silently(sorted(set(matching.visible()._recipients()).difference(unread)))
        return count_of(matching.remove(), rows)


def count_of(deleted: tuple[int, dict[str, int]], rows: Rows) -> int:
    """The number of deleted rows of the queryset's own table, without the rows that a cascade deleted."""
    return deleted[1].get(rows.model._meta.label, 0)
