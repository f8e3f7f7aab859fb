"""Revisions of a broadcast: its edits since it was first published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from .. import ledger
from ..base import Clonable, differs_from
from .shown import SHOWN, Shown

Columns = Mapping[str, Any]
# Columns of a broadcast that only code writes.
PAST = (
    *("clock", "first_clock", "first_published_at", "published_at", "revision", "again", "again_clock"),
    *("series", "occurrence", "prepared_from", "created_at"),
)


class Revised(Clonable, Shown):
    """A receipt from a revision before `again` counts as if it did not exist: its owner has to see the broadcast anew.

    `again_clock` is the value of the broadcast clock from which on users see that revision: a version with a smaller
    clock is from before it. Only `save()` writes these columns, and the queryset's `update` writes `revision`.
    """

    shows_again = False  # Not a column: whether the next `save()` of a published one makes it new to everybody.

    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)
    again = models.PositiveIntegerField(_("shown again since revision"), default=1, editable=False)
    again_clock = models.BigIntegerField(_("clock of showing again"), default=0, editable=False)

    class Meta:
        abstract = True

    def forget_past(self) -> None:
        """Call it for new rows. One that was read, and is saved anew (`pk = None`), has neither publications nor
        revisions of its own, and no series has made it."""
        if self.was_stored:
            for name in PAST:
                field: models.Field[Any, Any] = self._meta.get_field(name)  # type: ignore[assignment]
                setattr(self, field.attname, field.get_default())

    def keep_revision(self, before: Columns) -> None:
        """Take the columns as they were stored: this instance may be older than they are."""
        for name in ("revision", "again", "again_clock"):
            setattr(self, name, before[name])

    def revise(self, before: Columns, after: Columns, clock: int) -> Columns:
        """Note a new revision if readers get to see other columns, or all over again, as of this clock value.

        Returns the columns as they are stored then.
        """
        is_edited = any(before[name] != after[name] for name in SHOWN)
        if before["published_at"] is None or not (is_edited or self.shows_again):
            return after
        self.revision += 1
        if self.shows_again:
            self.again, self.again_clock = self.revision, clock
        values = {"revision": self.revision, "again": self.again, "again_clock": self.again_clock}
        type(self)._base_manager.using(ledger.alias()).filter(pk=self.pk).update(**values)
        return {**after, **values}


def next_revision(values: Columns) -> dict[str, Case]:
    """What `update` writes besides these values: a new revision of those that are published and get other ones."""
    shown = {name: value for name, value in values.items() if name in SHOWN}
    if not shown:
        return {}
    edited = Q(differs_from(shown), published_at__isnull=False)
    count = models.IntegerField()
    return {"revision": Case(When(edited, then=F("revision") + 1), default=F("revision"), output_field=count)}
