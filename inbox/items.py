"""Inbox items as people and programs see them, whatever table they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .models import Broadcast, Message


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an inbox. `title` and `body` are plain text in the language active when the item was made;
    `body_html` is sanitised and only broadcasts have it."""

    ref: str
    type: str
    title: str
    body: str
    url: str
    created_at: datetime
    level: str
    read: bool
    archived: bool
    body_html: str | None = None

    def as_toast(self) -> dict[str, Any]:
        """The short form that rides on a pushed snapshot."""
        return {
            "ref": self.ref,
            "type": self.type,
            "title": self.title,
            "body": self.body,
            **({"body_html": self.body_html} if self.body_html is not None else {}),
            "url": self.url,
            "created_at": self.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    def as_dict(self) -> dict[str, Any]:
        return self.as_toast() | {"level": self.level, "read": self.read, "archived": self.archived}


def from_message(message: Message) -> Item:
    """An item from a message whose actor is loaded."""
    return Item(
        ref=message.ref,
        type=message.event_type(),
        title=message.render_title(),
        body=message.render_body(),
        url=message.url,
        created_at=message.created_at,
        level=str(message.level),
        read=message.read_at is not None,
        archived=message.archived_at is not None,
    )


def from_broadcast(broadcast: Broadcast, read_at: Any = None, archived_at: Any = None) -> Item:
    """An item from a live broadcast and the marks of the reader's receipt."""
    return Item(
        ref=broadcast.ref,
        type="broadcast",
        title=broadcast.title,
        body=broadcast.body_text,
        body_html=broadcast.body_html,
        url=broadcast.url,
        created_at=broadcast.published_at or broadcast.created_at,
        level=broadcast.level,
        read=read_at is not None,
        archived=archived_at is not None,
    )
