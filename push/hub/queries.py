"""One read of the hub, on its own thread: verify credentials, then read states, both for many at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from django.utils.translation import override

from inbox import selectors
from inbox.core.isolation import log_failure
from inbox.core.snapshots import Snapshot, UserId
from inbox.credentials import sessions, tickets
from inbox.selectors.items import Item

from ..gate.credentials import Credential
from .bulk import each, is_away

Verifier = Callable[..., dict[str, UserId]]


def _session_users(keys: Iterable[str], *, opening: bool) -> dict[str, UserId]:
    """Users of session keys. Open and new connections need the same."""
    return sessions.users_of(keys)


# Scheme of a credential -> who verifies many of its keys at once.
VERIFIERS: dict[str, Verifier] = {
    "session": _session_users,
    "ticket": tickets.users_of,
}


@dataclass(slots=True)
class Query:
    """What to read. `known`: the last states of those who are to be told what arrived since; `hints`: what did, if the
    nudge said so; `undecided`: credentials of connections that named no language."""

    opening: list[Credential] = field(default_factory=list)
    undecided: set[Credential] = field(default_factory=set)
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
    """What was read. A credential without a user is not (or no longer) valid; an unknown user has no snapshot.

    `unverified` are credentials whose check raised, `unread` users whose state could not be read: nobody can say.
    `languages`: what users chose whose new connections name none.
    """

    opened: dict[Credential, UserId] = field(default_factory=dict)
    checked: dict[Credential, UserId] = field(default_factory=dict)
    snapshots: dict[UserId, Snapshot] = field(default_factory=dict)
    changed: list[UserId] = field(default_factory=list)
    unverified: set[Credential] = field(default_factory=set)
    unread: set[UserId] = field(default_factory=set)
    items: dict[UserId, dict[str, Item]] = field(default_factory=dict)
    languages: dict[UserId, str] = field(default_factory=dict)

    @property
    def verifies_nobody(self) -> bool:
        """Whether the check failed for several and succeeded for none: that is no matter of one credential."""
        return len(self.unverified) > 1 and not (self.opened or self.checked)


def read(query: Query) -> Answer:
    """Verify first, then read states: a state is never older than the check that allows to send it."""
    opened, doubtful = verify(query.opening, opening=True)
    checked, doubtful_now = verify(query.checking, opening=False)
    answer = Answer(opened, checked, unverified=doubtful | doubtful_now)
    users = list(dict.fromkeys([*query.users, *answer.opened.values()]))
    if users:
        answer.snapshots, answer.unread = each(selectors.snapshots, users, "Reading the states of users")
    if undecided := [user for credential, user in answer.opened.items() if credential in query.undecided]:
        answer.languages, _ = each(selectors.chosen_languages, undecided, "Reading the languages of users")
    if query.compare:
        answer.changed = _changed(query.compare)
    for hint, since in _arrivals(query, answer.snapshots).items():
        _add_items(answer.items, hint, since, query.languages)
    return answer


def verify(credentials: Iterable[Credential], *, opening: bool) -> tuple[dict[Credential, UserId], set[Credential]]:
    """The users behind valid credentials, and the credentials whose check raised. `opening`: a ticket's own expiry
    counts."""
    keys: dict[str, set[str]] = {}
    for credential in credentials:
        keys.setdefault(credential.scheme, set()).add(credential.key)
    users: dict[Credential, UserId] = {}
    failed: set[Credential] = set()
    for scheme, group in keys.items():
        check = partial(VERIFIERS[scheme], opening=opening)
        found, doubtful = each(check, group, f"Checking a {scheme}", sessions.digest)
        users |= {Credential(scheme, key): user for key, user in found.items()}
        failed |= {Credential(scheme, key) for key in doubtful}
    return users, failed


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
    """User -> language -> the newest item. Who can't be shown one, in whatever language, gets the state alone."""
    for language in languages:
        try:
            with override(language):
                found, _ = each(partial(_newest, since, hint), since, f"Showing items in language {language}")
        except Exception as error:
            if is_away(error):
                raise
            log_failure(f"Showing items in language {language}")
            continue
        for user, item in found.items():
            known = items.setdefault(user, {})
            if language not in known or known[language].created_at < item.created_at:
                known[language] = item


def _newest(since: Mapping[UserId, int], hint: str, users: Collection[UserId]) -> dict[UserId, Item]:
    return selectors.newest({user: since[user] for user in users}, hint)
