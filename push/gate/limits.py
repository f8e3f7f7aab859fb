"""How much a client may send on its WebSockets: token buckets per connection and per user, charged by a meter.

The meter stands in front of the server's own protocol and reads only the heads of frames. So it counts what no
application sees (pings, fragments, empty frames), and bytes beyond the budget are not parsed at all.

A frame costs one token, every 4 KiB another, a write to the database four more, and each read from the socket a
sixteenth (a client may send byte by byte). A full bucket holds the tokens of `BURST_SECONDS`.
"""

import time
from collections.abc import Callable

from inbox.core.snapshots import UserId

from .. import conf
from ..conf import MAX_FRAME_BYTES
from ..refusals import TOO_BIG, TOO_FAST, TOO_MANY_FRAMES, Refusal

BURST_SECONDS = 10
STRANGERS_SECONDS = 2  # the burst of a connection whose credential is not verified yet
BYTES_PER_TOKEN = 4096
READ_COST = 1 / 16
WRITE_COST = 4
MAX_FRAGMENTS = 256  # of one message: the server keeps an object for each, even for an empty one
MANY_USERS = 10_000  # buckets; beyond, those that are full again are dropped


class Bucket:
    """A token bucket that gains `rate` tokens a second and holds those of `seconds`."""

    __slots__ = ("_at", "_rate", "_size", "_tokens")

    def __init__(self, rate: float, seconds: float = BURST_SECONDS) -> None:
        self._rate = rate
        self._size = self._tokens = rate * seconds
        self._at = time.monotonic()

    def available(self) -> float:
        now = time.monotonic()
        if now > self._at:
            self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
            self._at = now
        return self._tokens

    def missing(self) -> float:
        """Tokens that were taken and are not refilled yet."""
        return self._size - self.available()

    def take(self, cost: float) -> bool:
        """Take tokens. If there are too few, the bucket is empty and the result is False."""
        self._tokens = self.available() - cost
        if self._tokens >= 0:
            return True
        self._tokens = 0
        return False

    def give(self, tokens: float) -> None:
        """Put tokens back."""
        self._tokens = min(self._size, self.available() + tokens)

    def refill_from(self, when: float) -> None:
        """Gain nothing before that time (of `time.monotonic`)."""
        self._at = max(self._at, when)

    def is_full(self) -> bool:
        return self.available() >= self._size


_users: dict[UserId, Bucket] = {}
_looked_at = float("-inf")  # when the full ones among very many were looked for last


def bucket_of(user: UserId) -> Bucket:
    """The bucket of all connections of a user to this process. It outlives them: reconnecting must not refill it."""
    bucket = _users.get(user)
    if bucket is None:
        if len(_users) >= MANY_USERS:
            _drop_full_now_and_then()
        bucket = _users[user] = Bucket(conf.frames_per_second_per_user())
    return bucket


def _drop_full_now_and_then() -> None:
    """At most once a second: it looks at every bucket."""
    global _looked_at
    if time.monotonic() - _looked_at < 1:
        return
    _looked_at = time.monotonic()
    for user in [user for user, bucket in _users.items() if bucket.is_full()]:
        del _users[user]


class FrameHeads:
    """Follows the frames in a stream of bytes by their heads (RFC 6455, 5.2)."""

    __slots__ = ("_fragments", "_message", "_part", "_skip", "too_big", "too_many")

    def __init__(self) -> None:
        self._part = b""  # the beginning of a head
        self._skip = 0  # bytes of payload that are still to come
        self._message = self._fragments = 0  # of the message that is being received: bytes, frames
        self.too_big = self.too_many = False

    def count(self, data: bytes, most: int) -> int:
        """How many frames begin in `data`. Stops at `most`, and is of no use afterwards."""
        data = self._part + data if self._part else data
        at, end, frames = self._skip, len(data), 0
        while frames < most and at + 2 <= end:
            size, wide = data[at + 1] & 0x7F, 0
            if size > 125:
                wide = 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : at + 2 + wide], "big")
            payload = at + 2 + wide + (4 if data[at + 1] & 0x80 else 0)
            if payload > end:
                break
            frames += 1
            self._note(data[at], size)
            at = payload + size
        self._skip, self._part = max(0, at - end), data[at:]
        return frames

    def _note(self, first: int, size: int) -> None:
        opcode = first & 0x0F
        if opcode >= 8:  # control frames may stand between the fragments of a message
            return
        if opcode:
            self._message = self._fragments = 0
        self._message += size
        self._fragments += 1
        self.too_big |= self._message > MAX_FRAME_BYTES
        self.too_many |= self._fragments > MAX_FRAGMENTS


class Meter:
    """Counts what one client sends. `over` is called with the reason when it is too much, once."""

    __slots__ = ("_bucket", "_heads", "_over", "_spent", "_user", "exceeded")

    def __init__(self, over: Callable[[Refusal], None]) -> None:
        self._bucket = Bucket(conf.frames_per_second(), STRANGERS_SECONDS)
        self._user: Bucket | None = None
        self._heads = FrameHeads()
        self._over = over
        self._spent = 0.0  # before the user was known
        self.exceeded: Refusal | None = None

    def belongs_to(self, user: UserId) -> None:
        """The credential is verified: the full burst, and the user's budget counts too."""
        self._bucket = Bucket(conf.frames_per_second())
        self._user = bucket_of(user)
        self.charge(self._spent)

    def passes(self, data: bytes) -> bool:
        """Whether these bytes, just read from the socket, may go on to the server's protocol."""
        if self.exceeded is not None:
            return False
        frames = self._heads.count(data, int(self._bucket.available()) + 1)
        if self._heads.too_big:
            return self._exceed(TOO_BIG)
        if self._heads.too_many:
            return self._exceed(TOO_FAST)
        return self.charge(frames + len(data) / BYTES_PER_TOKEN + READ_COST)

    def charge(self, cost: float) -> bool:
        """Take so many tokens. False: the budget is exceeded, now or before."""
        if self.exceeded is not None:
            return False
        affordable = self._bucket.take(cost)
        if self._user is None:
            self._spent += cost
        elif not self._user.take(cost):
            return self._exceed(TOO_MANY_FRAMES)
        return affordable or self._exceed(TOO_FAST)

    def _exceed(self, refusal: Refusal) -> bool:
        self.exceeded = refusal
        self._over(refusal)
        return False
