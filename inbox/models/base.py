"""What a message and a receipt share: an owner, the owner's marks, and that no write bypasses the counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .. import ledger

Row = TypeVar("Row", bound="MailboxRow")
UNREAD = Q(read_at=None, deleted_at=None)


class MailboxRowQuerySet(models.QuerySet[Row]):
    """A queryset whose writes lock the mailboxes they touch and advance their versions, in one transaction."""

    def unread(self) -> Self:
        """Visible and unread: the one condition behind the badge, the list and mark-all."""
        return self.filter(UNREAD)

    def visible(self) -> Self:
        return self.filter(deleted_at=None)

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        if set(kwargs) & {"ignore_conflicts", "update_conflicts"}:
            raise NotImplementedError("Rows of a mailbox can't be upserted: their versions would not be counted.")
        rows = list(objs)
        counts = Counter(row.recipient_id for row in rows)
        with ledger.locked(counts) as found:
            starts = ledger.advance_each({pk: counts[pk] for pk in found}, self.model.arrival())
            for row in rows:
                starts[row.recipient_id] = starts.get(row.recipient_id, 0) + 1
                row.arrived_at(starts[row.recipient_id])
            return super().bulk_create(rows, *args, **kwargs)

    def update(self, **values: Any) -> int:
        """Update the rows that do not say so already; returns how many those were."""
        changing = self.exclude(**values)
        with ledger.locked(changing._recipients()) as found:
            rows = changing.filter(recipient__in=found)
            ledger.advance(rows._recipients())
            return super(MailboxRowQuerySet, rows).update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        with ledger.locked(self._recipients()) as found:
            rows = self.filter(recipient__in=found)
            ledger.advance(rows.visible()._recipients())
            return super(MailboxRowQuerySet, rows).delete()

    def purge(self) -> int:
        """Delete rows that nobody can see any more; advances nothing."""
        return super().delete()[0]

    def _recipients(self) -> list[Any]:
        return list(self.order_by().values_list("recipient_id", flat=True).distinct())


class MailboxRow(models.Model):
    """A row of one user's mailbox. `deleted_at` hides it; after ten minutes it is purged."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        verbose_name=_("recipient"),
    )
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = MailboxRowQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with ledger.locked([self.recipient_id] if self.recipient_id else []) as found:
            before = type(self)._base_manager.using(ledger.alias()).filter(pk=self.pk).values().first()
            if before is None:
                for version in ledger.advance_each(dict.fromkeys(found, 1), self.arrival()).values():
                    self.arrived_at(version + 1)
            elif self._differs(before):
                ledger.advance(found)
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with ledger.locked([self.recipient_id]):
            ledger.advance(type(self)._default_manager.filter(pk=self.pk).visible()._recipients())
            return super().delete(*args, **kwargs)

    @classmethod
    def arrival(cls) -> str | None:
        """The name under which a new row is announced; None for rows that are no arrival."""
        return None

    def arrived_at(self, version: int) -> None:
        """Told the mailbox version at which this row is written for the first time."""

    def _differs(self, before: dict[str, Any]) -> bool:
        if before["recipient_id"] != self.recipient_id:
            raise ValueError("A message can't move to another mailbox: delete it and send it again.")
        return any(getattr(self, name) != value for name, value in before.items())
