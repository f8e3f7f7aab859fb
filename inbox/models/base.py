"""The base of messages and receipts: the recipient, what the recipient did with the row, and writes that advance the
version of the mailbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import IntegrityError, models
from django.db.models import BooleanField, Case, F, Func, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _

from ..core.users import UserPk
from . import ledger
from .mailbox import Mailbox, PrimaryQuerySet

Row = TypeVar("Row", bound="MailboxRow")
Method = TypeVar("Method", bound=Callable[..., Any])
_being_deleted: ContextVar[tuple[tuple[type[MailboxRow], frozenset[object]], ...]] = ContextVar(
    "inbox_being_deleted", default=()
)
VISIBLE = Q(deleted_at=None, snoozed_until=None)
NULL_IF_UNREAD = ("read_at", "deleted_at", "snoozed_until")
SNOOZED = Q(deleted_at=None, snoozed_until__isnull=False)
UNREAD = Q(**dict.fromkeys(NULL_IF_UNREAD))
# What ends a snooze writes. Other writes of the site may have marked a snoozed row; it returns unread nevertheless.
AWAKE = dict.fromkeys(("snoozed_until", "read_at", "archived_at"))
MOVED = "A row can't move to another mailbox: delete it, and create it again there."


def came_at() -> Coalesce:
    """The version at which a message arrived, or became unread again. The index of each event type that the badge is
    read from has this expression."""
    return Coalesce("since", "seq")


def alters_data(method: Method) -> Method:
    """Mark a queryset method as Django marks its own: templates can't call it, and managers have no method that
    deletes."""
    method.__dict__["alters_data"] = True
    if method.__name__ in {"delete", "purge", "remove"}:
        method.__dict__["queryset_only"] = True
    return method


def differs_from(values: Mapping[str, object]) -> Case:
    """The condition that at least one of the columns has another value than this. NULL equals NULL."""
    same = Q()
    for name, value in values.items():
        same &= _equals(name, value)
    return Case(When(same, then=False), default=True, output_field=BooleanField())


def _equals(name: str, value: object) -> Q:
    is_null = Q(**{f"{name}__isnull": True})
    if value is None:  # for a JSON column, `exact` would look for the JSON value null
        return is_null
    if hasattr(value, "resolve_expression"):
        alone = Func(value, template="%(expressions)s")  # `exact` refuses a subquery that `update` takes
        return Q(**{name: alone}) | Q(is_null, IsNull(value, True))
    return Q(**{name: value})


def returned(values: Mapping[str, object]) -> dict[str, Case]:
    """`since` for rows that get these values, if the mailbox has its new version already: that version for the rows
    that become unread. Empty if no row becomes unread by these values."""
    marks = {name: values[name] for name in NULL_IF_UNREAD if name in values}
    if not marks or any(not may_be_null(value) for value in marks.values()):
        return {}
    is_unread = Q(*(_equals_null(marks.get(name, F(name))) for name in NULL_IF_UNREAD))
    version = Mailbox.objects.filter(pk=OuterRef("recipient")).values("version")
    return {"since": Case(When(~UNREAD & is_unread, then=Subquery(version)), default=F("since"))}


def may_be_null(value: object) -> bool:
    """Whether a column that gets this value may be NULL then."""
    return value is None or hasattr(value, "resolve_expression")


def _equals_null(value: object) -> Q:
    return Q() if value is None else Q(IsNull(value, True))


class Clonable(models.Model):
    """Its rows know whether they were stored: one that is saved anew (`pk = None`) is a clone. `_state` does not tell,
    because Django notes a database there, too, when a new instance is given a related row."""

    was_stored = False  # Not a column.

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().from_db(*args, **kwargs)
        made.was_stored = True
        return made

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        super().save_base(*args, **kwargs)
        self.was_stored = True


class MailboxRowQuerySet(PrimaryQuerySet[Row]):
    """A queryset whose writes lock the mailboxes of their rows and advance the versions, in one transaction."""

    def unread(self) -> Self:
        """Visible and unread: the one condition behind the badge, the list and mark-all."""
        return self.filter(UNREAD)

    def visible(self) -> Self:
        """Neither deleted nor snoozed."""
        return self.filter(VISIBLE)

    @alters_data
    def bulk_create(self, objs: Iterable[Row], batch_size: int | None = None, *args: Any, **kwargs: Any) -> list[Row]:
        if any(args) or any(kwargs.values()):
            raise NotImplementedError("Rows of a mailbox can't be upserted: their versions would not advance.")
        rows = list(objs)
        counts = Counter(row.normalize_recipient() for row in rows)
        with ledger.locked(counts) as found:
            assign_versions(rows, ledger.advance_each({pk: counts[pk] for pk in found}))
            ledger.announce(found, self.model.announced_as())
            return self.insert(rows, batch_size)

    @alters_data
    def insert(self, rows: list[Row], batch_size: int | None = None) -> list[Row]:
        """Write numbered rows whose mailboxes are locked, advanced and announced."""
        self.model.prepare_new(rows)
        created = super().bulk_create(rows, batch_size)
        self.model.note_arrivals(rows)
        return created

    @alters_data
    def update(self, **values: Any) -> int:
        """Update only rows whose values differ; return how many changed."""
        if {"recipient", "recipient_id"} & set(values):
            raise NotImplementedError(MOVED)
        if "thread" in values:
            raise NotImplementedError("The thread of a message never changes: the counts of both would have to.")
        changing = self.filter(differs_from(values))
        with ledger.locked(changing._recipients()) as found:
            rows = changing.filter(recipient__in=found)
            ledger.advance(rows._recipients())
            return rows.change(**values)

    @alters_data
    def change(self, **values: Any) -> int:
        """Update rows whose mailboxes are locked, advanced and announced."""
        values = returned(values) | values
        with self.model.keeping_threads(self, values):
            return super().update(**values)

    @alters_data
    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows = list(objs)
        with ledger.locked(row.recipient_id for row in rows):  # all at once, because the batches are not sorted
            return super().bulk_update(rows, fields, batch_size)

    @alters_data
    def update_or_create(self, *args: Any, **kwargs: Any) -> tuple[Row, bool]:
        lookup = {name: value for name, value in kwargs.items() if name not in {"defaults", "create_defaults"}}
        with ledger.locked(self.filter(**lookup)._recipients()):  # before Django locks the row
            return super().update_or_create(*args, **kwargs)

    @alters_data
    def delete(self) -> tuple[int, dict[str, int]]:
        with ledger.locked(self._recipients()) as found:
            rows = self.filter(recipient__in=found)
            ledger.advance(rows.filter(self.model.affects_state())._recipients())
            return rows.remove()

    @alters_data
    def purge(self) -> int:
        """Delete rows that nobody can see any more; advances no version."""
        with ledger.locked(self._recipients()) as found:
            return self.filter(recipient__in=found).remove()[0]

    @alters_data
    def remove(self) -> tuple[int, dict[str, int]]:
        """Delete rows; the caller has locked their mailboxes, and advanced them if needed."""
        with deleting(self.model, self.values_list("pk", flat=True)), self.model.keeping_threads(self, None):
            return super().delete()

    def _recipients(self) -> list[UserPk]:
        return list(self.order_by().values_list("recipient_id", flat=True).distinct())


class MailboxRow(models.Model):
    """A row of one user's mailbox. With `deleted_at` it is hidden; it is purged ten minutes later. With `snoozed_until`
    it is hidden until then.

    `since` is the version of the mailbox at which the row last became unread again; None if it never did. A mark-all
    with an older `up_to` spares it.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the mailbox has one, and no row is written without the mailbox; a send would check each
        verbose_name=_("recipient"),
    )
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    starred_at = models.DateTimeField(_("starred at"), null=True, blank=True)
    since = models.BigIntegerField(_("unread again since version"), null=True, blank=True, editable=False)

    objects = MailboxRowQuerySet.as_manager()

    class Meta:
        abstract = True
        # Used by Django's own writes: `SET_NULL`, `post.replies.add(…)`. Inherited without a migration.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        recipient = self.normalize_recipient()
        with ledger.locked([recipient] if recipient is not None else []) as found:
            before = self._stored()
            if before is None:
                assign_versions([self], ledger.advance_each(dict.fromkeys(found, 1)))
                ledger.announce(found, self.announced_as())
                self.prepare_new([self])
            elif before["recipient_id"] != recipient:
                raise ValueError(MOVED)
            else:
                self.keep_ours(before)
            super().save(*args, **kwargs)
            if before is None:
                self.note_arrivals([self])
            elif (stored := self._stored()) != before and stored is not None:
                ledger.advance(found)
                if not _is_unread(before) and _is_unread(stored):
                    self._note_return()
                self.note_saved(before, {**stored, "since": self.since})

    def _note_return(self) -> None:
        self.since = Mailbox.objects.values_list("version", flat=True).get(pk=self.recipient_id)
        models.QuerySet(type(self), using=ledger.alias()).filter(pk=self.pk).update(since=self.since)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with ledger.locked([self.recipient_id]):
            rows = type(self)._default_manager.filter(pk=self.pk)
            ledger.advance(rows.filter(self.affects_state())._recipients())
            with self.keeping_threads(rows, None):
                return super().delete(*args, **kwargs)

    def normalize_recipient(self) -> UserPk:
        """Convert `recipient_id` to the type of the column ("7" to 7), and return it."""
        self.recipient_id = type(self).recipient.field.to_python(self.recipient_id)
        return self.recipient_id

    @classmethod
    def affects_state(cls) -> Q:
        """The condition of rows whose deletion changes what their owner sees."""
        return Q(deleted_at=None)

    @classmethod
    def announced_as(cls) -> str | None:
        """The `item` of the signal for a new row; None if no item arrives with it."""
        return None

    def set_arrival_version(self, version: int) -> None:
        """Store the mailbox version at which this new row is written."""

    @classmethod
    def prepare_new(cls, rows: Sequence[Self]) -> None:
        """Change new rows just before they are inserted; their mailboxes are locked."""

    @classmethod
    def keeping_threads(
        cls, rows: models.QuerySet[Any], values: Mapping[str, object] | None
    ) -> AbstractContextManager[None]:
        """Around a write that gives these rows these values, or deletes them (None). Their mailboxes are locked."""
        return nullcontext()

    @classmethod
    def note_arrivals(cls, rows: Sequence[Self]) -> None:
        """New rows were inserted; their mailboxes are locked."""

    def note_saved(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """This row was changed by `save()`: its columns before and after. Its mailbox is locked."""

    def keep_ours(self, stored: Mapping[str, Any]) -> None:
        """Before a save, take what only we write from the database: what the caller has loaded may be older."""
        self.since = stored["since"]

    def _stored(self) -> Mapping[str, Any] | None:
        """The columns as the database has them. To see whether a save has changed anything, compare them before and
        after it: `update_fields` may be absent, and a column may hold its value in another form."""
        if self.pk is None:
            return None
        return type(self)._base_manager.using(ledger.alias()).filter(pk=self.pk).values().first()


def _is_unread(row: Mapping[str, object] | None) -> bool:
    return row is not None and all(row[name] is None for name in NULL_IF_UNREAD)


@contextmanager
def deleting(model: type[MailboxRow], keys: Iterable[object]) -> Iterator[None]:
    """Within this context, `is_being_deleted` is true for these rows, and false for rows that a cascade deletes."""
    token = _being_deleted.set((*_being_deleted.get(), (model, frozenset(keys))))
    try:
        yield
    finally:
        _being_deleted.reset(token)


def is_being_deleted(row: MailboxRow) -> bool:
    """Whether a method of ours deletes this row, which has locked and advanced the mailbox already."""
    kind = type(row)  # a proxy, or the table behind one
    return any(
        row.pk in keys and (issubclass(kind, model) or issubclass(model, kind)) for model, keys in _being_deleted.get()
    )


def assign_versions(rows: Iterable[MailboxRow], versions: dict[UserPk, int]) -> None:
    """Give each new row the next version of its mailbox, starting after `versions`. Raises IntegrityError if the
    recipient has none: the database does not check it."""
    for row in rows:
        if row.recipient_id not in versions:
            raise IntegrityError(f"There is no recipient {row.recipient_id!r}.")
        row.since = None  # a copy may have that of its original
        versions[row.recipient_id] += 1
        row.set_arrival_version(versions[row.recipient_id])
