"""The rows of the inbox page, as its template shows them; `row.js` makes the same of the same items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..rendering.initials import initials_of
from ..rendering.markup import in_zone
from ..rendering.texts import Button
from ..selectors.items import Item
from ..selectors.threads import Headline
from .filters import Filter
from .times import Clock, Shown
from .wording import full_stop, name_of, said_before

LONGEST, LONGEST_HTML = 10_000, 100_000  # code units of UTF-16, as in item.js
THREAD = "thread "  # before the key in the value of a button: it acts on the whole thread
TYPES = frozenset({"comment", "follow", "like", "mention", "share", "system", "broadcast"})  # with icons of their own
_BLOCK = re.compile(r"<(p|li|h[1-6]|blockquote|th|td)(?=[ >])")


@dataclass(frozen=True)
class Row:
    """An item, or a thread of several: then `item` is the newest of them, and `thread` its headline. `label` is the
    name of its type."""

    item: Item
    label: str
    clock: Clock
    thread: Headline | None = None
    href: str = ""

    @property
    def is_thread(self) -> bool:
        return self.thread is not None and self.thread.items > 1

    @property
    def ref(self) -> str:
        return self.thread.key if self.thread else self.item.ref

    @property
    def target(self) -> str:
        """The value of its buttons: what they act on."""
        return f"{THREAD}{self.ref}" if self.is_thread else self.item.ref

    @cached_property
    def title(self) -> str:
        whole = self.thread.title if self.thread and self.is_thread else self.item.title
        return cut(whole) if whole.strip() else _("Notification")

    @property
    def link(self) -> str:
        """Of a thread, the page of its items."""
        return self.href if self.is_thread else self.item.url

    @cached_property
    def read(self) -> bool:
        return not self.thread.unread if self.thread and self.is_thread else self.item.read

    @property
    def time(self) -> Shown:
        return self.clock.shown(self.thread.moved_at if self.thread else self.item.created_at)

    @property
    def until(self) -> Shown | None:
        return self.clock.shown(self.item.snoozed_until) if self.item.snoozed_until else None

    @property
    def before(self) -> str:
        """What screen readers say before the title."""
        size = (self.thread.items, self.thread.unread) if self.thread and self.is_thread else (0, 0)
        return said_before(read=self.read, starred=self.item.starred, items=size[0], unread=size[1])

    @property
    def stop(self) -> str:
        return full_stop(self.title)

    @cached_property
    def acts(self) -> dict[str, str]:
        """The names of the buttons. A tooltip that differs from the name would be read as a description after it."""
        words = {
            "more": _("More"),
            "star": _("Star"),
            "snooze": _("Snooze"),
            "wake": _("Wake now"),
            "read": _("Mark as unread") if self.read else _("Mark as read"),
            "archive": _("Move to inbox") if self.item.archived else _("Archive"),
            "delete": _("Delete"),
        }
        return {act: name_of(word, self.title) for act, word in words.items()}

    @property
    def level_word(self) -> str:
        return {"warning": _("Warning"), "critical": _("Critical")}.get(self.item.level, "")

    @property
    def icon(self) -> str:
        return icon_of(self.item.type)

    @property
    def initials(self) -> str:
        return initials_of(self.item.actor.name) if self.item.actor else ""

    @cached_property
    def html(self) -> str:
        """The text as HTML, which is sanitised (`markup.py`); each paragraph has a direction of its own. Its moments
        are in the reader's zone, if that is known: written anew by the script, they would move what follows them."""
        html = "" if self.is_thread else self.item.body_html or ""
        html = in_zone(html, self.clock.zone) if self.clock.zone else html
        return _BLOCK.sub(r'<\1 dir="auto"', html if _length(html) <= LONGEST_HTML else "")

    @property
    def body(self) -> str:
        return "" if self.is_thread else cut(self.item.body)

    @property
    def buttons(self) -> list[tuple[int, Button]]:
        buttons = () if self.is_thread else self.item.buttons
        return [(at, button) for at, button in enumerate(buttons) if button.label.strip() and button.url]

    @property
    def size(self) -> str:
        """How many items a thread has, and how many of them are unread."""
        if self.thread is None or not self.is_thread:
            return ""
        items, unread = self.thread.items, self.thread.unread
        size = ngettext("%(n)s notification", "%(n)s notifications", items) % {"n": items}
        news = ngettext("%(n)s unread", "%(n)s unread", unread) % {"n": unread}  # found by makemessages in no f-string
        return f"{size} · {news}" if unread else size


@dataclass(frozen=True, slots=True)
class Day:
    """Rows under the heading of their day."""

    name: str
    rows: list[Row]


def by_day(rows: Iterable[Row]) -> list[Day]:
    """Rows stay in their order: one of another day than its neighbour gets a heading, even if that day had one."""
    days = list[Day]()
    for row in rows:
        moment = row.thread.moved_at if row.thread else row.item.created_at
        name = row.clock.day(moment)
        if not days or days[-1].name != name:
            days.append(Day(name, []))
        days[-1].rows.append(row)
    return days


def rows_of(
    found: Sequence[Item | Headline], wanted: Filter, path: str, labels: dict[str, str], clock: Clock
) -> list[Row]:
    """`path`: of the inbox page; `labels`: the names of the types."""
    rows = []
    for each in found:
        item = each.item if isinstance(each, Headline) else each
        thread = each if isinstance(each, Headline) else None
        href = path + wanted.query(view="", thread=thread.key) if thread else ""
        rows.append(Row(item, labels.get(item.type, item.type), clock, thread, href))
    return rows


def icon_of(type: str) -> str:
    """Of an event type; a bell for a site's own types."""
    return f"type-{type}" if type in TYPES else "bell"


def cut(text: str) -> str:
    """As item.js cuts it."""
    if _length(text) <= LONGEST:
        return text
    return text.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", errors="ignore") + "…"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
