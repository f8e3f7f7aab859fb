"""What a page shows above everything else: banners that its user has not closed, dialogs not confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from ..core.snapshots import UserId
from ..core.users import UserPk, user_pk
from ..models import Broadcast, Level, audiences, ledger, refs
from .badges import snapshot
from .items import Item, button_dict, from_broadcast

LIMIT = 20
URGENCY = Case(When(level=Level.CRITICAL, then=Value(0)), When(level=Level.WARNING, then=Value(1)), default=Value(2))


@dataclass(frozen=True, slots=True)
class Announcement:
    """`kinds`: “banner” until the user has closed it, “dialog” until the user has confirmed it."""

    item: Item
    kinds: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        buttons = [button_dict(button) for button in self.item.buttons]
        return self.item.pushed() | {"buttons": buttons, "kinds": list(self.kinds)}


@dataclass(frozen=True, slots=True)
class Announcements:
    """`version` was read before the items."""

    version: int
    items: list[Announcement]


def announcements(user: UserId) -> Announcements:
    """The live banners and dialogs that this user has yet to close or confirm: the most urgent first, then the newest;
    at most 20. Raises NotFound for an unknown user."""
    pk = user_pk(user)
    version = snapshot(pk).version
    return Announcements(version, [_announcement(row) for row in _rows(pk)[:LIMIT]])


def announcement(user: UserId, ref: str) -> Announcement:
    """One of them by its ref, however many there are. Raises NotFound."""
    [(name, keys)] = refs.parse([ref]).items()
    for row in _rows(user_pk(user)).filter(pk__in=keys) if name == refs.BROADCAST else ():
        return _announcement(row)
    raise refs.missing(ref)


def _rows(pk: UserPk) -> QuerySet[Broadcast]:
    return audiences.unanswered_for(pk).using(ledger.alias()).order_by(URGENCY, "-published_at", "-pk")


def _announcement(row: Broadcast) -> Announcement:
    kinds = (("banner", row.has_banner), ("dialog", row.has_dialog))
    return Announcement(from_broadcast(row), tuple(kind for kind, is_due in kinds if is_due))
