"""What remains of a user who is deleted: nothing in their mailbox; in other people's messages, for a while, a key.

The transaction that deletes them empties their mailbox. From its commit on they are "Someone" wherever they acted: the
column has no constraint. The key itself is taken out of a thousand messages at a time, which advances the versions of
their owners: of the first thousand in that transaction, of the others in batches that follow. So nobody waits for
longer than one batch, however many messages there are.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import Count, F
from django.utils import timezone

from .. import ledger
from ..isolation import log_failure
from ..lookups import Among
from ..models import BroadcastReceipt, DeletedUser, Mailbox, event_types
from ..models.base import MailboxRow
from ..patience import ATTEMPTS
from ..signals import users_deleted
from ..users import user_pk
from .retention import Rows

BATCH = 1000  # messages per transaction, and so mailboxes that are locked at once


def is_emptied(pk: Any) -> bool:
    """Whether nothing is left to do for a user who is being deleted in this transaction. Holds them if so."""
    if not _is_empty(pk):
        return False
    _hold([pk])  # not before: mailboxes come first in the lock order
    return _is_empty(pk)


def _is_empty(pk: Any) -> bool:
    if Mailbox.objects.filter(pk=pk).exists():
        return False
    return DeletedUser.objects.filter(user=str(pk)).exists() or not _named([pk])


def empty_mailboxes(users: Collection[Any]) -> None:
    """In the transaction that deletes these users: take the locks that every sender needs, and delete what is theirs.

    Up to a thousand messages of others forget them at once; if there are more, it is noted, and batches follow. Users
    who are gone already are passed over.
    """
    for attempts_left in reversed(range(ATTEMPTS)):
        with ledger.locked({*users, *_first_readers(users)}) as found:
            gone = sorted(set(users) & set(found))
            _hold(gone)
            if attempts_left and not _first_readers(gone) <= set(found):
                # Somebody has named them since we looked, in a mailbox that comes before their rows in the lock order.
                transaction.set_rollback(True, using=ledger.alias())
                continue
            _empty(gone, readers=found)
            return


def _empty(gone: Collection[Any], readers: Collection[Any]) -> None:
    """All their mailboxes are locked, and the users' rows."""
    tables: list[type[MailboxRow]] = [*event_types().values(), BroadcastReceipt]
    for model in tables:
        model.objects.filter(Among("recipient", gone)).remove()
    for model in event_types().values() if len(readers) > len(gone) else ():
        model.objects.filter(Among("actor", gone), Among("recipient", readers)).update(actor=None)
    Mailbox.objects.filter(Among("pk", gone)).delete()
    _note(_named(gone))


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


def _hold(users: Collection[Any]) -> None:
    """Lock the users' rows: whoever is about to commit a reference to one waits for us, and finds it gone."""
    rows = get_user_model()._base_manager.using(ledger.alias()).filter(Among("pk", users))
    list(rows.select_for_update().order_by("pk").values_list("pk"))


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
    """Whether there are messages to be written to which nobody has come for so long."""
    return bool(DeletedUser.objects.filter(finished_at=None, progress_at__lt=timezone.now() - after).exists())


@ledger.retrying
def _forget_next(pk: int) -> bool:
    """Write the next batch of one user's; False if somebody else is at it."""
    with transaction.atomic(using=ledger.alias()):
        for row in _free(DeletedUser.objects.filter(pk=pk, finished_at=None)):
            written = _forget_some(row)
            now = timezone.now()
            progress = {"done": F("done") + written, "progress_at": now}
            DeletedUser.objects.filter(pk=pk).update(**progress, finished_at=None if written else now)
            return True
    return False


def _forget_some(row: DeletedUser) -> int:
    for model in event_types().values():
        rows = _naming(model.objects.order_by(), row)
        if keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            return int(rows.filter(Among("pk", keys)).update(actor=None))
    return 0


def _naming(rows: Rows, row: DeletedUser) -> Rows:
    """The messages in which they acted, but not those of somebody who has got their key since (a name, say)."""
    pk = user_pk(row.user)
    rows = rows.filter(actor=pk)
    is_back = get_user_model()._base_manager.using(ledger.alias()).filter(pk=pk).exists()
    return rows.filter(created_at__lte=row.created_at) if is_back else rows


def _free(rows: Rows) -> Rows:
    """Up to a thousand of these rows, locked. What another worker holds is passed over: that one may be frozen."""
    features: Any = connections[ledger.alias()].features
    if features.has_select_for_update:
        rows = rows.select_for_update(skip_locked=features.has_select_for_update_skip_locked)
    return rows.order_by("pk")[:BATCH]
