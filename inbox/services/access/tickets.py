"""Minting tickets. The key of the session in which one is minted is stored, so that it ends with that session."""

import time
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from ...core.snapshots import user_id
from ...credentials import sessions, tickets
from ...credentials.tickets import DEFAULT_TTL, Ticket
from ...models import TicketSession

EXACT = timedelta(hours=1)  # precision of `TicketSession.until`: one write for every ticket would be too many


def mint_ticket(
    user: AbstractBaseUser, session_key: str | None, ttl: int = DEFAULT_TTL, *, token: int | None = None
) -> tuple[str, Ticket]:
    """Mint a ticket of this user for `ttl` seconds; returns its text and its fields.

    If a session or a service token is given, the ticket ends with it.
    """
    session = _remember_session(session_key) if session_key else ""
    ticket = Ticket(user_id(user.pk), session, tickets.auth_of(user), int(time.time()) + ttl, token)
    return tickets.sign(ticket), ticket


def _remember_session(key: str) -> str:
    """Store the key of a session in which a ticket is minted; returns the digest that the ticket contains."""
    digest, until = sessions.digest(key), timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE) + EXACT
    row, made = TicketSession.objects.get_or_create(digest=digest, defaults={"key": key, "until": until})
    if not made and row.until < until - EXACT:
        TicketSession.objects.filter(pk=digest).update(until=until)
    return digest
