"""What is kept of sessions beside the site's own store."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet


class TicketSession(models.Model):
    """A session in which tickets were minted: they carry its digest, and count while the session of this key is valid.

    Logging out deletes the row. So does time, by when the session has expired or has minted anew.
    """

    digest = models.CharField(_("digest"), max_length=16, primary_key=True)
    key = models.TextField(_("key"))  # as secret as the table of sessions
    until = models.DateTimeField(_("until"), db_index=True)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("session with tickets")
        verbose_name_plural = _("sessions with tickets")

    def __str__(self) -> str:
        return self.digest


class EndedSession(models.Model):
    """A session that was logged out, for as long as its key could still be shown.

    `digest` is `inbox.credentials.sessions.digest` of the session's key, which itself is kept nowhere."""

    digest = models.CharField(_("digest"), max_length=16, primary_key=True)
    until = models.DateTimeField(_("until"), db_index=True)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ended session")
        verbose_name_plural = _("ended sessions")

    def __str__(self) -> str:
        return self.digest
