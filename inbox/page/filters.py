"""What the inbox page lists, as its address says: `?q=tea&type=comment&view=unread`. `filters.js` reads it in the same
way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.http import urlencode

from ..core.choice import Choice
from ..models import event_types, refs

VIEWS = ("unread", "threads", "starred", "snoozed", "archived")  # "": the inbox


@dataclass(frozen=True, slots=True)
class Filter:
    """`thread` is the key of a thread whose items are listed, `before` the cursor of a page further down. "": none."""

    q: str = ""
    type: str = ""
    view: str = ""
    thread: str = ""
    before: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Filter:
        """Unknown values mean no filter."""
        kind, view, thread = (query.get(name, "") for name in ("type", "view", "thread"))
        return cls(
            query.get("q", "").strip(),
            kind if kind in types() else "",
            view if view in VIEWS and not thread else "",
            thread,
            query.get("before", ""),
        )

    @property
    def is_threads(self) -> bool:
        return self.view == "threads"

    @property
    def is_plain(self) -> bool:
        """Whether it lists the newest items of all types, read or not: what is important is shown above them."""
        return self in (Filter(), Filter(view="unread"))

    @property
    def has_the_newest(self) -> bool:
        """Whether it leaves out nothing new: who looks at it has seen what is unseen."""
        return self in (Filter(), Filter(view="unread"), Filter(view="threads"))

    def choice(self, **marks: bool) -> Choice:
        """What is listed. `marks`: these instead of those of the view. Raises BadValue for a text that can't be looked
        for."""
        of_view: dict[str, Any] = {self.view: True} if self.view and not self.is_threads else {}
        kinds = (self.type,) if self.type else ()
        return replace(Choice(q=self.q, types=kinds, thread=self.thread or None), **(marks or of_view))

    def query(self, **changes: str) -> str:
        """The query of the address with these changes, from the top; "" if there is no filter."""
        wanted = replace(self, **{"before": "", **({"thread": ""} if "view" in changes else {}), **changes})
        given = {name: value for name, value in asdict(wanted).items() if value}
        return f"?{urlencode(given)}" if given else ""


def types() -> list[str]:
    """The types that can be chosen."""
    return [*event_types(), refs.BROADCAST]
