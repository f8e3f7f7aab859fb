"""Records of sessions, beside the site's own session store."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mailbox import PrimaryQuerySet


class TicketSession(models.Model):
    """A session in which tickets were minted. The tickets contain its digest, and are valid as long as the session with
    this key is.

    A logout deletes the row. After `until` it is purged: by then the session has expired, or `until` was extended.
    """

    digest = models.CharField(_("digest"), max_length=16, primary_key=True)
    key = models.TextField(_("key"))  # as secret as the table of sessions
    until = models.DateTimeField(_("until"), db_index=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("session with tickets")
        verbose_name_plural = _("sessions with tickets")

    def __str__(self) -> str:
        return self.digest


class EndedSession(models.Model):
    """A session that was logged out. The row is kept as long as a client could still present the key.

    `digest` is `inbox.credentials.sessions.digest` of the session's key, which itself is not stored.
    """

    digest = models.CharField(_("digest"), max_length=16, primary_key=True)
    until = models.DateTimeField(_("until"), db_index=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ended session")
        verbose_name_plural = _("ended sessions")

    def __str__(self) -> str:
        return self.digest
