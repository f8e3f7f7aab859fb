"""Counting threads anew: of mailboxes that an older release wrote, or that have not been counted yet; and of all, when
an event type was uninstalled.

A read that finds such a mailbox reports it (`inbox/selectors/undone.py`), so nothing has to be done at a deploy; the
command `count_threads` does it for all mailboxes beforehand.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db import connections
from django.db.models import Case, Count, F, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

from ..core.isolation import split_on_failure
from ..core.lookups import Among
from ..core.snapshots import CLOCK_UNIT
from ..core.users import UserPk
from ..models import CountedType, Mailbox, Message, Thread, event_types, ledger, thread_counts
from ..models.thread import HAS_PAGE, key_of, key_of_url, own_key
from ..models.thread_rows import Key
from .departures import remove_without_owner
from .sending import let_others_write

BATCH = 1000  # rows per statement
MAILBOXES = 100  # per transaction
IS_STALE = Q(threads_version=None) | ~Q(threads_version=F("version"))


class Counts(NamedTuple):
    items: int
    unread: int
    rank: int
    type: str

    def plus(self, other: "Counts") -> "Counts":
        newest = max(self, other, key=lambda counts: counts.rank)
        return newest._replace(items=self.items + other.items, unread=self.unread + other.unread)


def count_threads(after: UserPk | None = None) -> Iterator[tuple[UserPk, int]]:
    """Count the threads of all mailboxes that need it, by ranges of keys, each in a transaction of its own.

    Yields the last key of each range, and how many mailboxes were counted. `after`: start with the next key. Mailboxes
    that can't be counted are logged, and left to the reads that find them.
    """
    stale = Mailbox.objects.using(ledger.alias()).filter(IS_STALE).order_by("pk").values_list("pk", flat=True)
    while pks := list((stale if after is None else stale.filter(pk__gt=after))[:MAILBOXES]):
        yield pks[-1], split_on_failure("Counting the threads of user", _count_locked, pks)[0]
        after = pks[-1]
        let_others_write()


def note_installed_types() -> bool:
    """Called after each `migrate`. If an event type was uninstalled, threads count messages that nobody is shown; if it
    was installed again, they lack its messages. Then all mailboxes become stale; returns whether they did. Messages of
    users who were deleted meanwhile are deleted.

    The types are noted last: if it fails, the next `migrate` does all of it.
    """
    tables = connections[ledger.alias()].introspection.table_names()
    installed = {name: model for name, model in event_types().items() if model._meta.db_table in tables}
    noted = set(CountedType.objects.values_list("name", flat=True))
    if noted == installed.keys():
        return False
    if noted:
        back = [model for name, model in installed.items() if name not in noted]
        for model in back:
            remove_without_owner(model)
        is_wrong = bool(noted - installed.keys()) or any(model.objects.exists() for model in back)
    else:  # noted by nobody yet
        is_wrong = Thread.objects.exclude(type__in=installed).exists()
    if is_wrong:
        forget_counts()
    CountedType.objects.exclude(name__in=installed).delete()
    CountedType.objects.bulk_create([CountedType(name=name) for name in installed], ignore_conflicts=True)
    return is_wrong


def forget_counts() -> None:
    """Make all mailboxes stale: their threads are counted when they are read, or by `count_threads`."""
    counted = Mailbox.objects.exclude(threads_version=None).order_by("pk").values_list("pk", flat=True)
    after: UserPk | None = None
    while pks := list((counted if after is None else counted.filter(pk__gt=after))[: ledger.CHUNK]):
        _forget_counts(pks)
        after = pks[-1]
        let_others_write()


@ledger.retrying
def _forget_counts(pks: Collection[UserPk]) -> None:
    with ledger.locked(pks) as found:
        Mailbox.objects.filter(Among("pk", found)).update(threads_version=None)


@ledger.retrying
def _count_locked(pks: Collection[UserPk]) -> int:
    with ledger.locked(pks) as found:
        return count_anew(found)


def count_anew(pks: Collection[UserPk]) -> int:
    """Count the threads of those of these locked mailboxes that need it; returns how many. Mailboxes in which something
    was wrong advance."""
    mailboxes = Mailbox.objects.using(ledger.alias()).filter(Among("pk", pks))
    stale = list(mailboxes.filter(IS_STALE).values_list("pk", flat=True))
    if not stale:
        return 0
    for model in event_types().values():
        _give_threads(model, stale)
    wrong = _store(stale, _counted(stale))
    Mailbox.objects.using(ledger.alias()).filter(Among("pk", stale)).update(threads_version=F("version"))
    ledger.advance(sorted(wrong), None)
    return len(stale)


def _give_threads(model: type[Message], pks: Collection[UserPk]) -> None:
    """Give its thread to each message that an older release has written."""
    rows: QuerySet[Message] = QuerySet(model, using=ledger.alias()).filter(Among("recipient", pks), thread=None)
    if model.thread_name is Message.thread_name:
        rows.filter(HAS_PAGE).update(thread=key_of_url())
        rows.update(thread=Concat(Value(own_key("")), F("seq")))
        return
    while batch := list(rows[:BATCH]):
        for row in batch:
            row.thread = key_of(name) if (name := row.thread_name()) else own_key(row.seq)
        rows.bulk_update(batch, ["thread"])


def _counted(pks: Collection[UserPk]) -> dict[Key, Counts]:
    found: dict[Key, Counts] = {}
    unread = Sum(Case(When(read_at=None, then=1), default=0))
    rank = Max(thread_counts.ORDER * CLOCK_UNIT + F("seq"))
    for name, model in event_types().items():
        rows = model.objects.using(ledger.alias()).filter(thread_counts.PLAIN, Among("recipient", pks)).order_by()
        by_thread = rows.values_list("recipient_id", "thread").annotate(_n=Count("pk"), _unread=unread, _rank=rank)
        for recipient, key, items, unread_items, newest in by_thread:
            counts, before = Counts(items, unread_items, newest, name), found.get((recipient, key))
            found[recipient, key] = before.plus(counts) if before else counts
    return found


def _store(pks: Collection[UserPk], counted: dict[Key, Counts]) -> set[UserPk]:
    """Write what differs; returns the owners of threads that did."""
    rows = Thread.objects.using(ledger.alias()).filter(Among("recipient", pks))
    stored = {(row.recipient_id, row.key): (row.pk, Counts(row.items, row.unread, row.rank, row.type)) for row in rows}
    gone = {thread: pk for thread, (pk, counts) in stored.items() if counted.get(thread) != counts}
    made = {thread: counts for thread, counts in counted.items() if thread not in stored or thread in gone}
    for some in ledger.chunks(list(gone.values()), BATCH):
        Thread.objects.filter(Among("pk", some)).delete()
    now = timezone.now()
    new = [Thread(recipient_id=pk, key=key, moved_at=now, **counts._asdict()) for (pk, key), counts in made.items()]
    Thread.objects.bulk_create(new, batch_size=BATCH)
    thread_counts.date(event_types(), new)
    return {recipient for recipient, _key in {**gone, **made}}
