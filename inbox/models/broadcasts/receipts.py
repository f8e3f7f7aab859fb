"""Receipts: which user has read, archived or dismissed which broadcast, closed its banner, or confirmed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..base import MailboxRow
from ..mailbox import read_with
from .broadcast import Broadcast


class BroadcastReceipt(MailboxRow):
    """What a user has done with a broadcast. Without a row, the user has done nothing.

    `revision` is the one that was shown when they last did something. A row from before the broadcast was shown again
    counts as if it did not exist (`audiences.receipts`). The inbox item, the banner and the dialog are independent:
    each has columns of its own.
    """

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="receipts", db_index=False, verbose_name=_("announcement")
    )
    revision = models.PositiveIntegerField(_("revision"), editable=False)
    banner_closed_at = models.DateTimeField(_("banner closed at"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

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
        indexes = [
            models.Index(fields=["recipient"], name="inbox_receipt_recipient"),
            models.Index(
                fields=["snoozed_until"], condition=Q(snoozed_until__isnull=False), name="inbox_receipt_snooze"
            ),
        ]

    def __str__(self) -> str:
        broadcast = read_with(self, "broadcast") or f"broadcast-{self.broadcast_id}"
        return f"{broadcast} / {read_with(self, 'recipient') or self.recipient_id}"

    @classmethod
    def affects_state(cls) -> Q:
        return Q()  # without its receipt, a dismissed broadcast is visible again

    @classmethod
    def prepare_new(cls, rows: Sequence[Self]) -> None:
        """Rows without a revision get that of their broadcast."""
        if unknown := {row.broadcast_id for row in rows if row.revision is None}:
            revisions = dict(Broadcast.objects.filter(pk__in=unknown).values_list("pk", "revision"))
            for row in rows:
                row.revision = row.revision or revisions.get(row.broadcast_id, 1)
