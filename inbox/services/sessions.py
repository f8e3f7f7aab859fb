"""Logging out: what a session, or a ticket minted in it, has opened ends with it."""

from datetime import timedelta

from django.utils import timezone

from .. import credentials, ledger, sessions, tickets
from ..models import EndedSession

# A ticket may open for an hour, and what it has opened is looked at within a resync interval, at most another.
KEPT = timedelta(seconds=2 * tickets.MAX_TTL)


def end_session(key: str) -> None:
    """Neither this session nor any ticket of it counts any more; what they have opened is closed at once.

    A site that signs people out elsewhere ("sign out all devices") calls this for each session before it deletes it.
    """
    now, data = timezone.now(), sessions.load([key]).get(key)
    EndedSession.objects.filter(until__lt=now).delete()
    EndedSession.objects.update_or_create(digest=sessions.digest(key), defaults={"until": now + _kept(key, bool(data))})
    if data and (user := sessions.user_in(data)) is not None:
        credentials.announce([user], ledger.alias())


def _kept(key: str, exists: bool) -> timedelta:
    """A session that exists in its cookie alone can be shown until that expires: nothing deletes it."""
    store = sessions.engine()(key)
    return max(KEPT, timedelta(seconds=store.get_expiry_age())) if exists and not store.exists(key) else KEPT
