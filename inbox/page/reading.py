"""What the inbox page reads: its list, the important items above it, and the counts beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import selectors
from ..core.snapshots import Snapshot, UserId
from ..errors import BadValue
from ..selectors.items import Item
from ..selectors.threads import Headline
from .filters import Filter

PAGE = 20  # items
IMPORTANT = 3  # items at most: the list below has all of them
STEPS = 5  # of a search that finds nothing among the items of one step; then the reader goes on


@dataclass(frozen=True, slots=True)
class Reading:
    """`version` was read before all else. `error` says why nothing could be listed; "" if it could."""

    version: int
    snapshot: Snapshot
    found: Sequence[Item | Headline] = ()
    next: str | None = None
    important: list[Item] = field(default_factory=list)
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What the script takes over, as the API would have answered."""
        return {
            "version": self.version,
            "items": [each.as_dict() for each in self.found],
            "next": self.next,
            "important": [item.as_dict() for item in self.important],
            "snapshot": self.snapshot.as_dict(),
            "error": self.error,
        }


def read(user: UserId, wanted: Filter) -> Reading:
    try:
        version, found, following = _page(user, wanted)
    except BadValue as error:
        snapshot = selectors.snapshot(user)
        return Reading(snapshot.version, snapshot, error=error.detail)
    snapshot = selectors.snapshot(user)
    important = _important(user) if wanted.is_plain and snapshot.unread else []
    return Reading(version, snapshot, found, following, important)


def _page(user: UserId, wanted: Filter) -> tuple[int, Sequence[Item | Headline], str | None]:
    """Version, items or threads, and the cursor of the next page. Raises BadValue. A search that stops before it has
    found anything goes on; its version is that of its first step."""
    choice, before, version = wanted.choice(), wanted.before or None, None
    for _step in range(STEPS):
        if wanted.is_threads:
            threads = selectors.thread_page(user, before=before, limit=PAGE, choice=choice)
            return threads.version, threads.threads, threads.next
        page = selectors.inbox_page(user, before=before, limit=PAGE, choice=choice)
        version, before = page.version if version is None else version, page.next
        if page.items or before is None:
            break
    return version or page.version, page.items, page.next


def _important(user: UserId) -> list[Item]:
    found = selectors.inbox_page(user, limit=IMPORTANT, important=True, unread=True).items
    return [item for item in found if item.important and not item.read]
