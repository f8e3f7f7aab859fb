"""Receipts: which user has read, archived or dismissed which broadcast."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .base import MailboxRow
from .broadcast import Broadcast


class BroadcastReceipt(MailboxRow):
    """A user has read, archived or dismissed a broadcast. Without a row, the user has done none of these."""

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="receipts", db_index=False, verbose_name=_("announcement")
    )

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            # Broadcast first: the index also serves the count of readers, and the cascade from a broadcast.
            models.UniqueConstraint(fields=["broadcast", "recipient"], name="inbox_receipt_one_per_user"),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(read_at__isnull=False),
                name="inbox_receipt_archived_is_read",
            ),
        ]
        indexes = [models.Index(fields=["recipient"], name="inbox_receipt_recipient")]

    def __str__(self) -> str:
        return f"broadcast-{self.broadcast_id}/{self.recipient_id}"

    @classmethod
    def affects_state(cls) -> Q:
        return Q()  # without its receipt, a dismissed broadcast is visible again
