"""What the hub reads from the database in one go, in its own thread: who the new ones are, then their states."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import override

from inbox import selectors, sessions, tickets
from inbox.items import Item
from inbox.snapshots import Snapshot, UserId

from .credentials import Credential

Verifier = Callable[..., dict[str, UserId]]


def _session_users(keys: Iterable[str], *, opening: bool) -> dict[str, UserId]:
    """An open connection needs the same session as a new one."""
    return sessions.users_of(keys)


# Scheme of a credential -> who verifies many of its keys at once.
VERIFIERS: dict[str, Verifier] = {
    "session": _session_users,
    "ticket": tickets.users_of,
}


@dataclass(slots=True)
class Query:
    """What to read. `known`: the last states of those who are to be told what arrived since; `hints`: what did, if the
    nudge said so."""

    opening: list[Credential] = field(default_factory=list)
    checking: list[Credential] = field(default_factory=list)
    users: list[UserId] = field(default_factory=list)
    compare: dict[UserId, int] = field(default_factory=dict)
    known: dict[UserId, Snapshot] = field(default_factory=dict)
    hints: dict[UserId, str] = field(default_factory=dict)
    languages: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.opening or self.checking or self.users or self.compare)


@dataclass(slots=True)
class Answer:
    """What was read. A credential without a user is not (or no longer) valid; an unknown user has no snapshot."""

    opened: dict[Credential, UserId] = field(default_factory=dict)
    checked: dict[Credential, UserId] = field(default_factory=dict)
    snapshots: dict[UserId, Snapshot] = field(default_factory=dict)
    changed: list[UserId] = field(default_factory=list)
    items: dict[UserId, dict[str, Item]] = field(default_factory=dict)


def read(query: Query) -> Answer:
    """Verify first, then read states: a state is never older than the check that allows to send it."""
    answer = Answer(opened=verify(query.opening, opening=True), checked=verify(query.checking, opening=False))
    users = list(dict.fromkeys([*query.users, *answer.opened.values()]))
    if users:
        answer.snapshots = selectors.snapshots(users)
    if query.compare:
        answer.changed = _changed(query.compare)
    for hint, since in _arrivals(query, answer.snapshots).items():
        _add_items(answer.items, hint, since, query.languages)
    return answer


def verify(credentials: Iterable[Credential], *, opening: bool) -> dict[Credential, UserId]:
    """The users behind valid credentials. `opening`: a ticket's own expiry counts."""
    keys: dict[str, set[str]] = {}
    for credential in credentials:
        keys.setdefault(credential.scheme, set()).add(credential.key)
    return {
        Credential(scheme, key): user
        for scheme, group in keys.items()
        for key, user in VERIFIERS[scheme](group, opening=opening).items()
    }


def _changed(known: Mapping[UserId, int]) -> list[UserId]:
    """Users whose version is not the known one any more, or who are gone."""
    versions = selectors.versions(known)
    return [user for user, version in known.items() if versions.get(user) != version]


def _arrivals(query: Query, snapshots: Mapping[UserId, Snapshot]) -> dict[str, dict[UserId, int]]:
    """Hint -> user -> the version after which it must have arrived. Whoever finds a change before its nudge comes
    takes the types of which there are more now."""
    found: dict[str, dict[UserId, int]] = {}
    for user, old in query.known.items():
        new = snapshots.get(user)
        if new is not None and new.version > old.version:
            for hint in [query.hints[user]] if user in query.hints else _risen(old, new):
                found.setdefault(hint, {})[user] = old.version
    return found


def _risen(old: Snapshot, new: Snapshot) -> list[str]:
    return [name for name, count in new.by_type.items() if count > old.by_type.get(name, 0)]


def _add_items(
    items: dict[UserId, dict[str, Item]], hint: str, since: Mapping[UserId, int], languages: Iterable[str]
) -> None:
    """User -> language -> the newest item."""
    for language in languages:
        with override(language):
            for user, item in selectors.newest(since, hint).items():
                known = items.setdefault(user, {})
                if language not in known or known[language].created_at < item.created_at:
                    known[language] = item
