"""The abstract message, from which each event type is derived."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ..core.indexes import CoveringIndex
from ..core.lookups import Among, existing_users
from ..core.names import ConstraintName, IndexName
from ..core.users import UserPk
from ..core.validators import MAX_BUTTONS, MAX_LABEL, validate_buttons, validate_link, validate_text
from ..rendering.bidi import balanced
from ..rendering.faces import Face
from ..rendering.texts import Button, buttons, valid_buttons
from ..rendering.wording import fill, placeholders, shortened
from . import ledger, thread_counts
from .actors import ActorField, actor_name
from .base import AWAKE, NULL_IF_UNREAD, UNREAD, MailboxRow, came_at
from .preferences import MutedType
from .subjects import Silence, in_force
from .thread import key_of, own_key, without_fragment


class Level(models.TextChoices):
    INFO = "info", _("Info")
    SUCCESS = "success", _("Success")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class Message(MailboxRow):
    """An event in one user's mailbox. Each event type has a table of its own, with typed columns.

    `seq` is the mailbox version at which the message arrived. On arrival it replaces the unread messages of its type
    with the same `dedupe_key`. `title_format` and `body_format` are translated, and filled with the row's columns and
    `{actor}` (`inbox.rendering.wording`). A type with columns named `title` and `body` needs neither.
    """

    inbox_type: ClassVar[str] = ""  # the public name of the type; set it before you rename a class
    title_format: ClassVar[str | Promise] = "{title}"
    # The same about several actors, where a language needs another verb then. If empty, it is `title_format`.
    title_format_of_several: ClassVar[str | Promise] = ""
    body_format: ClassVar[str | Promise] = ""
    level: Any = Level.INFO  # or a column of the type
    # Not a column: the name that decides about its thread, if the message was rewritten before this copy is written.
    first_thread_name: str | None = None
    breaks_silence: ClassVar[bool] = False  # whether it arrives unread although its subject is silenced
    face: Face | None = None  # no column: of the actor, for the page that is being made

    seq = models.BigIntegerField(_("sequence number"), editable=False)
    # After a user is deleted, the column is cleared in batches (services/departures.py).
    actor: Any = ActorField(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("actor"),
    )
    url = models.CharField(_("link"), max_length=500, blank=True, validators=[validate_link])
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    # NULL for "none", because the partial index leaves out NULL.
    dedupe_key = models.CharField(_("dedupe key"), max_length=100, null=True, blank=True)  # noqa: DJ001
    thread = models.CharField(_("thread"), max_length=32, null=True, editable=False)  # noqa: DJ001
    subject = models.CharField(_("subject"), max_length=200, null=True, blank=True, editable=False)  # noqa: DJ001
    # The `Send` that wrote the row, without a constraint: sends are forgotten before their messages.
    send_id = models.BigIntegerField(_("send"), null=True, editable=False)
    # [{url, label, labels: {language: label}}], NULL for none.
    buttons = models.JSONField(_("buttons"), null=True, blank=True)
    # The number of the button that the recipient pressed last.
    pressed = models.PositiveSmallIntegerField(_("pressed button"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ("-seq",)
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "seq"], name=ConstraintName("%(app_label)s_%(class)s_one_per_seq")
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(read_at__isnull=False),
                name=ConstraintName("%(app_label)s_%(class)s_archived_is_read"),
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "seq"], condition=UNREAD, name=IndexName("%(class)s_badge")),
            CoveringIndex(
                F("recipient"), came_at(), include=["seq", "since"], condition=UNREAD, name=IndexName("%(class)s_came")
            ),
            models.Index(
                fields=["recipient", "dedupe_key"],
                condition=Q(read_at=None, deleted_at=None, dedupe_key__isnull=False),
                name=IndexName("%(class)s_replaced"),
            ),
            # `__isnull=False`: SQLite never uses an index with the condition NOT (… IS NULL), Django's `~Q(…=None)`.
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name=IndexName("%(class)s_deleted")
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name=IndexName("%(class)s_snooze"),
            ),
            models.Index(
                fields=["recipient", "seq"],
                condition=Q(snoozed_until__isnull=False),
                name=IndexName("%(class)s_asleep"),
            ),
            models.Index(
                fields=["recipient", "seq"],
                condition=Q(starred_at__isnull=False),
                name=IndexName("%(class)s_star"),
            ),
            models.Index(
                fields=["recipient", "seq"],
                condition=Q(archived_at__isnull=False),
                name=IndexName("%(class)s_archived"),
            ),
            models.Index(fields=["recipient", "thread", "seq"], name=IndexName("%(class)s_thread")),
            models.Index(
                F("recipient"),
                F("thread"),
                thread_counts.ORDER,
                F("seq"),
                condition=thread_counts.PLAIN,
                name=IndexName("%(class)s_newest"),
            ),
            models.Index(
                fields=["subject", "recipient"],
                condition=Q(subject__isnull=False),
                name=IndexName("%(class)s_about"),
            ),
            # With the button, so that the presses of a send are counted without reading its messages.
            models.Index(
                fields=["send_id", "pressed"], condition=Q(send_id__isnull=False), name=IndexName("%(class)s_of_send")
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @classmethod
    def event_type(cls) -> str:
        """The public name of the type, as in `by_type` and refs: "comment" for CommentMessage."""
        model: Any = cls._meta.concrete_model or cls
        return model.inbox_type or model.__name__.removesuffix("Message").lower()  # type: ignore[no-any-return]

    @classmethod
    def announced_as(cls) -> str:
        return cls.event_type()

    @property
    def ref(self) -> str:
        return f"{self.event_type()}-{self.pk}"

    def set_arrival_version(self, version: int) -> None:
        self.seq = version

    def thread_name(self) -> str:
        """What this message is about: in a mailbox, all with the same name are one thread, of whatever types. "" for a
        thread of its own. A type may say something else, but it must not depend on the recipient."""
        return without_fragment(self.url) if isinstance(self.url, str) else ""

    def lasting_thread_name(self) -> str:
        """The name of its thread; if the message was rewritten, that of its first text, as for the copies before."""
        return self.thread_name() if self.first_thread_name is None else self.first_thread_name

    @classmethod
    def keeping_threads(cls, rows: QuerySet[Any], values: Mapping[str, object] | None) -> AbstractContextManager[None]:
        return thread_counts.kept(event_types(), rows, values)

    @classmethod
    def note_arrivals(cls, rows: Sequence[Self]) -> None:
        stored = [row._as_stored() for row in rows]
        thread_counts.arrived(stored)
        wake_threads({(row.recipient_id, row.thread) for row in stored if row.is_unread and row.lasting_thread_name()})

    def _as_stored(self) -> Message:
        """This new row, without expressions that only the database evaluates."""
        columns = ("read_at", "created_at", *thread_counts.HIDING)
        if any(hasattr(getattr(self, name), "resolve_expression") for name in columns):
            return type(self).objects.get(recipient=self.recipient_id, seq=self.seq)
        return self

    def note_departure(self) -> None:
        """A cascade is about to delete this row, which may have changed since it was loaded. Its mailbox is locked."""
        changes = thread_counts.changes_of(type(self).objects.filter(pk=self.pk), None)
        self.thread = changes[0].key if changes else None
        thread_counts.add(changes)

    def note_gone(self) -> None:
        """The cascade has deleted it."""
        if self.thread is not None:
            thread_counts.place(event_types(), [(self.recipient_id, self.thread)])

    def note_saved(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        thread_counts.saved(event_types(), before, after)

    def keep_ours(self, stored: Mapping[str, Any]) -> None:
        super().keep_ours(stored)
        self.thread = stored["thread"]

    @classmethod
    def prepare_new(cls, rows: Sequence[Self]) -> None:
        """Delete the unread messages that the new ones replace, mark as read what a recipient has muted, and give each
        its thread."""
        clear_deleted_actors(rows)
        stars = cls.delete_replaced({(row.recipient_id, row.dedupe_key) for row in rows if row.dedupe_key is not None})
        for row in rows:
            row.starred_at = row.starred_at or stars.get((row.recipient_id, row.dedupe_key))
            row.thread = key_of(name) if (name := row.lasting_thread_name()) else own_key(row.seq)
        mark_silenced(rows)
        rows_of_type = MutedType.objects.filter(type=cls.event_type(), mailbox__in={row.recipient_id for row in rows})
        muted = set(rows_of_type.values_list("mailbox_id", flat=True))
        for row in rows:
            if row.recipient_id in muted and row.can_be_muted:
                row.read_at = row.read_at or row.created_at

    @classmethod
    def delete_replaced(cls, keys: Collection[tuple[UserPk, str]]) -> dict[tuple[UserPk, str | None], datetime]:
        """Delete the unread messages, snoozed ones included, with these (recipient, dedupe key). Their mailboxes are
        locked and advanced. Returns since when those are starred that were: the new messages keep these stars."""
        if not keys:
            return {}
        recipients = {recipient for recipient, _dedupe_key in keys}
        dedupe_keys = {dedupe_key for _recipient, dedupe_key in keys}
        rows = cls.objects.filter(recipient__in=recipients, dedupe_key__in=dedupe_keys, read_at=None, deleted_at=None)
        found = rows.order_by("starred_at").values_list("pk", "starred_at", "recipient_id", "dedupe_key")
        replaced = {
            pk: ((recipient, key), starred_at) for pk, starred_at, recipient, key in found if (recipient, key) in keys
        }
        if replaced:
            cls.objects.filter(pk__in=list(replaced)).remove()
        return {place: starred_at for place, starred_at in replaced.values() if starred_at is not None}

    @property
    def is_unread(self) -> bool:
        """Whether it shows as unread."""
        return all(getattr(self, name) is None for name in NULL_IF_UNREAD)

    @property
    def valid_buttons(self) -> list[dict[str, Any]]:
        """Those that are shown: not every write is validated."""
        return valid_buttons(self.buttons or [])[:MAX_BUTTONS]

    def buttons_in(self, language: str | None) -> list[Button]:
        """The valid buttons, as a reader of this language gets them."""
        found = buttons("", self.valid_buttons, language)
        return [replace(each, label=balanced(shortened(each.label, MAX_LABEL))) for each in found]

    @property
    def can_be_muted(self) -> bool:
        """Critical messages can't be muted."""
        return bool(self.level != Level.CRITICAL)

    @property
    def can_be_silenced(self) -> bool:
        """Neither types that break silence nor what can't be muted."""
        return self.can_be_muted and not self.breaks_silence

    def render_title(self) -> str:
        return self._filled(str(self.title_format))

    def render_title_of_several(self, actors: str = "") -> str:
        """The title about several actors, whose names are joined already."""
        return self._filled(str(self.title_format_of_several or self.title_format), actors)

    def render_body(self) -> str:
        return self._filled(str(self.body_format))

    def _filled(self, form: str, actors: str | None = None) -> str:
        """The format with the columns that it names, and these actors or the row's own."""
        return fill(form, {name: self._word(name, actors) for name in placeholders(form)})

    def _word(self, name: str, actors: str | None) -> object:
        if name == "actor":
            return actor_name(self.actor) if actors is None else actors
        if name not in _columns(type(self)):
            raise KeyError(name)
        return getattr(self, name)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Also check each column for values that the database can't store."""
        errors: dict[str, ValidationError] = {}
        for field in self._meta.concrete_fields:
            try:
                self._clean_for_storage(field)
            except ValidationError as error:
                errors[field.name] = error
        if self.buttons is not None:
            try:
                validate_buttons(self.buttons)  # not a validator of the column: migrations of sites would name it
            except ValidationError as error:
                errors["buttons"] = error
        if errors.keys() - set(exclude or ()):
            raise ValidationError(errors)
        super().clean_fields(exclude=exclude)

    def _clean_for_storage(self, field: models.Field[Any, Any]) -> None:
        """Refuse text that UTF-8 or PostgreSQL can't store; and None where a column may be blank but not NULL, which
        Django does not check."""
        value = getattr(self, field.attname)
        if isinstance(value, str):
            validate_text(value)
        elif field.blank and not field.null and not field.primary_key and value in field.empty_values:
            raise ValidationError(field.error_messages["null"], code="null")


@cache
def _columns(model: type[Message]) -> frozenset[str]:
    return frozenset(field.attname for field in model._meta.concrete_fields)


def wake_threads(threads: Collection[tuple[UserPk, str | None]]) -> None:
    """End the snoozes in these threads (recipient, key), because something unread has arrived there. The mailboxes are
    locked and advanced."""
    if not threads or not is_anything_snoozed():
        return
    recipients, keys = {recipient for recipient, _key in threads}, {key for _recipient, key in threads}
    for model in message_models():
        rows = model.objects.filter(Among("recipient", recipients), thread__in=keys, deleted_at=None)
        found = rows.filter(snoozed_until__isnull=False).values_list("pk", "recipient_id", "thread")
        if waking := [pk for pk, recipient, key in found if (recipient, key) in threads]:
            model.objects.filter(pk__in=waking).change(**AWAKE)


def is_anything_snoozed() -> bool:
    """Of anybody: one look at the beginning of an index for each type, so that most sends cost no more than that."""
    connection = connections[ledger.alias()]
    sql, params = _first_snooze(connection.alias, tuple(message_models()))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone() is not None


@cache
def _first_snooze(alias: str, models: tuple[type[Message], ...]) -> tuple[str, Sequence[Any]]:
    """To build it takes Django longer than all else that it does for a send."""
    rows = [model.objects.using(alias).filter(snoozed_until__isnull=False).order_by() for model in models]
    ends = [each.values_list("snoozed_until") for each in rows]
    sql, params = ends[0].union(*ends[1:], all=True)[:1].query.get_compiler(alias).as_sql()
    return sql, params


def clear_deleted_actors(messages: Sequence[Message]) -> None:
    """Clear the actor of messages whose actor is deleted. Call it in the transaction that writes the messages: the
    other actors can't be deleted before it commits."""
    actors = {message.actor_id for message in messages if message.actor_id is not None}
    existing = existing_users(actors) if actors else set()
    for message in messages:
        if message.actor_id not in existing:
            message.actor = None


def mark_silenced(messages: Sequence[Message]) -> None:
    """Mark as read the new messages about subjects that their recipients have silenced. One query for all."""
    quiet = [message for message in messages if message.subject is not None and message.can_be_silenced]
    if not quiet:
        return
    recipients, subjects = {message.recipient_id for message in quiet}, {message.subject for message in quiet}
    rows = Silence.objects.filter(in_force(timezone.now()), mailbox__in=recipients, subject__in=subjects)
    silenced = set(rows.values_list("mailbox_id", "subject"))
    for message in quiet:
        if (message.recipient_id, message.subject) in silenced:
            message.read_at = message.read_at or message.created_at


def message_models() -> list[type[Message]]:
    """Every installed event type, in the order of definition."""
    return [*_among(tuple(apps.get_models()))]


@lru_cache(maxsize=1)
def _among(installed: tuple[type[models.Model], ...]) -> list[type[Message]]:
    return [model for model in installed if issubclass(model, Message) and not model._meta.proxy]


def event_types() -> dict[str, type[Message]]:
    """Public name -> installed event type, in the order of definition."""
    return {model.event_type(): model for model in message_models()}


def type_name(event_type: str) -> str:
    """What people call it: “System message” for "system". A type that the site no longer has is its code."""
    model = event_types().get(event_type)
    return str(capfirst(model._meta.verbose_name)) if model else event_type
