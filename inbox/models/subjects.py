"""What users follow, and what they have silenced: rows of their own, which outlive the messages about a subject."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..core.subjects import MAX_LENGTH
from .mailbox import Mailbox, PrimaryQuerySet, read_with


class Following(models.Model):
    """A user follows a subject: what a service sends to it as its topic arrives in this mailbox."""

    # Without a constraint: a process of an older version, which does not know this table, must be able to delete users.
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="+", db_index=False, db_constraint=False, verbose_name=_("mailbox")
    )
    subject = models.CharField(_("subject"), max_length=MAX_LENGTH)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("followed subject")
        verbose_name_plural = _("followed subjects")
        constraints = [models.UniqueConstraint(fields=["mailbox", "subject"], name="inbox_following_once")]
        indexes = [models.Index(fields=["subject", "mailbox"], name="inbox_following_subject")]

    def __str__(self) -> str:
        return f"{read_with(self, 'mailbox') or self.mailbox_id}: {self.subject}"


class Silence(models.Model):
    """Messages about this subject arrive already read in this mailbox until then; NULL is for ever.

    The end is compared when a message arrives, so nothing has to be done when it comes.
    """

    # Without a constraint: a process of an older version, which does not know this table, must be able to delete users.
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="+", db_index=False, db_constraint=False, verbose_name=_("mailbox")
    )
    subject = models.CharField(_("subject"), max_length=MAX_LENGTH)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("silenced subject")
        verbose_name_plural = _("silenced subjects")
        constraints = [models.UniqueConstraint(fields=["mailbox", "subject"], name="inbox_silence_once")]
        indexes = [models.Index(fields=["subject"], name="inbox_silence_subject")]

    def __str__(self) -> str:
        return f"{read_with(self, 'mailbox') or self.mailbox_id}: {self.subject}"


def in_force(now: datetime) -> Q:
    """The condition of silences that have not ended."""
    return Q(until=None) | Q(until__gt=now)
