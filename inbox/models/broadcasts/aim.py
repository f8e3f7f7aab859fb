"""The parts of an audience that are rows: people on lists, and groups that are left out.

Writes lock the broadcast clock. If the broadcast is live, they advance it, and the broadcast gets the new value: for
users who see it from now on, it is new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connections, models
from django.db.models import CASCADE, ForeignKey, ProtectedError, Q
from django.db.models.deletion import Collector
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import ledger
from ..base import alters_data
from ..mailbox import BroadcastClock, PrimaryQuerySet
from . import history
from .broadcast import Broadcast, State

Row = TypeVar("Row", bound="AimRow")
SHOWN = (State.LIVE, State.SCHEDULED)


def lock_lists(broadcast: int) -> None:
    """Wait until no other transaction writes long lists of a broadcast. Such a transaction takes this lock first, then
    writes its rows, and then locks the clock; so it must not hold the clock before. It deletes no rows until then:
    who holds the clock may want to delete them, and would wait."""
    connection = connections[ledger.alias()]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"inbox lists {broadcast}"])


def may_prepare(series: int) -> bool:
    """Whether this transaction, and no other one until its end, prepares an occurrence of the series. It waits for
    nobody."""
    connection = connections[ledger.alias()]
    if connection.vendor != "postgresql":
        return True  # one writer at a time
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"inbox series {series}"])
        return bool(cursor.fetchone()[0])


def check_users() -> None:
    """Check the users of new rows now, and not at the commit, while the clock is locked."""
    if connections[ledger.alias()].vendor == "postgresql":
        connections[ledger.alias()].check_constraints()


def changed(clock: BroadcastClock, broadcast: int, before: history.Columns, after: history.Columns) -> None:
    """A part of the audience has changed: record it and, if the broadcast is live, advance the locked clock, and give
    the broadcast its new value."""
    history.record_aim(broadcast, before, after)
    live = Broadcast._base_manager.using(ledger.alias()).filter(pk=broadcast, state=State.LIVE)
    if live.exists():
        live.update(clock=ledger.tick(clock))


class AimRowQuerySet(PrimaryQuerySet[Row]):
    """Rows are only created and deleted."""

    @alters_data
    def bulk_create(
        self,
        objs: Iterable[Row],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> list[Row]:
        if any(args) or any(kwargs.values()):
            raise NotImplementedError("Rows of an audience can't be upserted: create and delete them.")
        rows = list(objs)
        with self._changing(row.broadcast_id for row in rows):
            return super().bulk_create(rows, batch_size, ignore_conflicts)

    @alters_data
    def update(self, **values: Any) -> int:
        raise NotImplementedError("Rows of an audience can't be updated: create and delete them.")

    @alters_data
    @ledger.retrying
    def delete(self) -> tuple[int, dict[str, int]]:
        with self._changing(self.order_by().values_list("broadcast_id", flat=True).distinct()):
            return super().delete()

    @contextmanager
    def _changing(self, broadcasts: Iterable[int]) -> Iterator[None]:
        with changing(self.model, broadcasts):
            yield


@contextmanager
def changing(model: type[AimRow], broadcasts: Iterable[int]) -> Iterator[None]:
    """A transaction that locks the clock, and notes which of these broadcasts have more or fewer rows at its end."""
    with ledger.locked_clock() as clock:
        before = {pk: model.summary(pk) for pk in sorted(set(broadcasts))}
        yield
        for pk, parts in before.items():
            now = model.summary(pk)
            if moved := [name for name in parts if parts[name] != now[name]]:
                changed(clock, pk, {name: parts[name] for name in moved}, {name: now[name] for name in moved})


class AimRow(models.Model):
    broadcast: Any
    broadcast_id: int

    objects = AimRowQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise NotImplementedError("Rows of an audience can't be updated: create and delete them.")
        with changing(type(self), [self.broadcast_id]):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with changing(type(self), [self.broadcast_id]):
            return super().delete(*args, **kwargs)

    @classmethod
    def summary(cls, broadcast: int) -> dict[str, Any]:
        """Name of what is changed -> what the history says about it: it differs whenever rows come or go."""
        raise NotImplementedError


def require_deletable(groups: Collection[int]) -> None:
    """Raise ProtectedError if a live, scheduled or recurring broadcast leaves out one of these groups.

    Call it in the transaction that deletes them: none can be published until it ends.
    """
    rows = ExcludedGroup.objects.filter(group__in=groups)
    if rows.exists():
        with ledger.locked_clock():
            _require_hidden(rows)


def _require_hidden(rows: models.QuerySet[ExcludedGroup]) -> None:
    is_shown = Q(broadcast__state__in=SHOWN) | Q(broadcast__repeated_by__is_active=True)
    shown: set[models.Model] = set(rows.filter(is_shown).select_related("broadcast"))
    if shown:
        raise ProtectedError(
            _("A live, scheduled or recurring announcement leaves out this group: its members would see it."), shown
        )


def protect_if_shown(collector: Collector, field: ForeignKey[Any, Any], rows: Any, using: str) -> None:
    """For `on_delete`: a group that a live, scheduled or recurring broadcast leaves out can't be deleted, because its
    members would see what is hidden from them. Other broadcasts no longer leave it out."""
    _require_hidden(rows.only("pk", "broadcast", "group"))
    CASCADE(collector, field, rows, using)


class ExcludedGroup(AimRow):
    """The members of this group don't see the broadcast."""

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="+", db_index=False, verbose_name=gettext_lazy("announcement")
    )
    group = models.ForeignKey(Group, protect_if_shown, related_name="+", verbose_name=gettext_lazy("group"))

    class Meta:
        verbose_name = gettext_lazy("excluded group")
        verbose_name_plural = gettext_lazy("excluded groups")
        constraints = [models.UniqueConstraint(fields=["broadcast", "group"], name="inbox_excludedgroup_once")]

    def __str__(self) -> str:
        return _("“%(title)s” is not for the group “%(group)s”") % {"title": self.broadcast, "group": self.group}

    @classmethod
    def summary(cls, broadcast: int) -> dict[str, Any]:
        names = cls.objects.filter(broadcast=broadcast).order_by("group__name").values_list("group__name", flat=True)
        return {"excluded_groups": list(names)}


class Source(models.TextChoices):
    PEOPLE = "people", gettext_lazy("Chosen")
    LIST = "list", gettext_lazy("Uploaded list")
    FILTER = "filter", gettext_lazy("Saved filter")


class BroadcastMember(AimRow):
    """A user of the audience “several”, or one who is left out, whatever the audience. Each source is a set of users of
    its own. The user's deletion deletes the rows: see `services.empty_mailboxes`."""

    Source = Source

    # Without a constraint, which would lock the row of the broadcast before the clock. Who writes rows looks whether it
    # exists while the clock is locked, as who deletes it does.
    broadcast = models.ForeignKey(
        Broadcast,
        models.CASCADE,
        related_name="members",
        db_index=False,
        db_constraint=False,
        verbose_name=gettext_lazy("announcement"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        verbose_name=gettext_lazy("user"),
    )
    is_excluded = models.BooleanField(gettext_lazy("is left out"), default=False)
    source = models.CharField(gettext_lazy("source"), max_length=6, choices=Source.choices, default=Source.PEOPLE)

    class Meta:
        verbose_name = gettext_lazy("person in an audience")
        verbose_name_plural = gettext_lazy("people in audiences")
        constraints = [
            models.UniqueConstraint(
                fields=["broadcast", "is_excluded", "source", "user"], name="inbox_broadcastmember_once"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=Source.values), name="inbox_broadcastmember_known_source"
            ),
        ]
        # All columns that reading a badge needs, so that it reads the index alone.
        indexes = [models.Index(fields=["user", "is_excluded", "broadcast"], name="inbox_broadcastmember_user")]

    def __str__(self) -> str:
        return f"broadcast-{self.broadcast_id}: {self.user_id}"

    @classmethod
    def copy(cls, original: int, copy: int) -> None:
        """Put all people on the lists of a broadcast on those of its copy, a draft, whose filters find people anew."""
        table, columns = connections[ledger.alias()].ops.quote_name(cls._meta.db_table), "user_id, is_excluded, source"
        sql = f"INSERT INTO {table} (broadcast_id, {columns}) SELECT %s, {columns} FROM {table}"
        with connections[ledger.alias()].cursor() as cursor:
            cursor.execute(f"{sql} WHERE broadcast_id = %s AND source <> %s", [copy, original, Source.FILTER.value])

    @classmethod
    def summary(cls, broadcast: int) -> dict[str, Any]:
        """Numbers, because the history outlives the people. They tell whether rows came or went: one write does only
        one of these."""
        rows = cls.objects.filter(broadcast=broadcast).order_by()
        return {
            "people": rows.filter(is_excluded=False).exclude(source=Source.FILTER).count(),
            "filtered_people": rows.filter(is_excluded=False, source=Source.FILTER).count(),
            "excluded_people": rows.filter(is_excluded=True).exclude(source=Source.FILTER).count(),
            "excluded_filtered_people": rows.filter(is_excluded=True, source=Source.FILTER).count(),
        }
