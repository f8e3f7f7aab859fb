"""What a message and a receipt share: an owner, the owner's marks, and that no write bypasses the counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import BooleanField, Case, Q, When
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _

from . import ledger
from .mailbox import PrimaryQuerySet

Row = TypeVar("Row", bound="MailboxRow")
Method = TypeVar("Method", bound=Callable[..., Any])
_removed: ContextVar[tuple[tuple[type[Any], frozenset[Any]], ...]] = ContextVar("inbox_removed", default=())
UNREAD = Q(read_at=None, deleted_at=None)
MOVED = "A row can't move to another mailbox: delete it and make it again there."


def writes(method: Method) -> Method:
    """Marked as Django marks its own: no template may call it, and only what was filtered can be deleted."""
    method.__dict__["alters_data"] = True
    if method.__name__ in {"delete", "purge", "remove"}:
        method.__dict__["queryset_only"] = True
    return method


def differs_from(values: dict[str, Any]) -> Case:
    """The condition that a row does not hold all these values yet. NULL equals NULL, as it does for a reader."""
    same = Q()
    for name, value in values.items():
        same &= _holds(name, value)
    return Case(When(same, then=False), default=True, output_field=BooleanField())


def _holds(name: str, value: Any) -> Q:
    is_null = Q(**{f"{name}__isnull": True})
    if value is None:  # for a JSON column, `exact` would look for the JSON value null
        return is_null
    if hasattr(value, "resolve_expression"):
        return Q(**{name: value}) | Q(is_null, IsNull(value, True))
    return Q(**{name: value})


class MailboxRowQuerySet(PrimaryQuerySet[Row]):
    """A queryset whose writes lock the mailboxes they touch and advance their versions, in one transaction."""

    def unread(self) -> Self:
        """Visible and unread: the one condition behind the badge, the list and mark-all."""
        return self.filter(UNREAD)

    def visible(self) -> Self:
        return self.filter(deleted_at=None)

    @writes
    def bulk_create(self, objs: Iterable[Row], batch_size: int | None = None, *args: Any, **kwargs: Any) -> list[Row]:
        if any(args) or any(kwargs.values()):
            raise NotImplementedError("Rows of a mailbox can't be upserted: their versions would not be counted.")
        rows = list(objs)
        counts = Counter(row.take_recipient() for row in rows)
        with ledger.locked(counts) as found:
            number(rows, ledger.advance_each({pk: counts[pk] for pk in found}))
            ledger.announce(found, self.model.arrival())
            return self.insert(rows, batch_size)

    @writes
    def insert(self, rows: list[Row], batch_size: int | None = None) -> list[Row]:
        """Write numbered rows whose mailboxes are locked, advanced and announced."""
        self.model.arriving(rows)
        return super().bulk_create(rows, batch_size)

    @writes
    def update(self, **values: Any) -> int:
        """Update the rows that do not say so already; returns how many those were."""
        if {"recipient", "recipient_id"} & set(values):
            raise NotImplementedError(MOVED)
        changing = self.filter(differs_from(values))
        with ledger.locked(changing._recipients()) as found:
            rows = changing.filter(recipient__in=found)
            ledger.advance(rows._recipients())
            return super(MailboxRowQuerySet, rows).update(**values)

    @writes
    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows = list(objs)
        with ledger.locked(row.recipient_id for row in rows):  # at once: batches come in any order
            return super().bulk_update(rows, fields, batch_size)

    @writes
    def update_or_create(self, *args: Any, **kwargs: Any) -> tuple[Row, bool]:
        lookup = {name: value for name, value in kwargs.items() if name not in {"defaults", "create_defaults"}}
        with ledger.locked(self.filter(**lookup)._recipients()):  # before Django locks the row
            return super().update_or_create(*args, **kwargs)

    @writes
    def delete(self) -> tuple[int, dict[str, int]]:
        with ledger.locked(self._recipients()) as found:
            rows = self.filter(recipient__in=found)
            ledger.advance(rows.filter(self.model.missed())._recipients())
            return rows.remove()

    @writes
    def purge(self) -> int:
        """Delete rows that nobody can see any more; advances nothing."""
        with ledger.locked(self._recipients()) as found:
            return self.filter(recipient__in=found).remove()[0]

    @writes
    def remove(self) -> tuple[int, dict[str, int]]:
        """Delete rows whose mailboxes are locked, and advanced if that is due."""
        with removing(self.model, self.values_list("pk", flat=True)):
            return super().delete()

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
        # Django's own writes go through it: `SET_NULL`, `post.replies.add(…)`. Inherited without a migration.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        recipient = self.take_recipient()
        with ledger.locked([recipient] if recipient is not None else []) as found:
            before = self._stored()
            if before is None:
                number([self], ledger.advance_each(dict.fromkeys(found, 1)))
                ledger.announce(found, self.arrival())
                self.arriving([self])
            elif before["recipient_id"] != recipient:
                raise ValueError(MOVED)
            super().save(*args, **kwargs)
            if before is not None and self._stored() != before:
                ledger.advance(found)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with ledger.locked([self.recipient_id]):
            ledger.advance(type(self)._default_manager.filter(self.missed(), pk=self.pk)._recipients())
            return super().delete(*args, **kwargs)

    def take_recipient(self) -> Any:
        """The recipient's key as the database has it, whatever form it was given in."""
        field: Any = self._meta.get_field("recipient")
        self.recipient_id = field.to_python(self.recipient_id)
        return self.recipient_id

    @classmethod
    def missed(cls) -> Q:
        """The rows whose removal changes what their owner sees."""
        return Q(deleted_at=None)

    @classmethod
    def arrival(cls) -> str | None:
        """The name under which a new row is announced; None for rows that are no arrival."""
        return None

    def arrived_at(self, version: int) -> None:
        """Told the mailbox version at which this row is written for the first time."""

    @classmethod
    def arriving(cls, rows: Sequence[Any]) -> None:
        """The last word on rows that are written for the first time, their mailboxes locked."""

    def _stored(self) -> dict[str, Any] | None:
        """The columns as the database has them. What a save changes, only they tell: it may name its fields in two
        ways, or none, and a column may hold another form of what it is given."""
        rows: Any = type(self)._base_manager.using(ledger.alias())
        return rows.filter(pk=self.pk).values().first()  # type: ignore[no-any-return]


@contextmanager
def removing(model: type[MailboxRow], keys: Iterable[Any]) -> Iterator[None]:
    """Inside, `is_removed` knows these rows; others may go with them by a cascade."""
    token = _removed.set((*_removed.get(), (model, frozenset(keys))))
    try:
        yield
    finally:
        _removed.reset(token)


def is_removed(row: MailboxRow) -> bool:
    """Whether whoever deletes this row has locked and advanced its mailbox."""
    kind = type(row)  # a proxy, or the table behind one
    return any(
        row.pk in keys and (issubclass(kind, model) or issubclass(model, kind)) for model, keys in _removed.get()
    )


def number(rows: Iterable[MailboxRow], versions: dict[Any, int]) -> None:
    """Tell new rows the versions at which they arrive, counting on from their mailboxes'."""
    for row in rows:
        versions[row.recipient_id] = versions.get(row.recipient_id, 0) + 1
        row.arrived_at(versions[row.recipient_id])
