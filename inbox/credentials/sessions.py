"""The users of many sessions at once: three queries for any number of connections.

The rules are those of `django.contrib.auth.get_user`: a known backend, an active user, a matching auth hash
(`SECRET_KEY_FALLBACKS` included). This module never writes to a session.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieStore
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ..core.snapshots import UserId, user_id
from ..core.users import UserPk, user_pk_or_none
from ..models import EndedSession

logger = logging.getLogger(__name__)

# Keys are looked up by the hundred: one that the database refuses (NUL) must not make the whole query fail.
PLAUSIBLE_KEY = re.compile(r"[\x21-\x7e]{8,4096}")

NAME = "_inbox_session"  # in the data of a session whose key changes with the data: a name that stays the same
DIGITS = 16  # hexadecimal, of the SHA-256 of a key

SessionData = Mapping[str, Any]


def users_of(keys: Iterable[str]) -> dict[str, UserId]:
    """Session key -> user id, of valid sessions. An expired session is invalid, for open connections too."""
    sessions = load(keys)
    for key in _ended(sessions):
        del sessions[key]
    users = _users(sessions.values())
    found = {}
    for key, data in sessions.items():
        user = users.get((data.get(BACKEND_SESSION_KEY, ""), data.get(SESSION_KEY, "")))
        if user is not None and _hash_matches(user, data.get(HASH_SESSION_KEY)):
            found[key] = user_id(user.pk)
    return found


def user_in(data: SessionData) -> UserPk | None:
    """The primary key in the data of a session; None if nobody is signed in. Does not check whether it is valid."""
    text = data.get(SESSION_KEY)
    return user_pk_or_none(text) if text else None


def digest(key: str) -> str:
    """The digest of a session's key that we store: it identifies the session, but is useless as a cookie."""
    return sha256(key.encode()).hexdigest()[:DIGITS]


def load(keys: Iterable[str]) -> dict[str, SessionData]:
    """Session key -> data, of sessions that exist and have not expired."""
    plausible, store = {key for key in keys if PLAUSIBLE_KEY.fullmatch(key)}, engine()
    if not plausible:  # a site that uses no sessions has no table for them
        return {}
    if issubclass(store, DatabaseStore) and store.load is DatabaseStore.load:
        return _load_from_table(store, plausible)
    return {key: data for key in plausible if (data := _load_one(store, key))}


def engine() -> type[SessionBase]:
    """The site's `SessionStore` class."""
    return import_module(settings.SESSION_ENGINE).SessionStore  # type: ignore[no-any-return]


def in_cookies() -> bool:
    """Whether the site stores sessions in signed cookies. Then the key of a session contains all of its data."""
    return issubclass(engine(), CookieStore)


def name(key: str, data: SessionData) -> str:
    """The digest under which the end of a session is recorded, also if its key has changed since."""
    return digest(data.get(NAME, key))


def _ended(sessions: Mapping[str, SessionData]) -> list[str]:
    """The keys of sessions that were logged out. Some engines delete such a session only later, or never."""
    names = {key: name(key, data) for key, data in sessions.items()}
    rows = EndedSession.objects.filter(pk__in=set(names.values())) if names else EndedSession.objects.none()
    ended = set(rows.values_list("pk", flat=True))
    return [key for key in names if names[key] in ended]


def _load_from_table(store: type[DatabaseStore], keys: set[str]) -> dict[str, SessionData]:
    rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    decode = store().decode
    return {key: decode(data) for key, data in rows.values_list("session_key", "session_data")}


def _load_one(store: type[SessionBase], key: str) -> SessionData:
    """With any other engine, sessions are loaded one by one; a cache answers in a fraction of a millisecond."""
    return dict(store(key).load())


def _users(sessions: Iterable[SessionData]) -> dict[tuple[str, str], AbstractBaseUser]:
    """(backend, user id as text) -> user, if that backend accepts the user."""
    wanted: dict[str, set[str]] = {}
    for data in sessions:
        backend, pk = data.get(BACKEND_SESSION_KEY, ""), data.get(SESSION_KEY, "")
        if backend in settings.AUTHENTICATION_BACKENDS and pk:
            wanted.setdefault(backend, set()).add(pk)
    return {(path, pk): user for path, pks in wanted.items() for pk, user in _users_of_backend(path, pks).items()}


def _users_of_backend(path: str, pks: set[str]) -> dict[str, AbstractBaseUser]:
    backend = load_backend(path)
    if not isinstance(backend, ModelBackend) or type(backend).get_user is not ModelBackend.get_user:
        return {pk: user for pk in pks if (user := backend.get_user(pk)) is not None and user.is_active}
    by_pk = {key: pk for pk in pks if (key := user_pk_or_none(pk)) is not None}
    users = get_user_model()._default_manager.filter(pk__in=by_pk)
    return {by_pk[user.pk]: user for user in users if backend.user_can_authenticate(user)}


def _hash_matches(user: AbstractBaseUser, claimed: str | None) -> bool:
    if not hasattr(user, "get_session_auth_hash"):
        return True
    if not claimed:
        return False
    if constant_time_compare(claimed, user.get_session_auth_hash()):
        return True
    return any(constant_time_compare(claimed, known) for known in user.get_session_auth_fallback_hash())
