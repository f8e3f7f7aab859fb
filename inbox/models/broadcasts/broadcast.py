"""Broadcasts: one row for all readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import births, ledger
from ..base import alters_data, differs_from
from ..mailbox import BroadcastClock, PrimaryQuerySet
from ..message import Level
from . import history
from .aimed import AIM, Aimed, Audience
from .revisions import Revised, next_revision
from .series import BroadcastSeries

SAVE = ("force_insert", "force_update", "using", "update_fields")  # Django takes them in this order too


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    LIVE = "live", _("Live")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    PREPARING = "preparing", _("Being prepared")  # an occurrence of a series, whose people are being found
    BLOCKED = "blocked", _("Blocked")  # its time came, and it could not be published


class BroadcastQuerySet(PrimaryQuerySet["Broadcast"]):
    """A queryset whose writes lock the broadcast clock, and advance it if a live broadcast is involved."""

    def live(self) -> Self:
        return self.filter(state=State.LIVE)

    def due(self, now: datetime) -> Self:
        return self.filter(Q(state=State.SCHEDULED, publish_at__lte=now) | Q(state=State.LIVE, expires_at__lte=now))

    @alters_data
    def bulk_create(
        self, objs: Iterable[Broadcast], batch_size: int | None = None, *args: Any, **kwargs: Any
    ) -> list[Broadcast]:
        if any(args) or any(kwargs.values()):
            raise NotImplementedError("Broadcasts can't be upserted: a live one would change without a new version.")
        rows = list(objs)
        for row in rows:
            row.forget_past()
        with ledger.locked_clock() as clock:
            live = [row for row in rows if row.state == State.LIVE]
            moment = births.next_moment(ledger.alias()) if live else None
            for row in live:
                row.set_published(clock, moment)
            created = super().bulk_create(rows, batch_size)
            for row in created:
                row.was_stored = True
            history.record_created([row.pk for row in created])
            if live:
                ledger.tick(clock, live[-1].ref)
            reschedule(clock)
            return created

    @alters_data
    def update(self, **values: Any) -> int:
        """Update only broadcasts whose values differ; return how many changed."""
        if any(hasattr(values.get(name), "resolve_expression") for name in ("state", "in_inbox", *AIM)):
            raise NotImplementedError("A computed state or audience would not be announced: save the rows one by one.")
        if {"revision", "again", "again_clock"} & set(values):
            raise NotImplementedError("To show a broadcast again, set `shows_again` and save it.")
        with ledger.locked_clock() as clock:
            changing = self.filter(differs_from(values))
            arriving = changing.exclude(state=State.LIVE) if values.get("state") == State.LIVE else self.none()
            newest = arriving.order_by("pk").last()
            if newest:
                values = {"published_at": Coalesce("published_at", timezone.now())} | values
                values["first_clock"] = Coalesce("first_clock", clock.value + 1)
                moment = births.next_moment(ledger.alias())
                values["first_published_at"] = Coalesce("first_published_at", moment)
            if newest or changing.live().filter(_found_by_more(values)).exists():
                values["clock"] = clock.value + 1
            if newest or changing.live().exists():
                ledger.tick(clock, newest.ref if newest else None)
            before = changing.columns()
            rows = super(BroadcastQuerySet, changing).update(**values, **next_revision(values))
            history.record_changed(before, self.model.objects.filter(pk__in=before).columns())
            reschedule(clock)
            return rows

    def columns(self) -> dict[int, history.Columns]:
        """Primary key -> the columns as the database has them."""
        rows: Iterable[history.Columns] = self.order_by().values()
        return {row["id"]: row for row in rows}

    @alters_data
    def update_or_create(self, *args: Any, **kwargs: Any) -> tuple[Broadcast, bool]:
        """Locks the clock before the row, which Django locks before it saves it."""
        with ledger.locked_clock():
            return super().update_or_create(*args, **kwargs)

    @alters_data
    def bulk_update(self, objs: Iterable[Broadcast], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Saves one by one: each of them may start or end, and there are never many."""
        rows, names = list(objs), set(fields)
        with ledger.locked_clock():
            for row in rows:
                row.save(update_fields=names)
        return len(rows)

    @alters_data
    @ledger.retrying
    def delete(self) -> tuple[int, dict[str, int]]:
        with ledger.locked_clock() as clock:
            self.lock()
            if self.live().exists():
                ledger.tick(clock)
            deleted = super().delete()
            reschedule(clock)
            return deleted

    def lock(self) -> None:
        """Lock these rows, so that no transaction writes a receipt for one of them while it is deleted."""
        list(self.order_by("pk").select_for_update().values_list("pk"))


class Broadcast(Revised, Aimed):
    """An announcement for an audience. Users see it while its stored state is live, whatever the time is.

    `clock` is the value of the broadcast clock at which it was published or shown again, at which its audience last
    changed, or at which it got into the inbox.
    """

    State = State
    Audience = Audience
    Level = Level

    # Not columns. `selectors.broadcasts` sets the numbers and names, and the admin `readers`; selectors take the others
    # from the receipt of the reader.
    readers: int
    people_count: int
    excluded_people_count: int
    filter_names: list[str]
    excluded_filter_names: list[str]
    read_at: datetime | None
    archived_at: datetime | None
    has_banner: bool
    has_dialog: bool

    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    clock = models.BigIntegerField(_("clock"), default=0, editable=False)
    # Of one that a series has made: when it was due. A series that is deleted leaves them.
    series = models.ForeignKey(
        BroadcastSeries,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="occurrences",
        db_index=False,
        verbose_name=_("series"),
    )
    occurrence = models.DateTimeField(_("occurrence"), null=True, editable=False)
    # What its people were found by: while it is prepared, see `services.broadcasts.preparing`, else the digest of its
    # saved filters; "": they were not yet.
    prepared_from = models.CharField(
        _("prepared from"), max_length=64, blank=True, default="", db_default="", editable=False
    )

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ("-created_at", "-pk")
        permissions = [
            ("publish_broadcast", _("Can publish announcements")),
            ("withdraw_broadcast", _("Can withdraw announcements")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "occurrence"], name="inbox_broadcast_one_per_occurrence"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="inbox_broadcast_known_state"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="inbox_broadcast_known_audience"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="inbox_broadcast_known_level"),
            models.CheckConstraint(
                condition=Q(in_inbox=True) | Q(as_banner=True) | Q(as_dialog=True),
                name="inbox_broadcast_shown_somewhere",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.LIVE) | Q(published_at__isnull=False),
                name="inbox_broadcast_live_has_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SCHEDULED) | Q(publish_at__isnull=False),
                name="inbox_broadcast_scheduled_has_a_date",
            ),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], condition=Q(state=State.LIVE), name="inbox_broadcast_live"),
            models.Index(fields=["-first_published_at", "-first_clock"], name="inbox_broadcast_first"),  # see `births`
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= zip(SAVE, args, strict=False)
        with ledger.locked_clock() as clock:
            before = self._stored()
            if before is None:
                self.forget_past()
            names = self._written_fields(kwargs.get("update_fields"))
            was_live = before is not None and before["state"] == State.LIVE
            is_live = self.state == State.LIVE if before is None or "state" in names else was_live
            is_new = is_live and (not was_live or self.shows_again)
            if before is not None:
                for name in ("clock", "first_clock", "first_published_at"):  # this instance may be older than they are
                    setattr(self, name, before[name])
            if is_new or (is_live and self._finds_more(before or {}, names)):
                self.set_published(clock, births.next_moment(ledger.alias()))
                names |= {"clock", "published_at", "first_clock", "first_published_at"}
            if before is not None:
                self.keep_revision(before)
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = names
            super().save(**kwargs)
            after = self._stored()
            if before is None:
                history.record_created([self.pk])
            elif after is not None:
                after = self.revise(before, after, clock.value + is_live)
                history.record_changed({self.pk: before}, {self.pk: after})
            if is_new:
                ledger.tick(clock, self.ref)
            elif was_live and after != before:
                ledger.tick(clock)
            reschedule(clock)
        self.shows_again = False

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with ledger.locked_clock() as clock:
            row = Broadcast.objects.filter(pk=self.pk)
            row.lock()
            if row.live().exists():
                ledger.tick(clock)
            deleted = super().delete(*args, **kwargs)
            reschedule(clock)
            return deleted

    @property
    def ref(self) -> str:
        return f"broadcast-{self.pk}"

    def set_published(self, clock: BroadcastClock, moment: datetime | None) -> None:
        """Note that users see it from now on. The caller advances the locked clock to this value; `moment` is that of
        `births.next_moment`."""
        self.clock = clock.value + 1
        self.published_at = self.published_at or timezone.now()
        if self.first_clock is None:
            self.first_clock, self.first_published_at = self.clock, moment

    def _finds_more(self, before: Mapping[str, Any], names: set[str]) -> bool:
        """Whether saving these fields shows it in the inboxes of users who did not have it there."""
        is_moved = any(before[name] != getattr(self, name) for name in AIM & names)
        return is_moved or ("in_inbox" in names and self.in_inbox and not before["in_inbox"])

    def _written_fields(self, update_fields: Iterable[str] | None) -> set[str]:
        """The names of the fields that `save()` writes with these `update_fields` (names or attnames)."""
        fields = self._meta.concrete_fields
        if update_fields is None:
            return {field.name for field in fields}
        names = {field.attname: field.name for field in fields}
        return {names.get(name, name) for name in update_fields}

    def _stored(self) -> Mapping[str, Any] | None:
        """The columns as the database has them: see `MailboxRow`."""
        return Broadcast.objects.filter(pk=self.pk).values().first()


def _found_by_more(values: Mapping[str, object]) -> Q:
    """The condition of live broadcasts that an update with these values shows in more inboxes."""
    if AIM & set(values):
        return Q()
    return Q(in_inbox=False) if values.get("in_inbox") else Q(pk__in=[])


def reschedule(clock: BroadcastClock) -> None:
    """Set `next_due` of the locked clock: when the next broadcast must start or expire, or a series must make one."""
    found = Broadcast.objects.filter(state__in=[State.SCHEDULED, State.LIVE]).aggregate(
        starts=Min("publish_at", filter=Q(state=State.SCHEDULED)), ends=Min("expires_at", filter=Q(state=State.LIVE))
    )
    moments = [*found.values(), BroadcastSeries.objects.first_due()]
    clock.next_due = min((due for due in moments if due is not None), default=None)
    clock.save(update_fields=["next_due"])
