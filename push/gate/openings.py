"""How often a user may open connections: a token bucket per user, asked before the database is.

An open connection costs little, opening one some milliseconds. So a client that opens and ends connections in a loop
delays others without sending a frame. A user may open five times as many as they may have, at once or within ten
seconds, and in the long run half as many a second (each process counts for itself). One more shuts the user out.

Until a credential has been verified, it has a bucket of its own. A long poll that had to wait costs nothing: the client
connects again because we answered.
"""

from inbox.core.snapshots import UserId

from .. import conf
from . import shutouts
from .credentials import Credential
from .limits import Bucket
from .shutouts import ShutOut

FEWEST = 20  # connections that the budget is for, however few a user may have: a page that is reloaded, five times
MOST_REMEMBERED = 20_000  # credentials and users


class Budget:
    """Of one user, or of one credential whose user is not known yet."""

    __slots__ = ("bucket", "user")

    def __init__(self) -> None:
        self.bucket = Bucket(max(conf.max_connections_per_user(), FEWEST) / 2)
        self.user: UserId | None = None

    def take(self, credential: Credential, cost: float = 1) -> None:
        """Shut the client out if too few tokens are left. They are refilled from the end of the shut-out on."""
        if not self.bucket.take(cost):
            self.bucket.refill_from(shutouts.shut_out(credential, self.user).until)


# By the hash of a credential or user, the one that was used last at the end.
_remembered: dict[int, Budget] = {}


def count(credential: Credential) -> ShutOut | None:
    """A connection is being opened. The shut-out of its credential, if one lasts or begins now."""
    lasting = shutouts.of_credential(credential)
    if lasting is not None:
        return lasting
    budget = _find(credential) or Budget()
    _remember(credential, budget)
    budget.take(credential)
    return shutouts.of_credential(credential)


def belongs_to(credential: Credential, user: UserId) -> None:
    """The credential is verified: what was opened with it counts for the user."""
    own = _find(credential)
    budget = _find(user) or own or Budget()
    budget.user = user
    if own is not None and own is not budget:
        budget.take(credential, own.bucket.missing())
    _remember(credential, budget)
    _remember(user, budget)


def give_back(credential: Credential) -> None:
    """A connection that ended as it should: it does not count."""
    if (budget := _find(credential)) is not None:
        budget.bucket.give(1)


def _find(key: Credential | UserId) -> Budget | None:
    return _remembered.get(hash(key))


def _remember(key: Credential | UserId, budget: Budget) -> None:
    _remembered.pop(hash(key), None)
    _remembered[hash(key)] = budget
    if len(_remembered) > MOST_REMEMBERED:
        del _remembered[next(iter(_remembered))]
