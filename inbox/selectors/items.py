"""Items of the inbox, made from messages and broadcasts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from ..models import Broadcast, Level, Message, refs
from ..rendering.bidi import balanced
from ..rendering.faces import Face
from ..rendering.links import is_link
from ..rendering.markup import has_moments, in_zone, plain_text, safe_html, text_of
from ..rendering.texts import Button
from ..rendering.wording import shortened

MARKS = ("read_at", "archived_at", "starred_at", "snoozed_until")  # of a receipt
LEVELS = frozenset(Level.values)
NO_MARKS: Mapping[str, datetime | None] = dict.fromkeys(MARKS)
TOAST_TITLE, TOAST_BODY, TOAST_HTML = 300, 500, 2000  # characters

logger = logging.getLogger(__name__)

_logged: set[tuple[str, str, str | None]] = set()  # failures already logged: part of an item, type, language


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the inbox. `title` and `body` are plain text, in the language that was active when the item was made.
    Only broadcasts have `body_html`, which is sanitised, `lang`, the language of their text ("" if unknown), and
    `kinds`: where else it shows, “banner” or “dialog”. Only messages have `subject`, what they are about ("" if
    unknown), `pressed`, the number of the button that the reader pressed last, and `actor` (`load_faces`)."""

    ref: str
    type: str
    title: str
    body: str
    url: str
    created_at: datetime
    level: str
    read: bool
    archived: bool
    starred: bool = False
    important: bool = False
    snoozed_until: datetime | None = None
    body_html: str | None = None
    lang: str = ""
    buttons: tuple[Button, ...] = ()
    kinds: tuple[str, ...] = ()
    subject: str = ""
    pressed: int | None = None
    actor: Face | None = None

    def as_toast(self) -> dict[str, Any]:
        """The short form that is pushed together with a snapshot, with texts cut to the size of a toast.

        HTML can't be cut. It is left out if the plain text was cut, or if it is too long.
        """
        title, body = shortened(self.title, TOAST_TITLE), shortened(self.body, TOAST_BODY)
        html = self.body_html if body == self.body and len(self.body_html or "") <= TOAST_HTML else None
        kinds = {"kinds": list(self.kinds)} if self.kinds else {}
        important = {"important": True} if self.important else {}
        return replace(self, title=title, body=body, body_html=html).pushed() | kinds | important

    def as_dict(self) -> dict[str, Any]:
        until = {"snoozed_until": iso(self.snoozed_until)} if self.snoozed_until else {}
        marks = {"read": self.read, "archived": self.archived, "starred": self.starred, "important": self.important}
        return self.pushed() | self._buttons() | marks | until

    def pushed(self) -> dict[str, Any]:
        """What does not depend on the reader."""
        return {
            "ref": self.ref,
            "type": self.type,
            "title": self.title,
            "body": self.body,
            **({"body_html": self.body_html} if self.body_html is not None else {}),
            **({"lang": self.lang} if self.lang else {}),
            "url": self.url,
            "created_at": iso(self.created_at),
            "level": self.level,
            **({"subject": self.subject} if self.subject else {}),
            **({"actor": self.actor.as_dict()} if self.actor else {}),
        }

    @property
    def has_moments(self) -> bool:
        return has_moments(self.body_html or "")

    def in_zone(self, zone: ZoneInfo) -> Item:
        """With the moments of its text in this zone."""
        html = in_zone(self.body_html or "", zone)
        return replace(self, body=balanced(text_of(html)), body_html=html) if self.has_moments else self

    def _buttons(self) -> dict[str, Any]:
        if not self.buttons:
            return {}
        pressed = {} if self.pressed is None else {"pressed": self.pressed}
        return {"buttons": [button_dict(button) for button in self.buttons], **pressed}


def iso(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def button_dict(button: Button) -> dict[str, str]:
    language = {"lang": button.language} if button.language else {}
    return {"label": button.label, **language, "url": button.url}


def from_message(message: Message) -> Item:
    """An item from a message whose actor is loaded."""
    return Item(
        ref=message.ref,
        type=message.event_type(),
        title=title_of(message),
        body=_rendered("body", message, message.render_body) or "",
        url=_link(message.url),
        created_at=message.created_at,
        level=_level(message),
        read=message.read_at is not None,
        archived=message.archived_at is not None,
        subject=message.subject or "",
        starred=message.starred_at is not None,
        snoozed_until=message.snoozed_until,
        buttons=tuple(message.buttons_in(get_language())) if message.buttons else (),
        pressed=message.pressed,
        actor=message.face,
    )


def title_of(message: Message) -> str:
    """The title of a message whose actor is loaded. If it can't be rendered, the name of its type."""
    title = _rendered("title", message, message.render_title)
    return title if title and title.strip() else str(message._meta.verbose_name)


def title_of_several(message: Message, actors: str) -> str:
    """The title about several actors, of whose messages this is the newest."""
    title = _rendered("title", message, partial(message.render_title_of_several, actors))
    return title if title and title.strip() else title_of(message)


def _rendered(part: str, row: Message | Broadcast, render: Callable[[], str]) -> str | None:
    """The rendered text, or None if rendering fails, so that the other items are shown. Each failure is logged once per
    type and language."""
    try:
        text = str(render())
        text.encode()  # fails for a lone surrogate, which would make the whole response fail
        return text
    except Exception:
        name = row.event_type() if isinstance(row, Message) else refs.BROADCAST
        language = get_language()
        if (part, name, language) not in _logged:
            _logged.add((part, name, language))
            logger.exception("The %s of %s items can't be rendered in language %s", part, name, language)
        return None


def _level(message: Message) -> str:
    """The level of the message, or "info" if a type has levels of its own, which pages do not know."""
    level = _rendered("level", message, lambda: message.level)
    return level if level in LEVELS else Level.INFO.value


def _link(url: str) -> str:
    """The link, or "" if it is invalid: not every write is validated, and an invalid link can break a whole page."""
    return url if is_link(url) else ""


def from_broadcast(broadcast: Broadcast, marks: Mapping[str, datetime | None] = NO_MARKS) -> Item:
    """An item from a live broadcast, and what the reader did with it: the columns `MARKS` of the receipt."""
    shown = broadcast.text_in(get_language())
    text = _rendered("body", broadcast, lambda: plain_text(shown.body))
    places = (("banner", broadcast.as_banner), ("dialog", broadcast.as_dialog))
    return Item(
        ref=broadcast.ref,
        type="broadcast",
        title=balanced(shown.title),
        body=balanced(shown.body if text is None else text),
        body_html=None if text is None else safe_html(shown.body),
        lang=shown.language,
        url=_link(broadcast.url),
        created_at=broadcast.published_at or broadcast.created_at,
        level=broadcast.level,
        read=marks["read_at"] is not None,
        archived=marks["archived_at"] is not None,
        starred=marks["starred_at"] is not None,
        snoozed_until=marks["snoozed_until"],
        buttons=tuple(replace(each, label=balanced(each.label)) for each in broadcast.buttons_in(get_language())),
        kinds=tuple(kind for kind, is_shown in places if is_shown),
    )
