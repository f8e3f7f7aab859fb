"""Values that are expensive to make and asked for by many at once: made at most once in a while."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Entry(Generic[Value]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: tuple[float, Value] | None = None  # the end of making it, by the monotonic clock


class Recently(Generic[Key, Value]):
    """By key, a value that is at most `seconds` old. Of those who ask for a key at once, one makes the value, and the
    others wait for it. The `most` keys that were asked for last are kept."""

    def __init__(self, seconds: float, most: int = 100) -> None:
        self._seconds, self._most = seconds, most
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Raises what `make` raises; then the next one who asks calls it again."""
        entry = self._entry(key)
        with entry.lock:
            if entry.made is None or monotonic() - entry.made[0] >= self._seconds:
                value = make()
                entry.made = monotonic(), value
            return entry.made[1]

    def _entry(self, key: Key) -> _Entry[Value]:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)
            return entry
