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


def read_with(row: models.Model, name: str) -> models.Model | None:
    """The related object, if it was read together with the row: `__str__` shall not query."""
    found: models.Model | None = row._state.fields_cache.get(name)
    return found


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
    # The state up to which the user has seen the items: see `services.see`. Both only rise.
    seen_clock = models.BigIntegerField(_("seen up to clock"), default=0, db_default=0)
    seen_version = models.BigIntegerField(_("seen up to version"), default=0, db_default=0)

    # Advances with the version. If it differs, somebody wrote who does not keep threads (an older release).
    threads_version = models.BigIntegerField(_("version of threads"), null=True, editable=False)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return str(read_with(self, "user") or f"{self.pk}@{self.version}")


class BroadcastClock(models.Model):
    """The single row with the counter for broadcasts. `next_due` is when the next broadcast must start or
    expire, or a series must make one.

    Settings that are part of users' states are stored here, because changing one changes everybody's state, as a change
    of a broadcast does.
    """

    THE_ONE = 1

    value = models.BigIntegerField(_("value"), default=0)
    next_due = models.DateTimeField(_("next due"), null=True, blank=True)
    # The settings that are part of users' states (`selectors/recorded.py`), and when they were recorded. NULL: not yet.
    unread_cap = models.PositiveIntegerField(_("unread cap"), null=True, editable=False)
    important = models.JSONField(_("important levels and types"), null=True, editable=False)
    settings_at = models.DateTimeField(_("settings recorded at"), null=True, editable=False)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("broadcast clock")
        verbose_name_plural = _("broadcast clock")

    def __str__(self) -> str:
        return str(self.value)
