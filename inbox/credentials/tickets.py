"""Tickets: signed user ids, for connections that have no session cookie (devices, other origins).

A ticket is `payload.signature`, both base64url, so that it fits into a WebSocket subprotocol (RFC 6455, 4.1) and a URL.
`verify` needs no database. `users_of` also checks, for many tickets at once, what can change after minting: the user
may be deactivated or deleted, the password changed, the session or the service token may have ended.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare

from ..core.snapshots import UserId, user_id
from ..core.users import user_pk_or_none
from ..models import ServiceToken, TicketSession
from . import sessions

DEFAULT_TTL, MAX_TTL = 300, 3600  # seconds
MAX_LENGTH = 1024  # of a ticket, in characters; ours have some 120
DIGITS = 16  # hexadecimal, of the auth hash: enough to compare
# Tickets of service tokens have a fifth field, over which earlier versions of this code would fail. With another salt,
# those refuse them as forged.
SALT, TOKEN_SALT = "inbox.ticket", "inbox.ticket.token"


class BadTicket(ValueError):
    """A ticket that is not ours, or has expired."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The fields of a ticket. It was minted in a session (`session` is its digest, "" for none) or with a service token
    (`token` is its id).

    `auth` is a hash of the user's password, `expires` a time in Unix seconds.
    """

    user: UserId
    session: str
    auth: str
    expires: int
    token: int | None = None

    @property
    def seconds_left(self) -> float:
        return self.expires - time.time()


def sign(ticket: Ticket) -> str:
    """The text of a ticket."""
    fields = [ticket.user, ticket.session, ticket.auth, ticket.expires]
    if ticket.token is None:
        return _signer().sign_object(fields)
    return _signer(TOKEN_SALT).sign_object([*fields, ticket.token])


def verify(text: str) -> Ticket:
    """The fields of a ticket. Raises BadTicket if it is not ours, or has expired."""
    ticket = _read(text)
    if ticket.seconds_left <= 0:
        raise BadTicket("expired")
    return ticket


def is_ours(text: str) -> bool:
    """Whether we have signed this ticket; it may have expired."""
    return bool(dict(_read_all([text], _read)))


def users_of(texts: Iterable[str], *, opening: bool) -> dict[str, UserId]:
    """Ticket -> user id, of valid tickets; at most six queries for any number.

    `opening`: an expired ticket can't open a connection, but does not end one that is open.
    """
    tickets = dict(_read_all(texts, verify if opening else _read))
    signed_in = _signed_in({ticket.session for ticket in tickets.values()} - {""})
    tokens = _valid_tokens({ticket.token for ticket in tickets.values() if ticket.token is not None})
    users = _active_users({ticket.user for ticket in tickets.values()})
    return {
        text: ticket.user
        for text, ticket in tickets.items()
        if (not ticket.session or signed_in.get(ticket.session) == ticket.user)
        and (ticket.token is None or ticket.token in tokens)
        and (ticket.user in users and _auth_matches(users[ticket.user], ticket.auth))
    }


def auth_of(user: AbstractBaseUser) -> str:
    """What a new ticket says of the user's password."""
    return _auth_hashes(user)[0][:DIGITS]


def _signer(salt: str = SALT) -> Signer:
    return Signer(salt=salt, sep=".")


def _read(text: str) -> Ticket:
    if len(text) > MAX_LENGTH or text.startswith("."):  # a leading dot would mean a compressed payload
        raise BadTicket("malformed")
    try:
        user, *rest = _unsigned(text)
        return Ticket(user_id(user), *rest)
    except BadSignature as error:
        raise BadTicket("not signed by us") from error
    except (TypeError, ValueError) as error:
        raise BadTicket("of another version") from error


def _unsigned(text: str) -> Any:
    """The payload of a ticket. Raises BadSignature."""
    try:
        return _signer().unsign_object(text)
    except BadSignature:
        return _signer(TOKEN_SALT).unsign_object(text)


def _read_all(texts: Iterable[str], read: Callable[[str], Ticket]) -> Iterator[tuple[str, Ticket]]:
    for text in texts:
        try:
            yield text, read(text)
        except BadTicket:
            continue


def _signed_in(digests: set[str]) -> dict[str, UserId]:
    """Digest of a session -> id of the user who is signed in."""
    keys = dict(TicketSession.objects.filter(pk__in=digests).values_list("pk", "key")) if digests else {}
    users = sessions.users_of(keys.values())
    return {digest: users[key] for digest, key in keys.items() if key in users}


def _valid_tokens(ids: Collection[int]) -> set[int]:
    """The ids of tokens that are neither revoked nor expired, and whose owners are active."""
    tokens = ServiceToken.objects.valid().filter(pk__in=ids).select_related("owner") if ids else ()
    return {token.pk for token in tokens if token.owner.is_active}


def _active_users(ids: set[UserId]) -> Mapping[UserId, AbstractBaseUser]:
    keys = [key for key in map(user_pk_or_none, ids) if key is not None]
    users = get_user_model()._default_manager.filter(pk__in=keys) if keys else ()
    return {user_id(user.pk): user for user in users if user.is_active}


def _auth_matches(user: AbstractBaseUser, claimed: str) -> bool:
    return any(constant_time_compare(known[:DIGITS], claimed) for known in _auth_hashes(user))


def _auth_hashes(user: AbstractBaseUser) -> list[str]:
    """Hashes of the current password, one for each SECRET_KEY, the newest first; "" if the user model has none."""
    if not hasattr(user, "get_session_auth_hash"):
        return [""]
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
