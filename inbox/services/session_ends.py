"""Sessions and their tickets: what a session, or a ticket minted in it, has opened ends with it."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.crypto import get_random_string

from ..core import ledger
from ..credentials import announcements, sessions
from ..models import EndedSession, TicketSession

# A request that was under way when its session ended may still show its key.
KEPT = timedelta(hours=2)
EXACT = timedelta(hours=1)  # how late `TicketSession.until` may be: a write for every ticket would be too many


def remember_session(key: str) -> str:
    """Keep the key of a session in which a ticket is minted; returns the digest that the ticket carries."""
    digest, until = sessions.digest(key), timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE) + EXACT
    row, made = TicketSession.objects.get_or_create(digest=digest, defaults={"key": key, "until": until})
    if not made and row.until < until - EXACT:
        TicketSession.objects.filter(pk=digest).update(until=until)
    return digest


def end_session(key: str) -> None:
    """Neither this session nor any ticket of it counts any more; what they have opened is closed at once.

    A site that signs people out elsewhere ("sign out all devices") calls this for each session before it deletes it.
    """
    now, data = timezone.now(), sessions.load([key]).get(key, {})
    TicketSession.objects.filter(pk=sessions.digest(key)).delete()
    EndedSession.objects.filter(until__lt=now).delete()
    EndedSession.objects.update_or_create(digest=sessions.name(key, data), defaults={"until": now + _kept()})
    if (user := sessions.user_in(data)) is not None:
        announcements.announce([user], ledger.alias())


def name_session(session: SessionBase) -> None:
    """To be called when somebody signs in. A session that is its own cookie gets another key with every change of its
    data: a connection opened with an earlier one would otherwise outlive the logout."""
    if sessions.in_cookies():
        session[sessions.NAME] = get_random_string(32)


def _kept() -> timedelta:
    """A session that is its own cookie can be shown until that expires: nothing deletes it."""
    return max(KEPT, timedelta(seconds=settings.SESSION_COOKIE_AGE)) if sessions.in_cookies() else KEPT
