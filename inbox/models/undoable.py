"""What users did in the last minutes, so that it can be undone."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .mailbox import Mailbox, PrimaryQuerySet


class UndoableChange(models.Model):
    """What one transaction of a user's act has changed. An act on many items consists of several.

    `act` is the token that undoes the act. `rows` is a list of groups: items of one type whose columns had the same
    values before and have the same values since (services/acts/journal.py), and the version of the mailbox then.
    """

    # Without a constraint: a process of an older version, which does not know this table, must be able to delete users.
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="+", db_index=False, db_constraint=False, verbose_name=_("mailbox")
    )
    act = models.CharField(_("act"), max_length=43, editable=False)
    rows = models.JSONField(_("changed rows"), editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("undoable change")
        verbose_name_plural = _("undoable changes")
        indexes = [models.Index(fields=["mailbox", "act"], name="inbox_undoablechange_act")]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.pk}"
