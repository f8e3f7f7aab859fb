"""Sessions that were logged out, for as long as their keys could still be shown."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet


class EndedSession(models.Model):
    """`digest` is `inbox.sessions.digest` of the session's key, which itself is kept nowhere."""

    digest = models.CharField(_("digest"), max_length=16, primary_key=True)
    until = models.DateTimeField(_("until"), db_index=True)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ended session")
        verbose_name_plural = _("ended sessions")

    def __str__(self) -> str:
        return self.digest
