"""Who of the audience of a broadcast has seen it, and who has followed which of its links."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, QuerySet

from ..core.users import SiteUser
from ..models import Broadcast, BroadcastReceipt, Engagement, Noticed, audiences
from .audience import audience_of

# Of engagements: those since the broadcast was last shown again.
CURRENT = {"again": F("broadcast__again")}


def noticed(broadcast: Broadcast) -> Mapping[Noticed, int]:
    """How many there are of each; each is the length of `people_who_noticed`."""
    return {what: people_who_noticed(broadcast, what).count() for what in Noticed}


def people_who_noticed(broadcast: Broadcast, what: Noticed) -> QuerySet[SiteUser]:
    """By user name. Who has read, closed, confirmed or followed it has seen it, whether a client said so or not."""
    mine = Engagement.objects.filter(broadcast=broadcast.pk, user=OuterRef("pk"), **CURRENT)
    found = Exists(mine.filter(what=what)) if what != Noticed.SEEN else Exists(mine) | Exists(_receipts(broadcast))
    return audience_of(broadcast).filter(found).order_by(get_user_model().USERNAME_FIELD, "pk")


def _receipts(broadcast: Broadcast) -> QuerySet[BroadcastReceipt]:
    return BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast=broadcast.pk, recipient=OuterRef("pk"))
