"""Logging out: the tickets minted in a session end with it."""

from datetime import timedelta

from django.utils import timezone

from .. import tickets
from ..models import EndedSession

# A ticket may open for an hour, and what it has opened is looked at within a resync interval, at most another.
KEPT = timedelta(seconds=2 * tickets.MAX_TTL)


def end_session(key: str) -> None:
    """No ticket of this session counts any more, and what one has opened is closed with the next check."""
    now = timezone.now()
    EndedSession.objects.filter(until__lt=now).delete()  # of those no ticket is left
    EndedSession.objects.update_or_create(digest=tickets.session_digest(key), defaults={"until": now + KEPT})
