"""Retention: messages read long ago go, a mailbox does not grow without bound, and what is over is tidied away.

Each batch is a transaction of its own, under the locks of the mailboxes that it touches, and looks again at what it is
about to delete once it has them. What was read is not missed (rule 7): nothing advances. An unread one is: its owner's
version advances with it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, NamedTuple

from django.db import OperationalError
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf
from ..conf import BOUNDS
from ..core import ledger
from ..core.isolation import apart, log_failure, until_failure
from ..core.lookups import Among
from ..errors import BadValue
from ..models import (
    DeletedUser,
    EndedSession,
    IdempotencyKey,
    Mailbox,
    Message,
    Send,
    Submission,
    TicketSession,
    event_types,
)
from ..models.base import MailboxRowQuerySet
from . import idempotency, submissions
from .marks import PURGE_AFTER
from .sending import let_others_write

BATCH = 1000  # rows per transaction
SENDS_KEPT = timedelta(days=30)  # of what other services sent: how far it came, not the messages
PAGE = 100  # mailboxes in one condition: SQLite takes an expression of at most 1,000 levels

Rows = QuerySet[Any]


class Going(NamedTuple):
    """Rows that are to go, and what must still hold of them when their mailboxes are locked: quicker to ask."""

    rows: Rows
    still: Rows


def purge(days: int | None = None, keep: int | None = None, *, most: int | None = None) -> dict[str, int]:
    """Delete for good what nobody needs any more; returns how many rows, by what they are called.

    `days`: what was read, and archived if it is, so many days ago (`INBOX_RETENTION_DAYS`). `keep`: what is beyond a
    user's so many newest messages, unread or not (`INBOX_MAX_MESSAGES_PER_USER`). None: as in the settings; 0: without
    limit. `most`: batches after which the rest is left to the next run. Raises BadValue for numbers out of bounds.
    """
    gone: Counter[str] = Counter()
    for name, count in islice(_batch_by_batch(*_limits(days, keep)), most):
        gone[name] += count
        let_others_write()
    return dict(+gone)


def purgeable(days: int | None = None, keep: int | None = None) -> dict[str, int]:
    """How many rows `purge` would delete now, by what they are called. Raises BadValue."""
    found: Counter[str] = Counter()
    for going in _to_go(*_limits(days, keep)):
        found[called(going.rows)] += going.rows.count()
    return dict(+found)


def called(rows: Rows) -> str:
    """What these rows are, in the active language."""
    return str(rows.model._meta.verbose_name_plural)


def batches(rows: Rows, still: Rows | None = None) -> Iterator[Rows]:
    """Parts of `rows` in the order of their keys, each looked for when the one before is done; of them what `still`
    is in the second queryset, if one is given."""
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


def purge_deleted(now: Any = None) -> int:
    """Remove for good what was deleted more than ten minutes ago; returns how many rows. Nobody's state changes."""
    old = (now or timezone.now()) - PURGE_AFTER
    tables = [model.objects.filter(deleted_at__lt=old) for model in event_types().values()]
    return sum(_delete(batch) for rows in tables for batch in _found(Going(rows, rows)))


def _batch_by_batch(days: int, keep: int) -> Iterator[tuple[str, int]]:
    for going in _to_go(days, keep):
        for batch in _found(going):
            yield called(batch), _delete(batch)


def _to_go(days: int, keep: int) -> Iterator[Going]:
    """What is to be deleted. What comes later counts on what came before being gone, or going."""
    old, types = _old(days), list(event_types().values())
    for model in types:
        yield Going(rows := model.objects.visible().filter(old), rows)
    for page in until_failure("Looking for too many messages", _crowded(types, keep, old)) if keep else ():
        for model in types:
            yield _beyond(model, page, old)
    yield from (Going(rows, rows) for rows in _over())


def _found(going: Going) -> Iterator[Rows]:
    """One table that can't be read keeps no other back."""
    return until_failure(f"Looking for {going.rows.model._meta.label} to delete", batches(*going))


def _over() -> list[Rows]:
    """Other rows that are over. A line here has them purged, and counted by a dry run."""
    now = timezone.now()
    return [
        EndedSession.objects.filter(until__lt=now),
        TicketSession.objects.filter(until__lt=now),
        IdempotencyKey.objects.filter(claimed_at__lt=now - idempotency.LIFETIME),
        Send.objects.filter(Q(finished_at__lt=now - SENDS_KEPT) | Q(failed_at__lt=now - SENDS_KEPT)),
        Submission.objects.filter(created_at__lt=now - submissions.LIFETIME),
        DeletedUser.objects.filter(finished_at__lt=now - SENDS_KEPT),
    ]


def _old(days: int) -> Q:
    """Whoever archives something late still wants to find it: that counts like reading it again."""
    if not days:
        return Q(pk__in=())
    before = timezone.now() - timedelta(days=days)
    return Q(read_at__lt=before) & (Q(archived_at=None) | Q(archived_at__lt=before))


def _staying(model: type[Message], old: Q) -> Any:
    """Deleted ones are not counted: they are on their way out, and an undo brings back one of the newest."""
    return model.objects.visible().exclude(old).order_by()


def _crowded(types: Sequence[type[Message]], keep: int, old: Q) -> Iterator[Sequence[tuple[Any, int]]]:
    """Pages of users with more than `keep` messages, each with the `seq` of the newest one that is too many.

    Of those with fewer changes than that nothing is read: a version counts arrivals, of all types.
    """
    mine = [_staying(model, old).filter(recipient=OuterRef("pk")).values("seq") for model in types]
    newest = mine[0].union(*mine[1:], all=True).order_by("-seq")
    mailboxes = Mailbox.objects.filter(version__gt=keep).annotate(_beyond=Subquery(newest[keep : keep + 1]))
    rows = mailboxes.filter(_beyond__isnull=False).order_by("pk").values_list("pk", "_beyond")
    position = Q()
    while page := list(rows.filter(position)[:PAGE]):
        yield page
        position = Q(pk__gt=page[-1][0])


def _beyond(model: type[Message], page: Sequence[tuple[Any, int]], old: Q) -> Going:
    """The messages of these users up to a `seq` each."""
    still = _staying(model, old)
    return Going(still.filter(reduce(or_, (Q(recipient=pk, seq__lte=seq) for pk, seq in page))), still)


def _delete(rows: Rows) -> int:
    """Delete a batch; returns how many rows. One that can't be deleted (something of the site's hangs on it) stays, and
    keeps no other back. A batch that is locked is left to the next run."""
    what = f"Deleting {rows.model._meta.label}"
    try:
        return _remove(rows)
    except OperationalError:
        log_failure(what)
        return 0
    except Exception:  # noqa: BLE001 (each that can't be deleted is logged)
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return apart(what, lambda some: _remove(rows.filter(pk__in=some)), keys)[0]


@ledger.retrying
def _remove(rows: Any) -> int:
    """Delete those of these rows that are still to go once their mailboxes are locked; returns how many."""
    if not isinstance(rows, MailboxRowQuerySet):
        return count_of(rows.delete(), rows)
    with ledger.locked(rows._recipients()) as found:
        going = rows.filter(recipient__in=found)
        ledger.advance(going.unread()._recipients())
        return count_of(going.remove(), rows)


def count_of(deleted: tuple[int, dict[str, int]], rows: Rows) -> int:
    """Of their own table: what hangs on them and goes along may be anything."""
    return deleted[1].get(rows.model._meta.label, 0)
