"""The two counters that order everything: one row per user, one row for all broadcasts."""

from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models, router
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model)


class PrimaryQuerySet(models.QuerySet[Row]):
    """Reads where mailboxes are written: on a replica, rows would be older than the version they are read for."""

    def __init__(self, model: Any = None, query: Any = None, using: str | None = None, hints: Any = None) -> None:
        super().__init__(model, query, using or router.db_for_write(Mailbox), hints)


class Mailbox(models.Model):
    """One user's counter. Whoever changes what the user can see advances it, under this row's lock.

    Rows hang on the user with DO_NOTHING: deleting a user empties the mailbox under its lock
    (`services.empty_mailboxes`), which a cascade collected before the lock could not do safely.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        primary_key=True,
        related_name="mailbox",
        verbose_name=_("user"),
    )
    version = models.BigIntegerField(_("version"), default=0)
    # The staff flag as of this version. Kept here because a flag that changes beside the counter, as
    # `user.save()` in autocommit does, would give one version two meanings.
    is_staff = models.BooleanField(_("staff"), default=False)
    # The version at which this user last joined or left an audience: see `mark_all_read`.
    audience_version = models.BigIntegerField(_("audience version"), default=0)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return f"{self.pk}@{self.version}"


class BroadcastClock(models.Model):
    """The one row that orders broadcasts. `next_due` is when the next one must start or expire."""

    THE_ONE = 1

    value = models.BigIntegerField(_("value"), default=0)
    next_due = models.DateTimeField(_("next due"), null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("broadcast clock")
        verbose_name_plural = _("broadcast clock")

    def __str__(self) -> str:
        return str(self.value)
