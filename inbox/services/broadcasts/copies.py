"""Copies of broadcasts: what an author writes, and nothing of what has happened since."""

from typing import Any

from ...core.users import SiteUser
from ...models import Broadcast, BroadcastMember, ledger

PLACES = ("in_inbox", "as_banner", "as_dialog")
AIM = ("audience", "with_staff", "excludes_staff", "late_joiners")
COLUMNS = (
    *("title", "body", "language", "translations", "level", "url", "buttons", *PLACES),
    *(*AIM, "for_visitors", "publish_at", "expires_at"),
)
CHOSEN = ("groups", "excluded_groups", "filters", "excluded_filters")  # many-to-many fields
DATES = {"publish_at", "expires_at"}


@ledger.retrying
def copied(original: Broadcast, author: SiteUser | None, **others: object) -> Broadcast:
    """A draft with the same texts and audience, without dates. `others`: columns with values of its own."""
    with ledger.locked_clock():
        copy = Broadcast.objects.create(author=author, **columns_of(original) | others)
        for name in CHOSEN:
            chosen = getattr(original, name).using(ledger.alias())
            getattr(copy, name).set(chosen.values_list("pk", flat=True))
        BroadcastMember.copy(original.pk, copy.pk)
        return copy


def columns_of(original: Broadcast) -> dict[str, Any]:
    """What is copied besides the sets of groups and people."""
    return {name: getattr(original, name) for name in COLUMNS if name not in DATES}
