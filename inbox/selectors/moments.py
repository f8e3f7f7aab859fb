"""Moments in the texts of items, in the time zones that their readers chose."""

from collections.abc import Iterable
from functools import cache

from ..core.lookups import Among
from ..core.snapshots import UserId, user_id
from ..core.users import UserPk
from ..core.zones import zone_named
from ..errors import BadValue
from ..models import ChosenLocale
from .items import Item


def in_own_zone(user: UserPk, items: list[Item]) -> list[Item]:
    """`items` in the zone of this user. It is looked up only if one of them has a moment."""
    with_moments = [item for item in items if item.has_moments]
    zone = next(iter(_zones([user]).values()), "") if with_moments else ""
    return [_in_zone(item, zone) for item in items] if zone else items


def in_own_zones(users: Iterable[UserPk], item: Item) -> dict[UserId, Item]:
    """User -> `item`, in their zone; at most one statement, and one copy for each zone."""
    readers = list(users)
    zones = _zones(readers) if item.has_moments else {}
    copy = cache(lambda zone: _in_zone(item, zone))
    return {user_id(user): copy(zones[user]) if user in zones else item for user in readers}


def _zones(users: Iterable[UserPk]) -> dict[UserPk, str]:
    """The zones of those who have chosen one."""
    rows = ChosenLocale.objects.filter(Among("mailbox", list(users))).exclude(time_zone="")
    return dict(rows.values_list("mailbox", "time_zone"))


def _in_zone(item: Item, zone: str) -> Item:
    try:
        return item.in_zone(zone_named(zone))
    except BadValue:  # this machine does not know it (any more)
        return item
