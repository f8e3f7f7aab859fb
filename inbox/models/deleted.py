"""Deleted users whom messages in other mailboxes still name as actor."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet


class DeletedUser(models.Model):
    """A user whose deletion left messages that name them as actor, because it can write only one batch itself.

    `user` is their primary key as text, `total` the number of these messages, `done` how many were written since.
    """

    user = models.CharField(_("deleted user"), max_length=255, unique=True)
    total = models.PositiveIntegerField(_("messages that named them"), default=0)
    done = models.PositiveIntegerField(_("messages that have forgotten them"), default=0)
    created_at = models.DateTimeField(_("deleted at"), default=timezone.now)
    # When a batch was last written or tried. The oldest is next; sweeps find rows that make no progress.
    progress_at = models.DateTimeField(_("last progress"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("deleted user")
        verbose_name_plural = _("deleted users")
        indexes = [
            models.Index(fields=["progress_at"], condition=Q(finished_at=None), name="inbox_deleteduser_pending")
        ]

    def __str__(self) -> str:
        return self.user
