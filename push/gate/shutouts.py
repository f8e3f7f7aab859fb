"""Users who send or connect too much are shut out for a while, because opening a connection costs more than a flood.

A client that reconnects the moment it is cut makes hundreds of handshakes a second. So an offence (a WebSocket that is
cut, or a connection beyond the budget of openings.py) shuts out the credential of the connection, and its user with
every other credential, for a second; the next one for two, then for four, up to `LONGEST` (each process counts for
itself). Meanwhile connections are *held* (holding.py): left unanswered for some seconds, then refused with 4429 or
429. That limits their rate to the number of sockets that the client has. What is held is limited too.
"""

import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from inbox.core.snapshots import UserId

from .. import conf
from ..refusals import SHUT_OUT, Refusal
from .credentials import Credential

SHORTEST, LONGEST = 1.0, 30.0  # seconds
QUIET_SECONDS = 60.0  # without another offence, until a shut-out is forgotten
HOLD_SECONDS = 3.0  # daphne and our own client give up a handshake after 5 and 8 s
SPREAD_SECONDS = 1.0  # those held do not come back together: the first to flood again shuts out the others
MOST_HELD = 1000  # connections, of all users of this process
MOST_REMEMBERED = 10_000  # credentials and users


class ShutOut:
    """One user, or one credential whose user is not known yet."""

    __slots__ = ("held", "released", "seconds", "until")
    all_held = 0

    def __init__(self) -> None:
        self.until = float("-inf")
        self.seconds = 0.0
        self.held = 0
        self.released = 0  # requests that were held before the server saw them, and are with it now

    def repeat(self) -> None:
        """Begin, for twice as long as the last time. While it lasts, further offences do not count."""
        now = time.monotonic()
        if now < self.until:
            return
        again = now < self.until + QUIET_SECONDS
        self.seconds = min(LONGEST, self.seconds * 2) if again else SHORTEST
        self.until = now + self.seconds
        self.released = 0

    def lasts(self) -> bool:
        return time.monotonic() < self.until

    def can_hold(self) -> bool:
        return self.held < conf.max_connections_per_user() and ShutOut.all_held < MOST_HELD

    def refusal(self) -> Refusal:
        """What the client is told; over HTTP with the seconds that are left."""
        left = max(1, math.ceil(self.until - time.monotonic()))
        return replace(SHUT_OUT, headers=((b"retry-after", b"%d" % left),))

    @contextmanager
    def holding(self) -> Iterator[float]:
        """Count a connection as held; gives the seconds after which it is to be refused."""
        self.held += 1
        ShutOut.all_held += 1
        try:
            yield min(HOLD_SECONDS, max(0.0, self.until - time.monotonic())) + random.uniform(0, SPREAD_SECONDS)
        finally:
            self.held -= 1
            ShutOut.all_held -= 1


# By the hash of a credential (a cookie may be 64 KiB long) or user, the one that was cut last at the end.
_remembered: dict[int, ShutOut] = {}
_latest = float("-inf")  # when the last of all shut-outs ends


def shut_out(credential: Credential, user: UserId | None) -> ShutOut:
    """An offence with this credential; `user` if it was verified."""
    global _latest
    found = _find(user) or _find(credential) or ShutOut()
    found.repeat()
    _remember(credential, found)
    if user is not None:
        _remember(user, found)
    _latest = max(_latest, found.until)
    return found


def any_lasts() -> bool:
    """Whether anybody may be shut out."""
    return time.monotonic() < _latest


def of_credential(credential: Credential) -> ShutOut | None:
    """The shut-out that lasts for a credential, as far as can be told without the database."""
    found = _find(credential)
    return found if found is not None and found.lasts() else None


def extends_to(credential: Credential, user: UserId) -> ShutOut | None:
    """The shut-out that lasts for the user of a verified credential; their next connection with it is held."""
    found = _find(user)
    if found is None or not found.lasts():
        return None
    _remember(credential, found)
    return found


def _find(key: Credential | UserId | None) -> ShutOut | None:
    return _remembered.get(hash(key)) if key is not None and _remembered else None


def _remember(key: Credential | UserId, found: ShutOut) -> None:
    _remembered.pop(hash(key), None)
    _remembered[hash(key)] = found
    if len(_remembered) > MOST_REMEMBERED:
        del _remembered[next(iter(_remembered))]
