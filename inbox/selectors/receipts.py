"""What the readers of a broadcast have done with it, page by page, for the service that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..core.cursors import newest_first
from ..errors import NotFound
from ..models import Broadcast, BroadcastReceipt, audiences, ledger

SALT = "inbox.receipts"
# What a reader has done -> the column that says when.
DONE: Mapping[str, str] = {
    "read": "read_at",
    "archived": "archived_at",
    "dismissed": "deleted_at",
    "closed": "banner_closed_at",
    "confirmed": "confirmed_at",
}


@dataclass(frozen=True, slots=True)
class ReceiptsPage:
    """`next` is the cursor of the next page, None on the last."""

    items: list[BroadcastReceipt]
    next: str | None


def receipts_page(
    broadcast: int, *, before: str | None = None, limit: int = 20, done: str | None = None
) -> ReceiptsPage:
    """One page of the receipts that count, newest first; with `done` only of those who have done this.

    Raises NotFound, or BadValue for an invalid cursor.
    """
    if not Broadcast.objects.using(ledger.alias()).filter(pk=broadcast).exists():
        raise NotFound(_("There is no such broadcast."))
    rows = BroadcastReceipt.objects.filter(audiences.COUNTS, broadcast=broadcast)
    if done is not None:
        rows = rows.filter(**{f"{DONE[done]}__isnull": False})
    return ReceiptsPage(*newest_first(rows, before, limit, SALT))
