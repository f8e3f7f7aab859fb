"""Tickets: who somebody is, signed, for connections that carry no session cookie (devices, other origins, MQTT).

A ticket is `payload.signature`, both base64url, so that it fits a WebSocket subprotocol (RFC 6455, 4.1) and a URL.
`verify` needs no database. What can change meanwhile (the user is deactivated or deleted, the password is changed, the
session is logged out) is looked up for many at once by `users_of`.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare

from . import sessions
from .models import EndedSession
from .snapshots import UserId, user_id

DEFAULT_TTL, MAX_TTL = 300, 3600  # seconds
MAX_LENGTH = 1024  # of a ticket, in characters; ours have some 120
DIGITS = 16  # hexadecimal, of a hash that only tells apart


class BadTicket(ValueError):
    """No ticket of ours, or one that has expired."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """`session` tells which session it is from ("" for none), `auth` which password; `expires` in Unix seconds."""

    user: UserId
    session: str
    auth: str
    expires: int

    @property
    def seconds_left(self) -> float:
        return self.expires - time.time()


def mint(user: AbstractBaseUser, session_key: str | None, ttl: int = DEFAULT_TTL) -> tuple[str, Ticket]:
    """A ticket of this user for `ttl` seconds, and what it says. It ends with the session, if it was minted in one."""
    session = sessions.digest(session_key) if session_key else ""
    auth = _auth_hashes(user)[0][:DIGITS]
    ticket = Ticket(user_id(user.pk), session, auth, int(time.time()) + ttl)
    return _signer().sign_object([ticket.user, ticket.session, ticket.auth, ticket.expires]), ticket


def verify(text: str) -> Ticket:
    """What a ticket says, if it is ours and has not expired. Raises `BadTicket`."""
    ticket = _read(text)
    if ticket.seconds_left <= 0:
        raise BadTicket("expired")
    return ticket


def users_of(texts: Iterable[str], *, opening: bool) -> dict[str, UserId]:
    """Ticket -> user, of those that still count; two queries for any number. `opening`: expiry counts."""
    tickets = dict(_read_all(texts, verify if opening else _read))
    ended = _ended({ticket.session for ticket in tickets.values()} - {""})
    users = _active_users({ticket.user for ticket in tickets.values()})
    return {
        text: ticket.user
        for text, ticket in tickets.items()
        if ticket.session not in ended and ticket.user in users and _auth_matches(users[ticket.user], ticket.auth)
    }


def _signer() -> Signer:
    return Signer(salt="inbox.ticket", sep=".")


def _read(text: str) -> Ticket:
    if len(text) > MAX_LENGTH or text.startswith("."):  # a leading dot would mean a compressed payload
        raise BadTicket("malformed")
    try:
        user, *rest = _signer().unsign_object(text)
    except BadSignature as error:
        raise BadTicket("not signed by us") from error
    return Ticket(user_id(user), *rest)


def _read_all(texts: Iterable[str], read: Any) -> Iterable[tuple[str, Ticket]]:
    for text in texts:
        try:
            yield text, read(text)
        except BadTicket:
            continue


def _ended(sessions: set[str]) -> set[str]:
    return set(EndedSession.objects.filter(pk__in=sessions).values_list("pk", flat=True)) if sessions else set()


def _active_users(ids: set[UserId]) -> Mapping[UserId, AbstractBaseUser]:
    keys = [key for key in map(_primary_key, ids) if key is not None]
    users = get_user_model()._default_manager.filter(pk__in=keys) if keys else ()
    return {user_id(user.pk): user for user in users if user.is_active}


def _primary_key(value: UserId) -> Any:
    try:
        return get_user_model()._meta.pk.to_python(value)
    except ValidationError:  # signed by us, but before the user model was exchanged
        return None


def _auth_matches(user: AbstractBaseUser, claimed: str) -> bool:
    return any(constant_time_compare(known[:DIGITS], claimed) for known in _auth_hashes(user))


def _auth_hashes(user: AbstractBaseUser) -> list[str]:
    """Of the password now, under every SECRET_KEY still known, the newest first; "" for users without one."""
    if not hasattr(user, "get_session_auth_hash"):
        return [""]
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
