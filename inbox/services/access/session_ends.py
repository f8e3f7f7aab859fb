"""The end of sessions: connections opened with a session, or with a ticket minted in it, end with the session."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.crypto import get_random_string

from ...credentials import announcements, sessions
from ...models import EndedSession, TicketSession, ledger

# A request that was in progress when its session ended may still present its key.
KEPT = timedelta(hours=2)


def end_session(key: str) -> None:
    """End a session and its tickets. The connections that they opened are closed at once.

    A site that signs users out itself ("sign out all devices") calls this for each session before it deletes it.
    """
    now, data = timezone.now(), sessions.load([key]).get(key, {})
    TicketSession.objects.filter(pk=sessions.digest(key)).delete()
    EndedSession.objects.filter(until__lt=now).delete()
    EndedSession.objects.update_or_create(digest=sessions.name(key, data), defaults={"until": now + _kept()})
    if (user := sessions.user_in(data)) is not None:
        announcements.announce([user], ledger.alias())


def name_session(session: SessionBase) -> None:
    """Give a session a name that stays the same; call it at sign-in.

    With the engine for signed cookies, the key changes with the data. Without a name, a connection that was opened
    with an earlier key would survive the logout.
    """
    if sessions.in_cookies():
        session[sessions.NAME] = get_random_string(32)


def _kept() -> timedelta:
    """A signed cookie can be presented until it expires, because the server can't delete it."""
    return max(KEPT, timedelta(seconds=settings.SESSION_COOKIE_AGE)) if sessions.in_cookies() else KEPT
