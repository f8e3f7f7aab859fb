"""What the hub reads from the database in one go, in its own thread: who the new ones are, then their states."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import override

from inbox import selectors
from inbox.items import Item
from inbox.snapshots import Snapshot, UserId

from . import sessions
from .sessions import Credential

Verifier = Callable[..., dict[str, UserId]]

# Scheme of a credential -> who verifies many of its keys at once. Tickets will be the second line.
VERIFIERS: dict[str, Verifier] = {
    "session": sessions.users_of,
}


@dataclass(slots=True)
class Query:
    """What to read: `toasts` is item hint -> user -> the version after which the item must have arrived."""

    opening: list[Credential] = field(default_factory=list)
    checking: list[Credential] = field(default_factory=list)
    users: list[UserId] = field(default_factory=list)
    compare: dict[UserId, int] = field(default_factory=dict)
    toasts: dict[str, dict[UserId, int]] = field(default_factory=dict)
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
    if query.toasts:
        answer.items = _items(query, answer.snapshots)
    return answer


def verify(credentials: Iterable[Credential], *, opening: bool) -> dict[Credential, UserId]:
    """The users behind valid credentials. `opening`: expiry counts."""
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


def _items(query: Query, snapshots: Mapping[UserId, Snapshot]) -> dict[UserId, dict[str, Item]]:
    """User -> language -> item, for those whose version moved."""
    found: dict[UserId, dict[str, Item]] = {}
    for hint, since in query.toasts.items():
        moved = {user: old for user, old in since.items() if user in snapshots and snapshots[user].version > old}
        for language in query.languages if moved else ():
            with override(language):
                for user, item in selectors.newest(moved, hint).items():
                    found.setdefault(user, {})[language] = item
    return found
