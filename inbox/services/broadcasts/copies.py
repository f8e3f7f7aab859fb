"""Copies of broadcasts: what an author writes, and nothing of what has happened since."""

from typing import Any

from django.db import transaction

from ...core.users import SiteUser
from ...models import Broadcast, BroadcastClock, BroadcastMember, aim, history, ledger
from ...models.broadcasts.broadcast import reschedule
from .states import existing

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
    """A draft with the same texts and audience, without dates. `others`: columns with values of its own. The people on
    its lists are written before the clock is locked, unless the caller holds it. Raises NotFound if the original was
    deleted."""
    with transaction.atomic(using=ledger.alias()):
        copy = inserted(Broadcast(author=author, **columns_of(original) | others))
        BroadcastMember.copy(original.pk, copy.pk)
        aim.check_users()
        with ledger.locked_clock() as clock:
            existing(original.pk)
            note_created(clock, copy)
            copy_sets(original, copy)
        return copy


def copy_sets(original: Broadcast, copy: Broadcast) -> None:
    """Choose the same groups and filters. Their people are not copied."""
    for name in CHOSEN:
        chosen = getattr(original, name).using(ledger.alias())
        getattr(copy, name).set(chosen.values_list("pk", flat=True))


def inserted(draft: Broadcast) -> Broadcast:
    """Only its row, before the clock is locked: nobody else sees it until the commit. Then call `note_created`."""
    Broadcast._base_manager.using(ledger.alias()).bulk_create([draft])
    return draft


def note_created(clock: BroadcastClock, draft: Broadcast) -> None:
    history.record_created([draft.pk])
    reschedule(clock)


def columns_of(original: Broadcast) -> dict[str, Any]:
    """What is copied besides the sets of groups and people."""
    return {name: getattr(original, name) for name in COLUMNS if name not in DATES}
