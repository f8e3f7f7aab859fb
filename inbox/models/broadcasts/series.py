"""Series: announcements that recur. Each occurrence is a broadcast of its own, a copy of the template."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ...core.recurrence import MAX_RULE, Recurrence
from ...core.zones import MAX_ZONE
from .. import ledger
from ..base import Clonable, alters_data
from ..mailbox import BroadcastClock, PrimaryQuerySet


class SeriesQuerySet(PrimaryQuerySet["BroadcastSeries"]):
    """A queryset whose writes lock the broadcast clock, which must be due no later than the first series."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def due(self, now: datetime) -> Self:
        return self.active().filter(next_at__lte=now)

    def first_due(self) -> datetime | None:
        found: datetime | None = self.active().aggregate(first=Min("next_at"))["first"]
        return found

    @alters_data
    def bulk_create(self, objs: Iterable[BroadcastSeries], *args: Any, **kwargs: Any) -> list[BroadcastSeries]:
        made = list(objs)
        for row in made:
            row.stop_if_cloned()
        with ledger.locked_clock() as clock:
            rows = super().bulk_create(made, *args, **kwargs)
            for row in rows:
                row.was_stored = True
            hasten(clock)
            return rows

    @alters_data
    def update(self, **values: Any) -> int:
        with ledger.locked_clock() as clock:
            rows = super().update(**values)
            hasten(clock)
            return rows


class BroadcastSeries(Clonable):
    """`rule` (RFC 5545, see `core/recurrence.py`) is meant in the local time of `time_zone`. It counts from `starts_on`
    on, and every occurrence is at `at`. `next_at` is the next occurrence; None if the series is stopped or over."""

    # None if it was deleted: then the series stops when it is due.
    template = models.ForeignKey(
        "inbox.Broadcast",
        models.SET_NULL,
        null=True,
        related_name="repeated_by",
        verbose_name=_("announcement"),
    )
    rule = models.CharField(_("rule"), max_length=MAX_RULE)
    starts_on = models.DateField(_("from"))
    at = models.TimeField(_("time"))
    time_zone = models.CharField(_("time zone"), max_length=MAX_ZONE)
    # Of each occurrence; None: it does not expire.
    duration = models.DurationField(_("expires after"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    next_at = models.DateTimeField(_("next occurrence"), null=True, blank=True, editable=False)
    # Why it was stopped, if nobody has stopped it.
    problem = models.CharField(_("problem"), max_length=300, blank=True, default="", editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("recurring announcement")
        verbose_name_plural = _("recurring announcements")
        ordering = ("-pk",)
        default_permissions = ()  # the admin asks for those of broadcasts
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(is_active=True), name="inbox_series_due"),
        ]

    def __str__(self) -> str:
        return str(self.template) if self.template is not None else str(_("deleted announcement"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.stop_if_cloned()
        with ledger.locked_clock() as clock:
            super().save(*args, **kwargs)
            hasten(clock)

    def stop_if_cloned(self) -> None:
        """An instance that was read, and is saved anew (`pk = None`), is a series that nobody has started."""
        if self.pk is None and self.was_stored:
            self.is_active, self.next_at, self.problem, self.created_at = False, None, "", timezone.now()

    @property
    def recurrence(self) -> Recurrence:
        """Raises BadValue if the columns are invalid."""
        return Recurrence.of(self.rule, datetime.combine(self.starts_on, self.at), self.time_zone)


def hasten(clock: BroadcastClock) -> None:
    """Make the locked clock due when the first series is. (A clock that is due too early is set right when it is.)"""
    first = BroadcastSeries.objects.first_due()
    if first is not None and (clock.next_due is None or first < clock.next_due):
        clock.next_due = first
        clock.save(update_fields=["next_due"])
