"""The banners that signed-out visitors see: the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from ..models import Audience, Broadcast, BroadcastClock, BroadcastMember, ExcludedGroup, ledger
from . import undone
from .announcements import LIMIT, URGENCY
from .items import Item, button_dict, from_broadcast


@dataclass(frozen=True, slots=True)
class VisitorBanner:
    """`revision`: the one since which it is new to everybody. Who has closed an earlier one sees it again."""

    item: Item
    revision: int

    def as_dict(self) -> dict[str, Any]:
        buttons = [button_dict(button) for button in self.item.buttons]
        return self.item.pushed() | {"buttons": buttons, "kinds": ["banner"], "revision": self.revision}


@dataclass(frozen=True, slots=True)
class VisitorBanners:
    """`next_due`: when a broadcast starts or expires next, whichever it is; None: nothing is due."""

    items: list[VisitorBanner]
    next_due: datetime | None


def visitor_banners() -> VisitorBanners:
    """In the active language, the most urgent first, then the newest; at most 20. None from which people are left out:
    signed out, nobody can be told from them."""
    clock = BroadcastClock.objects.using(ledger.alias()).filter(pk=BroadcastClock.THE_ONE)
    next_due = clock.values_list("next_due", flat=True).first()
    undone.report(next_due)
    rows = Broadcast.objects.using(ledger.alias()).live()
    shown = rows.filter(audience=Audience.EVERYONE, as_banner=True, for_visitors=True, excludes_staff=False)
    groups = ExcludedGroup.objects.filter(broadcast=OuterRef("pk"))
    people = BroadcastMember.objects.filter(broadcast=OuterRef("pk"), is_excluded=True)
    shown = shown.filter(~Exists(groups), ~Exists(people))
    found = shown.order_by(URGENCY, "-published_at", "-pk")[:LIMIT]
    return VisitorBanners([VisitorBanner(from_broadcast(row), row.again) for row in found], next_due)
