"""The event types that a user has muted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mailbox import Mailbox, PrimaryQuerySet


class MutedType(models.Model):
    """Messages of this type arrive already read in this mailbox. Earlier ones stay as they are."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False, verbose_name=_("mailbox"))
    type = models.CharField(_("type"), max_length=50)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("muted type")
        verbose_name_plural = _("muted types")
        constraints = [models.UniqueConstraint(fields=["mailbox", "type"], name="inbox_mutedtype_once")]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.type}"
