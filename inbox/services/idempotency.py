"""Requests that count once (draft-ietf-httpapi-idempotency-key-header-07).

A key is claimed before the work, in a transaction of its own. The work's transaction writes the result beside it, so
that either both are there or none: whoever is killed in between leaves a claim without result, which may be taken over.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypedDict

from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import ledger
from ..core.isolation import attempt
from ..core.patience import is_lost
from ..errors import InboxError
from ..models import IdempotencyKey, ServiceToken

LIFETIME = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)  # longer than any request: its process is dead


class Result(TypedDict):
    """The answer to a write. `snapshot_of` is the user whose snapshot joins the body after the commit, if any."""

    status: int
    body: Any  # JSON
    location: str
    snapshot_of: Any  # UserPk, or its JSON form in a stored result


Work = Callable[[], Result]


class InProgress(InboxError):
    """The first request with this key has not been answered yet."""

    code = "in_progress"


class KeyReused(InboxError):
    """The key came with another request before."""

    code = "key_reused"


def claim_key(token: ServiceToken, key: str, digest: str) -> IdempotencyKey:
    """This token's key, for the request with this digest. With a result it is done; without, the caller shall do it.

    Raises InProgress while somebody else is at it, KeyReused if it was another request's within 24 hours.
    """
    first = {"digest": digest, "claimed_at": timezone.now()}
    row, is_new = IdempotencyKey.objects.get_or_create(token=token, key=key, defaults=first)
    if is_new:
        return row
    age = timezone.now() - row.claimed_at
    if age > LIFETIME:
        return _take_over(row, digest)
    if row.digest != digest:
        raise KeyReused(_("This key came with another request before. Make a new one for each request."))
    if not row.result and age > ABANDONED:
        return _take_over(row, digest)
    if not row.result:
        raise InProgress(_("The first request with this key is still in progress. Ask again in a moment."))
    return row


def settle(row: IdempotencyKey | None, plan: Callable[[], Work]) -> Result:
    """Do the work that `plan` returns in one transaction, together with the key it was asked for with.

    What a plan looks up, it looks up outside of that transaction. If either fails, the key is free again: at once, or
    as soon as the database answers. Raises InProgress if somebody has taken it over meanwhile.
    """
    try:
        return _settle(row, plan())
    except BaseException as error:
        if row is not None:
            _free(row, at_once=not is_lost(error))
        raise


def _free(row: IdempotencyKey, *, at_once: bool) -> None:
    """A database that does not answer may keep us waiting for long, and the client with us."""
    if at_once:
        _mine(row).delete()
    else:
        threading.Thread(target=_keep_freeing, args=[row], name="inbox-free-key", daemon=True).start()


def _keep_freeing(row: IdempotencyKey) -> None:
    """Until it is free, or abandoned anyway."""
    try:
        while timezone.now() < row.claimed_at + ABANDONED:
            if attempt("Freeing an idempotency key", _mine(row).delete):
                return
            close_old_connections()
            time.sleep(1)
    finally:
        connections.close_all()


@ledger.retrying
def _settle(row: IdempotencyKey | None, work: Work) -> Result:
    with transaction.atomic(using=ledger.alias()):
        result = work()
        if row is not None and not _mine(row).update(result=_dumped(result)):
            raise InProgress(_("Another request with this key has taken over."))
        return result


def finish(row: IdempotencyKey, result: Result) -> None:
    """This is what the client is told, now and whenever it asks again."""
    IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at).update(result=_dumped(result), is_final=True)


def told(row: IdempotencyKey) -> Result | None:
    """The result of the request that came with this key, if it is done."""
    result: Result | None = json.loads(row.result) if row.result else None
    return result


def _dumped(result: Result) -> str:
    return json.dumps(result, cls=DjangoJSONEncoder)


def _mine(row: IdempotencyKey) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at, result="")


def _take_over(row: IdempotencyKey, digest: str) -> IdempotencyKey:
    now = timezone.now()
    fresh = {"claimed_at": now, "digest": digest, "result": "", "is_final": False}
    if not IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at).update(**fresh):
        raise InProgress(_("The first request with this key is still in progress. Ask again in a moment."))
    return IdempotencyKey.objects.get(pk=row.pk)
