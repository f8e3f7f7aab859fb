"""What remains of a user who is deleted: nothing in their mailbox; in other people's messages, for a while, a key.

The transaction that deletes them locks their mailbox first and empties it last. From its commit on they are "Someone"
wherever they acted: the column has no constraint. The key itself is taken out of a thousand messages at a time, which
advances the versions of their owners: of the first thousand in that transaction, of the others in batches that follow.
So nobody waits for longer than one batch, however many messages there are.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import Count, F, Max
from django.utils import timezone

from ..core import ledger
from ..core.isolation import log_failure
from ..core.lookups import Among, existing_users
from ..core.users import user_pk
from ..errors import BadValue
from ..models import BroadcastReceipt, DeletedUser, Mailbox, event_types
from ..models.base import MailboxRow
from ..signals import users_deleted
from .retention import Rows

BATCH = 1000  # messages per transaction, and so mailboxes that are locked at once
PART = 10_000  # rows of their own that are deleted by one statement


class Departure:
    """The users whom one `delete()` call is about to delete, and the mailboxes that this transaction has locked.

    Registered to be called on commit, which does nothing: so Django forgets it as soon as the locks are gone, also by a
    rollback to a savepoint. `origin` is what `delete()` was called on, as `pre_delete` and `post_delete` name it.
    """

    def __init__(self, origin: Any, users: Collection[Any], mailboxes: Collection[Any]) -> None:
        self.origin, self.users, self.mailboxes = origin, set(users) & set(mailboxes), set(mailboxes)
        self.is_over = False  # the users are deleted, and their mailboxes empty

    def __call__(self) -> None:
        pass


def _departures(origin: Any) -> Iterator[Departure]:
    """Of this transaction, the earliest first. A deletion of many asks for each user, so look no further than needed:
    other receivers may have registered something for each of them, too."""
    for _savepoints, call, *_ in connections[ledger.alias()].run_on_commit:
        if isinstance(call, Departure) and call.origin is origin:
            yield call


def is_departing(user: Any, origin: Any) -> bool:
    """Whether this transaction has locked their mailbox, for the deletion that began with `origin`."""
    departure = next((each for each in _departures(origin) if user in each.users), None)
    return departure is not None and not departure.is_over


def lock_mailboxes(origin: Any, users: Collection[Any], with_readers: bool) -> None:
    """Before these users are deleted: lock their mailboxes, sorted, and nothing else.

    No row of a user is locked here: the lock order has mailboxes first, and Django locks the rows when it deletes them.
    `with_readers` also locks the mailboxes whose messages name them, if one batch can write those messages. It is for
    a caller who gives all users at once: locked with one user after the other they would be out of order.
    """
    readers = _first_readers(users) if with_readers else set()
    with ledger.locked({*users, *readers}) as found:
        departure = Departure(origin, users, found)
        for earlier in _departures(origin):
            if earlier.is_over:  # they have come back since, with the same keys
                earlier.users -= departure.users
        if departure.users:
            transaction.on_commit(departure, using=ledger.alias())


def empty_mailboxes(origin: Any) -> None:
    """After the rows of users are deleted, in the same transaction: delete what was theirs, of all in few statements.

    Only of those who are gone: a mailbox may have been locked for a user whom `delete()` then left alone. Up to a
    thousand messages of others forget them at once; if there are more, it is noted, and batches follow.
    """
    departures = [departure for departure in _departures(origin) if not departure.is_over]
    users = set().union(*(departure.users for departure in departures))
    if gone := users - existing_users(users) if users else set():
        _empty(sorted(gone), readers=set().union(*(departure.mailboxes for departure in departures)))
    for departure in departures:
        departure.is_over = True


def _empty(gone: Collection[Any], readers: Collection[Any]) -> None:
    """All these mailboxes are locked."""
    tables: list[type[MailboxRow]] = [*event_types().values(), BroadcastReceipt]
    for model in tables:
        _remove_own(model, gone)
    for model in event_types().values() if len(readers) > len(gone) else ():
        model.objects.filter(Among("actor", gone), Among("recipient", readers)).update(actor=None)
    Mailbox.objects.filter(Among("pk", gone)).delete()
    _note(_named(gone))


def _remove_own(model: type[MailboxRow], gone: Collection[Any]) -> None:
    """In parts: the keys of all, or rows that Django loads for a cascade, may not fit into memory."""
    keys = model.objects.filter(Among("recipient", gone)).order_by().values_list("pk", flat=True).iterator(PART)
    while part := list(islice(keys, PART)):
        model.objects.filter(Among("pk", part)).remove()


def _first_readers(actors: Collection[Any]) -> set[Any]:
    """The owners of the messages in which these act, if one batch can write them."""
    owners: list[Any] = []
    for model in event_types().values():
        acted = model.objects.filter(Among("actor", actors)).order_by()
        owners += acted.values_list("recipient_id", flat=True)[: BATCH + 1 - len(owners)]
        if len(owners) > BATCH:
            return set()
    return set(owners)


def _named(users: Collection[Any]) -> Counter[Any]:
    """In how many messages each of these users acts."""
    found: Counter[Any] = Counter()
    for model in event_types().values():
        acted = model.objects.filter(Among("actor", users)).order_by().values_list("actor")
        found.update(dict(acted.annotate(Count("pk"))))
    return found


def _note(named: Mapping[Any, int]) -> None:
    """Note who is gone and still named in so many messages."""
    if not named:
        return
    gone = [DeletedUser(user=str(pk), total=total) for pk, total in named.items()]
    DeletedUser.objects.filter(user__in=[row.user for row in gone]).delete()  # another of that key, gone before
    DeletedUser.objects.bulk_create(gone)
    transaction.on_commit(partial(users_deleted.send_robust, DeletedUser), using=ledger.alias(), robust=True)


def forget_deleted_users() -> bool:
    """Have up to a thousand messages of others forget a user who is gone; whether there may be more to do.

    Any number of workers may do so at once. A user with whom it fails is logged, and waits until a sweep.
    """
    pending = DeletedUser.objects.filter(finished_at=None)
    for pk in list(pending.order_by("progress_at").values_list("pk", flat=True)[:BATCH]):
        try:
            if _forget_next(pk):
                return True
        except Exception:  # noqa: BLE001 (logged there)
            log_failure(f"Having messages forget deleted user {pk}")
            DeletedUser.objects.filter(pk=pk).update(progress_at=timezone.now())
    return False


def is_forgetting_stalled(after: timedelta) -> bool:
    """Whether there are messages to be written, and nobody has written any for so long."""
    pending = DeletedUser.objects.filter(finished_at=None)
    newest = pending.aggregate(newest=Max("progress_at"))["newest"]
    return newest is not None and newest < timezone.now() - after


@ledger.retrying
def _forget_next(pk: int) -> bool:
    """Write the next batch of one user's; False if somebody else is at it."""
    with transaction.atomic(using=ledger.alias()):
        for row in _free(DeletedUser.objects.filter(pk=pk, finished_at=None)):
            written = _forget_some(row)
            now = timezone.now()
            progress = {"done": F("done") + (written or 0), "progress_at": now}
            DeletedUser.objects.filter(pk=pk).update(**progress, finished_at=now if written is None else None)
            return True
    return False


def _forget_some(row: DeletedUser) -> int | None:
    """How many messages were written; None if no message names the user any more.

    It may be 0 while there are others: a whole batch can be deleted before its mailboxes are locked.
    """
    try:
        actor = user_pk(row.user)
    except BadValue:  # the user model has other keys now, so no message can name this one
        log_failure(f"Having messages forget deleted user {row.pk}")
        return None
    for model in event_types().values():
        rows = _naming(model.objects.order_by(), actor, row)
        if keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            return int(rows.filter(Among("pk", keys)).update(actor=None))
    return None


def _naming(rows: Rows, actor: Any, row: DeletedUser) -> Rows:
    """The messages in which they acted, but not those of somebody who has got their key since (a name, say)."""
    rows = rows.filter(actor=actor)
    is_back = get_user_model()._base_manager.using(ledger.alias()).filter(pk=actor).exists()
    return rows.filter(created_at__lte=row.created_at) if is_back else rows


def _free(rows: Rows) -> Rows:
    """Up to a thousand of these rows, locked. What another worker holds is passed over: that one may be frozen."""
    features: Any = connections[ledger.alias()].features
    if features.has_select_for_update:
        rows = rows.select_for_update(skip_locked=features.has_select_for_update_skip_locked)
    return rows.order_by("pk")[:BATCH]
