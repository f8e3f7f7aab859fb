"""A snapshot on its way out, encoded once per format and language however many connections get it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from inbox.items import Item
from inbox.snapshots import Snapshot

# ASCII only, so that no byte of it can end a line of an event stream.
to_json: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode

# Language -> the item that arrived, rendered in it.
Items = Mapping[str, Item]


class Update:
    """A snapshot, and for those who saw version `since` the item that arrived after it."""

    __slots__ = ("_frames", "items", "since", "snapshot", "version")

    def __init__(self, snapshot: Snapshot, items: Items | None = None, since: int = -1) -> None:
        self.snapshot = snapshot
        self.version = snapshot.version
        self.items = items
        self.since = since
        self._frames: dict[Any, Any] = {}

    def text(self, language: str | None = None) -> str:
        """The snapshot as JSON; with an item in it if a language is given and there is one."""
        text = self._frames.get(language)
        if text is None:
            text = self._frames[language] = self._text(language)
        return str(text)

    def frame(self, encode: "Encoder", language: str, sent: int) -> Any:
        """What `encode` makes of it for a connection that last saw version `sent`."""
        toast = language if self.items and sent == self.since else None
        frame = self._frames.get((encode, toast))
        if frame is None:
            frame = self._frames[encode, toast] = encode(self, self.text(toast))
        return frame

    def _text(self, language: str | None) -> str:
        if language is None:
            return to_json(self.snapshot.as_dict())
        item = self.items.get(language) if self.items else None
        if item is None:
            return self.text()
        return f'{self.text()[:-1]},"item":{to_json(item.as_toast())}}}'


Encoder = Callable[[Update, str], Any]
