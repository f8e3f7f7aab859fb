"""The deletion of users: their mailboxes are emptied, and the messages of others stop naming them as actor.

The transaction that deletes a user locks the mailbox first and empties it last. From its commit on, messages in which
the user acted show "Someone": the column `actor` has no constraint, so it may keep the key of a deleted user for a
while. The key is then set to NULL in batches of a thousand messages, which advances the versions of the messages'
owners: the first batch in that same transaction, the others later. So no transaction is longer than one batch, however
many messages there are.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet
from django.utils import timezone

from ..core.deletions import Note, Notes
from ..core.isolation import log_failure
from ..core.lookups import Among, existing_users
from ..core.users import UserPk, user_pk
from ..errors import BadValue
from ..models import (
    BroadcastMember,
    BroadcastReceipt,
    DeletedUser,
    Engagement,
    Mailbox,
    Message,
    Thread,
    event_types,
    ledger,
)
from ..models.base import MailboxRow, MailboxRowQuerySet
from ..signals import users_deleted

Messages = MailboxRowQuerySet[Message]

BATCH = 1000  # messages per transaction; at most as many mailboxes are locked at once
PART = 10_000  # rows of a deleted user's mailbox that one statement deletes


class Departure(Note):
    """The users whom one `delete()` call is about to delete, and the mailboxes that this transaction has locked."""

    def __init__(self, origin: object, users: Collection[UserPk], mailboxes: Collection[UserPk]) -> None:
        super().__init__(origin)
        self.users, self.mailboxes = set(users) & set(mailboxes), set(mailboxes)
        self.is_over = False  # True: the users are deleted, and their mailboxes are empty


_departures = Notes[Departure]()


def is_departing(user: UserPk, origin: object) -> bool:
    """Whether this transaction has locked the user's mailbox for the deletion of `origin`."""
    return any(user in each.users and not each.is_over for each in _departures.of(origin, ledger.alias()))


def lock_mailboxes(origin: object, users: Collection[UserPk], with_readers: bool) -> None:
    """Lock the mailboxes of users who are about to be deleted, sorted.

    It locks no row of a user: by the lock order mailboxes come first, and Django locks the users when it deletes them.
    `with_readers` also locks the mailboxes with messages that name the users as actor, if one batch can write all of
    these messages. Use it only if `users` are all users of the deletion: one user at a time, the order of the locks
    would be wrong.
    """
    readers = _first_readers(users) if with_readers else set()
    with ledger.locked({*users, *readers}) as found:
        departure = Departure(origin, users, found)
        for earlier in _departures.of(origin, ledger.alias()):
            if earlier.is_over:  # users with the same keys were created again since
                earlier.users -= departure.users
        if departure.users:
            _departures.add(departure, ledger.alias())


def empty_mailboxes(origin: object) -> None:
    """Delete the mailboxes of users and the rows in them, in the transaction that has just deleted the users.

    A user whom `delete()` has not deleted in the end keeps the mailbox, although it was locked. Up to a thousand
    messages of others lose the deleted users as actor in this transaction. If there are more, a `DeletedUser` records
    it, and `forget_deleted_users` writes them later.
    """
    departures = [departure for departure in _departures.of(origin, ledger.alias()) if not departure.is_over]
    users: set[UserPk] = set().union(*(departure.users for departure in departures))
    if deleted := users - existing_users(users) if users else set():
        _empty(sorted(deleted), locked=set().union(*(departure.mailboxes for departure in departures)))
    for departure in departures:
        departure.is_over = True


def _empty(deleted: Collection[UserPk], locked: Collection[UserPk]) -> None:
    """`locked` are all mailboxes that this transaction has locked for the deletion, those of `deleted` included."""
    tables: list[type[MailboxRow]] = [*event_types().values(), BroadcastReceipt]
    Thread.objects.filter(Among("recipient", deleted)).delete()
    for model in tables:
        _remove(model.objects.filter(Among("recipient", deleted)))
    for model in event_types().values() if len(locked) > len(deleted) else ():
        model.objects.filter(Among("actor", deleted), Among("recipient", locked)).update(actor=None)
    # The base manager does not advance the broadcast clock: nobody else sees a difference.
    BroadcastMember._base_manager.using(ledger.alias()).filter(Among("user", deleted)).delete()
    Engagement.objects.filter(Among("user", deleted)).delete()
    Mailbox.objects.filter(Among("pk", deleted)).delete()
    _record(_named(deleted))


def remove_without_owner(model: type[Message]) -> None:
    """Delete the messages of users who were deleted while this event type was not installed."""
    users = get_user_model()._base_manager.using(ledger.alias()).filter(pk=OuterRef("recipient"))
    _remove(model.objects.filter(~Exists(users)))


def _remove(rows: MailboxRowQuerySet[Any]) -> None:
    """Works in parts: all the keys, or the rows that Django loads for a cascade, may not fit into memory."""
    keys = rows.order_by().values_list("pk", flat=True).iterator(PART)
    while part := list(islice(keys, PART)):
        rows.model.objects.filter(Among("pk", part)).remove()


def _first_readers(actors: Collection[UserPk]) -> set[UserPk]:
    """The owners of all messages with these actors; nobody if there are more messages than one batch."""
    owners: list[UserPk] = []
    for model in event_types().values():
        acted = model.objects.filter(Among("actor", actors)).order_by()
        owners += acted.values_list("recipient_id", flat=True)[: BATCH + 1 - len(owners)]
        if len(owners) > BATCH:
            return set()
    return set(owners)


def _named(users: Collection[UserPk]) -> Counter[UserPk]:
    """The number of messages that name each of these users as actor."""
    found: Counter[UserPk] = Counter()
    for model in event_types().values():
        acted = model.objects.filter(Among("actor", users)).order_by().values_list("actor")
        found.update(dict(acted.annotate(Count("pk"))))
    return found


def _record(named: Mapping[UserPk, int]) -> None:
    """Create a `DeletedUser` for each of these users, with the number of messages that still name them."""
    if not named:
        return
    rows = [DeletedUser(user=str(pk), total=total) for pk, total in named.items()]
    # An earlier user may have had the same key.
    DeletedUser.objects.filter(user__in=[row.user for row in rows]).delete()
    DeletedUser.objects.bulk_create(rows)
    transaction.on_commit(partial(users_deleted.send_robust, DeletedUser), using=ledger.alias(), robust=True)


def forget_deleted_users() -> bool:
    """Remove a deleted user from up to a thousand messages; returns whether there may be more to do.

    Any number of workers may call it at the same time. If it fails for a user, this is logged; a sweep retries it.
    """
    pending = DeletedUser.objects.filter(finished_at=None)
    for pk in list(pending.order_by("progress_at").values_list("pk", flat=True)[:BATCH]):
        try:
            if _forget_next(pk):
                return True
        except Exception:  # noqa: BLE001 (logged there)
            log_failure(f"Removing deleted user {pk} from messages")
            DeletedUser.objects.filter(pk=pk).update(progress_at=timezone.now())
    return False


def is_forgetting_stalled(after: timedelta) -> bool:
    """Whether messages still name deleted users, and no worker has written any for this long."""
    pending = DeletedUser.objects.filter(finished_at=None)
    newest = pending.aggregate(newest=Max("progress_at"))["newest"]
    return newest is not None and newest < timezone.now() - after


@ledger.retrying
def _forget_next(pk: int) -> bool:
    """Write the next batch of messages for one deleted user; returns False if another worker holds the row."""
    with transaction.atomic(using=ledger.alias()):
        for row in _free(DeletedUser.objects.filter(pk=pk, finished_at=None)):
            written = _forget_some(row)
            now = timezone.now()
            progress = {"done": F("done") + (written or 0), "progress_at": now}
            DeletedUser.objects.filter(pk=pk).update(**progress, finished_at=now if written is None else None)
            return True
    return False


def _forget_some(row: DeletedUser) -> int | None:
    """Write one batch; returns how many messages, or None if no message names the user any more.

    It may return 0 although messages are left: a whole batch can be deleted before its mailboxes are locked.
    """
    try:
        actor = user_pk(row.user)
    except BadValue:  # the site's user model has changed its keys, so no message can name this one
        log_failure(f"Removing deleted user {row.pk} from messages")
        return None
    for model in event_types().values():
        rows = _naming(model.objects.order_by(), actor, row)
        if keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            return rows.filter(Among("pk", keys)).update(actor=None) + _of_nobody(model, keys).update(actor=None)
    return None


def _of_nobody(model: type[Message], keys: Sequence[Any]) -> "QuerySet[Message]":
    """Those of these messages whose recipient has no mailbox. Only SQL and fixtures write such. As there is no mailbox
    to lock, the managers of the models pass over them."""
    mailbox = Mailbox.objects.filter(pk=OuterRef("recipient"))
    return QuerySet(model, using=ledger.alias()).filter(~Exists(mailbox), Among("pk", keys))


def _naming(rows: Messages, actor: UserPk, row: DeletedUser) -> Messages:
    """The messages that name the deleted user as actor. If a new user has the same key (a user name, for example),
    only messages from before the deletion."""
    rows = rows.filter(actor=actor)
    is_reused = get_user_model()._base_manager.using(ledger.alias()).filter(pk=actor).exists()
    return rows.filter(created_at__lte=row.created_at) if is_reused else rows


def _free(rows: QuerySet[DeletedUser]) -> QuerySet[DeletedUser]:
    """Up to a thousand of these rows, locked. Skips rows that another worker holds, because it may be frozen."""
    features = connections[ledger.alias()].features
    if features.has_select_for_update:
        rows = rows.select_for_update(skip_locked=features.has_select_for_update_skip_locked)
    return rows.order_by("pk")[:BATCH]
