"""Corrections: what a service recalls or rewrites of its messages, and messages about a deleted object."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet
from .send import Send


class CorrectionKind(models.TextChoices):
    RECALL = "recall", _("Recall")
    REWRITE = "rewrite", _("Rewrite")


class CorrectionQuerySet(PrimaryQuerySet["Correction"]):
    def pending(self) -> Self:
        return self.filter(finished_at=None, failed_at=None)


class Correction(models.Model):
    """A recall or rewrite of the messages of one send, or the recall of all messages about one subject.

    Up to a thousand messages are corrected together with this row. More are corrected in chunks by any worker, one
    worker at a time: it holds this row. `found` and `read` count the messages that their recipients had, and of these
    the ones that they had read; they stay, so that a repeated recall gets the same answer. `kept` counts the messages
    that could not be removed: with such, a recall has failed when it has removed the others.
    """

    send = models.ForeignKey(
        Send, models.CASCADE, null=True, blank=True, related_name="corrections", db_index=False, verbose_name=_("send")
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=7, choices=CorrectionKind.choices)
    values = models.TextField(_("new values"), blank=True)  # JSON, as Django serializes columns
    again = models.BooleanField(_("arrives again"), default=False)
    # The keys of messages, as text: of the last that was rewritten, and of the last to be rewritten ("": all). If a
    # recall has found a message that can't be removed: type and key of the last message that it has come to.
    position = models.CharField(_("position"), max_length=100, blank=True)
    until = models.CharField(_("until"), max_length=100, blank=True)
    found = models.PositiveIntegerField(_("messages found"), default=0)
    read = models.PositiveIntegerField(_("of these read"), default=0)
    kept = models.PositiveIntegerField(_("messages that stay"), default=0, db_default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    progress_at = models.DateTimeField(_("last progress"), default=timezone.now)
    retry_at = models.DateTimeField(_("tried again at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    reason = models.CharField(_("why it failed"), max_length=300, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("recall or rewrite")
        verbose_name_plural = _("recalls and rewrites")
        indexes = [
            models.Index(fields=["send", "id"], name="inbox_correction_send"),
            models.Index(
                fields=["progress_at"],
                condition=models.Q(finished_at=None, failed_at=None),
                name="inbox_correction_unfinished",
            ),
            models.Index(fields=["created_at"], name="inbox_correction_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["send"], condition=models.Q(kind="recall"), name="inbox_correction_one_recall"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def status(self) -> str:
        if self.failed_at is not None:
            return "failed"
        return "pending" if self.finished_at is None else "done"
