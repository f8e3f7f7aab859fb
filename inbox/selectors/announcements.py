"""What a page shows above everything else: banners that its user has not closed, dialogs not confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from ..core.lookups import RECIPIENT
from ..core.snapshots import UserId
from ..core.sql.compiled import Compiled
from ..core.users import UserPk, user_pk
from ..models import SHOWN, TRIAL_LIFETIME, Broadcast, BroadcastTrial, Level, audiences, ledger, refs
from .badges import version_of
from .items import Item, button_dict, from_broadcast
from .moments import in_own_zone

LIMIT = 20
TRIAL = "broadcast-trial"  # a ref that no broadcast has
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
class Trial:
    """What the user, its author, tries out for so many more `seconds`. `kinds` may have “inbox”: then it is a toast."""

    announcement: Announcement
    seq: int
    seconds: int

    def as_dict(self) -> dict[str, Any]:
        return self.announcement.as_dict() | {"seq": self.seq, "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class Announcements:
    """`version` was read before the items."""

    version: int
    items: list[Announcement]
    trial: Trial | None = None


def announcements(user: UserId) -> Announcements:
    """The live banners and dialogs that this user has yet to close or confirm: the most urgent first, then the newest;
    at most 20. Raises NotFound for an unknown user."""
    pk = user_pk(user)
    version = version_of(pk)
    reader = get_user_model()._meta.pk.get_db_prep_value(pk, connections[ledger.alias()])
    rows = _compiled(ledger.alias()).instances({RECIPIENT: reader})
    return Announcements(version, _announcements(pk, rows), _trial(pk))


def announcement(user: UserId, ref: str) -> Announcement:
    """One of them by its ref, however many there are. Raises NotFound."""
    pk = user_pk(user)
    [(name, keys)] = refs.parse([ref]).items()
    for found in _announcements(pk, _rows(pk).filter(pk__in=keys)) if name == refs.BROADCAST else ():
        return found
    raise refs.missing(ref)


@cache
def _compiled(alias: str) -> Compiled[Broadcast]:
    """Every page asks for them, and Django takes longer to build the conditions than the database to run them."""
    return Compiled(_rows(Value(RECIPIENT)).using(alias)[:LIMIT])


def _rows(pk: Any) -> QuerySet[Broadcast]:
    return audiences.unanswered_for(pk).using(ledger.alias()).order_by(URGENCY, "-published_at", "-pk")


def _announcements(pk: UserPk, rows: Iterable[Broadcast]) -> list[Announcement]:
    found = list(rows)
    items = in_own_zone(pk, [from_broadcast(row) for row in found])
    return [Announcement(item, _kinds(row)) for item, row in zip(items, found, strict=True)]


def _kinds(row: Broadcast) -> tuple[str, ...]:
    kinds = (("banner", row.has_banner), ("dialog", row.has_dialog))
    return tuple(kind for kind, is_due in kinds if is_due)


def _trial(pk: UserPk) -> Trial | None:
    row = BroadcastTrial.objects.filter(mailbox=pk, created_at__gt=timezone.now() - TRIAL_LIFETIME).first()
    if row is None:
        return None
    shown = Broadcast(created_at=row.created_at, **{name: getattr(row, name) for name in SHOWN})
    places = (("inbox", row.in_inbox), ("banner", row.as_banner), ("dialog", row.as_dialog))
    [item] = in_own_zone(pk, [replace(from_broadcast(shown), ref=TRIAL)])
    seconds = (row.created_at + TRIAL_LIFETIME - timezone.now()).total_seconds()
    kinds = tuple(kind for kind, is_shown in places if is_shown)
    return Trial(Announcement(item, kinds), row.seq, max(1, int(seconds)))
