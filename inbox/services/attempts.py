"""Chunks of sends that can't be written: retried after growing pauses, and at last given up with a reason."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.lookups import Among
from ..core.snapshots import UserId
from ..core.users import UserPk, user_pk_or_none
from ..errors import InboxError
from ..models import Send, SendChunk, ledger

logger = logging.getLogger(__name__)

ATTEMPTS = 8  # with these pauses some twenty minutes: longer than a deploy or an outage of the database
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
PENDING = Q(done_at=None, failed_at=None)  # the chunks that are neither written nor given up


class Outcome(TypedDict, total=False):
    """The columns of a chunk that an attempt changes."""

    recipients: Sequence[UserId]
    done_at: datetime
    attempts: int
    reason: str
    failed_at: datetime
    retry_at: datetime
    after: UserId | None
    up_to: UserId | None


def ready() -> Q:
    """The pending chunks whose next attempt is due."""
    return PENDING & (Q(retry_at=None) | Q(retry_at__lte=timezone.now()))


def pause(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts."""
    return min(FIRST_PAUSE * (1 << (attempts - 1)), LONGEST_PAUSE)


def settle(chunk: SendChunk, outcome: Outcome) -> int:
    """Store the outcome of an attempt. Returns 0 if another worker has stored one meanwhile, which can happen on a
    database without row locks."""
    mine = SendChunk.objects.filter(PENDING, pk=chunk.pk, attempts=chunk.attempts)
    return mine.update(**outcome)


def failed(chunk: SendChunk, reason: str) -> Outcome:
    """The outcome of one more failed attempt."""
    attempts, now = chunk.attempts + 1, timezone.now()
    if attempts >= ATTEMPTS:
        return {"attempts": attempts, "reason": reason, "failed_at": now}
    return {"attempts": attempts, "reason": reason, "retry_at": now + pause(attempts)}


def note_failure(chunk: SendChunk, error: Exception) -> None:
    """Log the exception, and store a reason that the sender may read."""
    logger.warning("Chunk %s of a send failed, attempt %d of %d", chunk, chunk.attempts + 1, ATTEMPTS, exc_info=error)
    reason = error.detail if isinstance(error, InboxError) else type(error).__name__
    with transaction.atomic(using=ledger.alias()):
        if settle(chunk, failed(chunk, reason[:300])):
            Send.objects.filter(pk=chunk.send_id).update(reason=reason[:300])


def drop_chunks(send_id: int) -> None:
    """Delete the chunks of a recalled send that were not written, except those that a worker holds: it may be frozen.
    It will find that the send was recalled."""
    with transaction.atomic(using=ledger.alias()):
        chunks = SendChunk.objects.filter(send=send_id, done_at=None, send__recalled_at__isnull=False)
        features = connections[ledger.alias()].features
        if features.has_select_for_update:
            of = ("self",) if features.has_select_for_update_of else ()
            chunks = chunks.select_for_update(skip_locked=features.has_select_for_update_skip_locked, of=of)
        SendChunk.objects.filter(Among("pk", list(chunks.values_list("pk", flat=True)))).delete()


def valid_keys(recipients: Sequence[UserId]) -> tuple[list[UserPk], list[UserId]]:
    """Primary keys of users, and the ids that can't be one any more, because the site has changed its user model."""
    keys = [user_pk_or_none(user) for user in recipients]
    invalid = [user for user, key in zip(recipients, keys, strict=True) if key is None]
    return [key for key in keys if key is not None], invalid


def invalid_recipients(invalid: Sequence[UserId]) -> str:
    return _("%(count)d recipients can't be users, the first of them is “%(first)s”.") % {
        "count": len(invalid),
        "first": str(invalid[0])[:100],
    }
