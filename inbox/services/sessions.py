"""Sessions and their tickets: what a session, or a ticket minted in it, has opened ends with it."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from .. import credentials, ledger, sessions
from ..models import EndedSession, TicketSession

# A request that was under way when its session ended may still show its key.
KEPT = timedelta(hours=2)
EXACT = timedelta(hours=1)  # how exact `TicketSession.until` is: a write for every ticket would be too many


def remember_session(key: str) -> str:
    """Keep the key of a session in which a ticket is minted; returns the digest that the ticket carries."""
    digest, until = sessions.digest(key), timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    row, made = TicketSession.objects.get_or_create(digest=digest, defaults={"key": key, "until": until})
    if not made and row.until < until - EXACT:
        TicketSession.objects.filter(pk=digest).update(until=until)
    return digest


def end_session(key: str) -> None:
    """Neither this session nor any ticket of it counts any more; what they have opened is closed at once.

    A site that signs people out elsewhere ("sign out all devices") calls this for each session before it deletes it.
    """
    now, data = timezone.now(), sessions.load([key]).get(key)
    TicketSession.objects.filter(pk=sessions.digest(key)).delete()
    EndedSession.objects.filter(until__lt=now).delete()
    EndedSession.objects.update_or_create(digest=sessions.digest(key), defaults={"until": now + _kept(key, bool(data))})
    if data and (user := sessions.user_in(data)) is not None:
        credentials.announce([user], ledger.alias())


def _kept(key: str, exists: bool) -> timedelta:
    """A session that exists in its cookie alone can be shown until that expires: nothing deletes it."""
    store = sessions.engine()(key)
    return max(KEPT, timedelta(seconds=store.get_expiry_age())) if exists and not store.exists(key) else KEPT
