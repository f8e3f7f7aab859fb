"""Parts of sends that can't be written: tried again after growing pauses, and in the end given up with a reason."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import ledger
from ..core.snapshots import UserId
from ..core.users import UserPk, user_pk_or_none
from ..errors import InboxError
from ..models import Send, SendChunk

logger = logging.getLogger(__name__)

ATTEMPTS = 8  # with these pauses some twenty minutes: longer than a deploy, or a database that is away
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
PENDING = Q(done_at=None, failed_at=None)  # a part that is written now or later


def ready() -> Q:
    """A part that is to be tried now."""
    return PENDING & (Q(retry_at=None) | Q(retry_at__lte=timezone.now()))


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts."""
    return min(FIRST_PAUSE * (1 << (attempts - 1)), LONGEST_PAUSE)


def settle(chunk: SendChunk, **values: Any) -> int:
    """Write what became of a try; 0 if somebody else has settled it meanwhile (a database without row locks)."""
    mine = SendChunk.objects.filter(PENDING, pk=chunk.pk, attempts=chunk.attempts)
    return int(mine.update(**values))


def failed(chunk: SendChunk, reason: str) -> dict[str, Any]:
    """The columns of a part that was tried once more in vain."""
    attempts, now = chunk.attempts + 1, timezone.now()
    when = {"failed_at": now} if attempts >= ATTEMPTS else {"retry_at": now + pause(attempts)}
    return {"attempts": attempts, "reason": reason, **when}


def note_failure(chunk: SendChunk, error: Exception) -> None:
    """What it raised is for the log; the reason may be read by whoever sent it."""
    logger.warning("Part %s of a send failed, attempt %d of %d", chunk, chunk.attempts + 1, ATTEMPTS, exc_info=error)
    reason = error.detail if isinstance(error, InboxError) else type(error).__name__
    with transaction.atomic(using=ledger.alias()):
        if settle(chunk, **failed(chunk, reason[:300])):
            Send.objects.filter(pk=chunk.send_id).update(reason=reason[:300])


def keys_in(recipients: Sequence[UserId]) -> tuple[list[UserPk], list[UserId]]:
    """Keys of users, and what can't be one any more (the site's user model has changed)."""
    keys = [user_pk_or_none(user) for user in recipients]
    strange = [user for user, key in zip(recipients, keys, strict=True) if key is None]
    return [key for key in keys if key is not None], strange


def no_users(strange: Sequence[UserId]) -> str:
    return _("%(count)d recipients can't be users, the first of them is “%(first)s”.") % {
        "count": len(strange),
        "first": str(strange[0])[:100],
    }
