"""Idempotent requests: a request that is repeated with the same `Idempotency-Key` is executed once
(draft-ietf-httpapi-idempotency-key-header-07).

A request first claims its key, in a transaction of its own. The transaction that does the work also stores the result
with the key, so both are committed or neither is. A process that is killed in between leaves a claim without a result,
which another request may take over.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypedDict

from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections, connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.isolation import attempt
from ...core.patience import is_lost
from ...core.snapshots import UserId
from ...core.users import UserPk
from ...errors import InboxError
from ...models import IdempotencyKey, ServiceToken, ledger

LIFETIME = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)  # longer than any request takes: after this, its process is dead


class Result(TypedDict):
    """The response to a write. If `snapshot_of` names a user, their snapshot is added to the body after the commit."""

    status: int
    body: Any  # JSON
    location: str
    snapshot_of: UserPk | UserId | None  # in a stored result, the key in its JSON form


Work = Callable[[], Result]


class InProgress(InboxError):
    """The first request with this key is still in progress."""

    code = "in_progress"


class KeyReused(InboxError):
    """The key was used for another request before."""

    code = "key_reused"


def claim_key(token: ServiceToken, key: str, digest: str) -> IdempotencyKey:
    """Claim this key of the token's service for the request with this digest.

    Keys belong to the service, so that a request that is repeated with a newer token is still executed once.

    If the returned row has a result, the request was executed before. If it has none, the caller has to execute it.
    Raises InProgress while another process executes it, KeyReused if another request used the key in the last 24
    hours.
    """
    first = {"digest": digest, "claimed_at": timezone.now()}
    row, is_new = _of_older_version(token, key), False
    if row is None:
        mine = {"service": token.service, "key": key}
        row, is_new = IdempotencyKey.objects.get_or_create(**mine, defaults={"token": token, **first})
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


def _of_older_version(token: ServiceToken, key: str) -> IdempotencyKey | None:
    """The row of a process of the version before, which names the token only."""
    older = IdempotencyKey.objects.filter(service=None, key=key)
    return older.filter(Q(token=token) | Q(token__service=token.service_id)).first()


def settle(row: IdempotencyKey | None, plan: Callable[[], Work]) -> Result:
    """Call `plan`, then do the work that it returns, and store the result with the key, in one transaction.

    `plan` itself runs before that transaction. If either of them fails, the key is released: at once, or as soon as
    the database answers. Raises InProgress if another request has taken over the key meanwhile.
    """
    try:
        return _settle(row, plan())
    except BaseException as error:
        if row is not None:
            _release(row, at_once=not is_lost(error))
        raise


def _release(row: IdempotencyKey, *, at_once: bool) -> None:
    """Delete the claim; on a thread if the database does not answer, so that the client does not wait for it."""
    if at_once:
        _mine(row).delete()
    else:
        threading.Thread(target=_keep_releasing, args=[row], name="inbox-free-key", daemon=True).start()


def _keep_releasing(row: IdempotencyKey) -> None:
    """Try until the claim is deleted or counts as abandoned."""
    try:
        while timezone.now() < row.claimed_at + ABANDONED:
            if attempt("Releasing an idempotency key", _mine(row).delete):
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
    """Store the final response: a repeated request gets exactly the same one."""
    IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at).update(result=_dumped(result), is_final=True)


def stored_result(row: IdempotencyKey) -> Result | None:
    """The result of the request with this key, if it has been executed."""
    result: Result | None = json.loads(row.result) if row.result else None
    return result


def _dumped(result: Result) -> str:
    return json.dumps(result, cls=DjangoJSONEncoder)


def _mine(row: IdempotencyKey) -> QuerySet[IdempotencyKey]:
    """This claim, unless another request has taken it over or its result is stored."""
    return IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at, result="")


def _take_over(row: IdempotencyKey, digest: str) -> IdempotencyKey:
    now = timezone.now()
    fresh = {"claimed_at": now, "digest": digest, "result": "", "is_final": False}
    if not IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at).update(**fresh):
        raise InProgress(_("The first request with this key is still in progress. Ask again in a moment."))
    return IdempotencyKey.objects.get(pk=row.pk)
