"""The history of broadcasts: who changed what, and when. `save()` and the writes of querysets add to it, in
their transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ...core.acting import actor
from .. import ledger
from ..mailbox import PrimaryQuerySet

# They follow from the others, or never change.
UNTOLD = {"clock", "again_clock", "published_at", "created_at", "author_id", "series_id", "occurrence"}
UNTOLD |= {"first_clock", "first_published_at", "prepared_from"}
Columns = Mapping[str, Any]


class BroadcastChange(models.Model):
    """`changed`: name of a column, of a set of groups, or of people (whose numbers are told) -> [before, after]; empty
    for a new broadcast. `by` is None if nobody did it (a broadcast starts or ends at its time), or if the user was
    deleted."""

    broadcast = models.ForeignKey(
        "inbox.Broadcast", models.CASCADE, related_name="history", verbose_name=_("announcement")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("changed by")
    )
    changed = models.JSONField(_("changed"), default=dict, encoder=DjangoJSONEncoder)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an announcement")
        verbose_name_plural = _("changes of announcements")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"broadcast-{self.broadcast_id} {self.at:%Y-%m-%d %H:%M}"


def record_created(broadcasts: Collection[int]) -> None:
    _add([BroadcastChange(broadcast_id=pk, by_id=actor()) for pk in broadcasts])


def record_changed(before: Mapping[int, Columns], after: Mapping[int, Columns]) -> None:
    """Primary key -> the columns of broadcasts before and after a write."""
    changes = {pk: _difference(columns, after[pk]) for pk, columns in before.items() if pk in after}
    _add([BroadcastChange(broadcast_id=pk, by_id=actor(), changed=found) for pk, found in changes.items() if found])


def record_groups(broadcast: int, before: Collection[str], after: Collection[str]) -> None:
    """The names of the groups that are no longer in the audience, and of those that are new in it."""
    changed = {"groups": [sorted(before), sorted(after)]}
    _add([BroadcastChange(broadcast_id=broadcast, by_id=actor(), changed=changed)])


def record_aim(broadcast: int, before: Columns, after: Columns) -> None:
    """Name of a part of the audience that has changed -> names or numbers, before and after."""
    changed = {name: [before[name], after[name]] for name in before}
    _add([BroadcastChange(broadcast_id=broadcast, by_id=actor(), changed=changed)])


def last_change_of_people(broadcast: int) -> int | None:
    """The primary key of the newest change of the people on the lists of a broadcast; None if there was none."""
    changes = BroadcastChange.objects.filter(broadcast=broadcast, changed__has_any_keys=["people", "excluded_people"])
    return changes.order_by("-pk").values_list("pk", flat=True).first()


def _difference(before: Columns, after: Columns) -> dict[str, list[Any]]:
    names = [name for name in before if name not in UNTOLD and before[name] != after[name]]
    return {name: [before[name], after[name]] for name in names}


def _add(rows: list[BroadcastChange]) -> None:
    BroadcastChange.objects.using(ledger.alias()).bulk_create(rows)
