"""Threads: what one mailbox has about the same thing, as one row."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, Func, Q, TextField, Value, When
from django.db.models.functions import Left, StrIndex, Substr
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _

from ..core.snapshots import CLOCK_UNIT
from .mailbox import PrimaryQuerySet

KEY_LENGTH = 32
FRAGMENT = "#"


class Thread(models.Model):
    """The messages of one mailbox with the same `thread`, counted as the plain inbox view shows them: those that are
    deleted, snoozed or archived are left out, and a thread without others has no row.

    It is a cache. Who holds the lock of the mailbox keeps it (`thread_counts.py`); `Mailbox.threads_version` says
    whether somebody has written without keeping it. Counts of a stale mailbox may be anything, so they have no check.

    `rank` orders threads: `order × 10⁹ + seq` of the newest message, where its order is the version at which it
    arrived or last became unread again. `moved_at` is when, for the merge with broadcasts.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the mailbox has one, and goes with its threads; each send would check it again
        verbose_name=_("recipient"),
    )
    key = models.CharField(_("key"), max_length=KEY_LENGTH)
    items = models.IntegerField(_("messages"))
    unread = models.IntegerField(_("unread messages"))
    rank = models.BigIntegerField(_("order"))
    moved_at = models.DateTimeField(_("moved at"))
    type = models.CharField(_("type of the newest message"), max_length=50)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="inbox_thread_one_per_key")]
        indexes = [  # two halves of one: a send writes to each index that the thread is in
            models.Index(fields=["recipient", "rank"], condition=Q(unread__gt=0), name="inbox_thread_unread"),
            models.Index(fields=["recipient", "rank"], condition=Q(unread__lte=0), name="inbox_thread_read"),
        ]

    def __str__(self) -> str:
        return f"{self.key}/{self.recipient_id}"

    @property
    def newest(self) -> int:
        """The `seq` of its newest message."""
        return int(self.rank % CLOCK_UNIT)


class CountedType(models.Model):
    """An event type whose messages threads count: those that were installed at the last `migrate`."""

    name = models.CharField(_("event type"), max_length=50, primary_key=True)

    objects = PrimaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("counted event type")
        verbose_name_plural = _("counted event types")

    def __str__(self) -> str:
        return self.name


def key_of(name: str) -> str:
    """The key of all messages whose `thread_name()` is this."""
    return sha256(name.encode()).hexdigest()[:KEY_LENGTH]


def own_key(seq: int | str) -> str:
    """The key of a message that is a thread of its own. No digest begins with this letter."""
    return f"s{seq}"


def without_fragment(url: str) -> str:
    return url.partition(FRAGMENT)[0]


class Digest(Func):
    """`key_of` in SQL."""

    function = "SHA256"  # which Django defines on SQLite
    output_field = TextField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        template = "ENCODE(SHA256(CONVERT_TO(%(expressions)s, 'UTF8')), 'hex')"
        return super().as_sql(compiler, connection, template=template, **context)


def key_of_url() -> Substr:
    """The key in SQL of a message that is in the thread of its link. Only if the link is not empty without its
    fragment (`HAS_PAGE`)."""
    page = Case(When(url__contains=FRAGMENT, then=Left("url", StrIndex("url", Value(FRAGMENT)) - 1)), default=F("url"))
    return Substr(Digest(page), 1, KEY_LENGTH)


HAS_PAGE = ~Q(url="") & ~Q(url__startswith=FRAGMENT)
