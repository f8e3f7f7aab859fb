"""The two counters that make up a version: the mailbox of each user, and the broadcast clock."""

from typing import TypeVar

from django.conf import settings
from django.db import models, router
from django.db.models.sql import Query
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model)


class PrimaryQuerySet(models.QuerySet[Row]):
    """Reads the database where mailboxes are written: on a replica, rows may be older than their version."""

    def __init__(
        self,
        model: type[models.Model] | None = None,
        query: Query | None = None,
        using: str | None = None,
        hints: dict[str, models.Model] | None = None,
    ) -> None:
        super().__init__(model, query, using or router.db_for_write(Mailbox), hints)


class Mailbox(models.Model):
    """The version of one user's state. Each write that changes what the user sees locks this row and advances it.

    Rows refer to the user with DO_NOTHING. When a user is deleted, `services.empty_mailboxes` deletes them under the
    mailbox's lock. A cascade would collect the rows before the lock, and miss later ones.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        primary_key=True,
        related_name="mailbox",
        verbose_name=_("user"),
    )
    version = models.BigIntegerField(_("version"), default=0)
    # A copy of the user's staff flag, as of this version. The flag of the user itself can change in another
    # transaction (`user.save()` in autocommit), so one version could mean two states.
    is_staff = models.BooleanField(_("staff"), default=False)
    # The version at which this user last joined or left an audience: see `mark_all_read`.
    audience_version = models.BigIntegerField(_("audience version"), default=0)
    # The greatest `Broadcast.first_clock` when the user registered: see `births`.
    born_clock = models.BigIntegerField(_("clock at registration"), default=0)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return f"{self.pk}@{self.version}"


class BroadcastClock(models.Model):
    """The single row with the counter for broadcasts. `next_due` is when the next broadcast must start or
    expire, or a series must make one."""

    THE_ONE = 1

    value = models.BigIntegerField(_("value"), default=0)
    next_due = models.DateTimeField(_("next due"), null=True, blank=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("broadcast clock")
        verbose_name_plural = _("broadcast clock")

    def __str__(self) -> str:
        return str(self.value)
