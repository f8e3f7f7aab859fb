"""A snapshot on its way out, encoded once per format and language however many connections get it."""

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from inbox.core.snapshots import Snapshot
from inbox.selectors.items import Item

logger = logging.getLogger(__name__)

# ASCII only, so that no byte of it can end a line of an event stream.
to_json: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode

# Language -> the item that arrived, rendered in it.
Items = Mapping[str, Item]


class Update:
    """A snapshot, and for those who saw version `since` the item that arrived after it."""

    __slots__ = ("_frames", "items", "since", "snapshot", "text", "version")

    def __init__(self, snapshot: Snapshot, items: Items | None = None, since: int = -1) -> None:
        self.snapshot = snapshot
        self.version = snapshot.version
        self.text = snapshot_json(snapshot)
        self.items = items
        self.since = since
        self._frames: dict[Any, Any] = {}

    def frame(self, encode: "Encoder", language: str, sent: int) -> Any:
        """What `encode` makes of it for a connection that last saw version `sent`."""
        if self.items and sent == self.since:
            return self._toast(encode, language, self.items)
        frame = self._frames.get(encode)
        if frame is None:
            frame = self._frames[encode] = encode(self, self.text)
        return frame

    def _toast(self, encode: "Encoder", language: str, items: Items) -> Any:
        frame = self._frames.get((encode, language))
        if frame is None:
            frame = self._frames[encode, language] = self._encoded(encode, items.get(language))
        return frame

    def _encoded(self, encode: "Encoder", item: Item | None) -> Any:
        """With the item, if there is one and it can be encoded: the state goes out in any case."""
        if item is not None:
            try:
                return encode(self, f'{self.text[:-1]},"item":{to_json(item.as_toast())}}}')
            except Exception:
                logger.exception("%s can't be pushed as it is", item.ref)
        return encode(self, self.text)


Encoder = Callable[[Update, str], Any]


def snapshot_json(snapshot: Snapshot) -> str:
    """The contract's JSON. By hand: 1.5 µs instead of 5, and it is made for every user of a broadcast."""
    counts = ",".join([f"{_key(name)}:{count}" for name, count in snapshot.by_type.items()])
    user = snapshot.user if isinstance(snapshot.user, int) else to_json(snapshot.user)
    capped = "true" if snapshot.capped else "false"
    return (
        f'{{"user":{user},"version":{snapshot.version},"unread":{snapshot.unread},'
        f'"capped":{capped},"by_type":{{{counts}}},"unseen":{snapshot.unseen},"threads":{snapshot.threads}}}'
    )


@cache
def _key(name: str) -> str:
    return to_json(name)
