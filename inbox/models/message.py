"""The abstract message, from which each event type is derived."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..core.lookups import existing_users
from ..core.names import ConstraintName, IndexName
from ..core.users import UserPk
from ..core.validators import validate_link, validate_text
from ..rendering.wording import fill
from .base import UNREAD, MailboxRow
from .preferences import MutedType

if TYPE_CHECKING:
    ForeignKey = models.ForeignKey[Any, Any]
    Descriptor = ForwardManyToOneDescriptor[Any]
else:
    ForeignKey = models.ForeignKey
    Descriptor = ForwardManyToOneDescriptor


class Level(models.TextChoices):
    INFO = "info", _("Info")
    SUCCESS = "success", _("Success")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class ActorDescriptor(Descriptor):
    """Returns None for a deleted actor, as if the column were NULL already."""

    def get_object(self, instance: models.Model) -> Any:
        try:
            return super().get_object(instance)
        except ObjectDoesNotExist:
            return None


class ActorField(ForeignKey):
    """A foreign key without a constraint: with one, the transaction that deletes a user would have to write all
    messages that name them."""

    forward_related_accessor_class = ActorDescriptor

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class Message(MailboxRow):
    """An event in one user's mailbox. Each event type has a table of its own, with typed columns.

    `seq` is the mailbox version at which the message arrived. On arrival it replaces the unread messages of its type
    with the same `dedupe_key`. `title_format` and `body_format` are translated, and filled with the row's columns and
    `{actor}` (`inbox.rendering.wording`). A type with columns named `title` and `body` needs neither.
    """

    inbox_type: ClassVar[str] = ""  # the public name of the type; set it before you rename a class
    title_format: ClassVar[str | Promise] = "{title}"
    body_format: ClassVar[str | Promise] = ""
    level: Any = Level.INFO  # or a column of the type

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
            models.Index(fields=["recipient", "seq"], condition=UNREAD, name=IndexName("%(class)s_unread")),
            models.Index(
                fields=["recipient", "dedupe_key"],
                condition=UNREAD & Q(dedupe_key__isnull=False),
                name=IndexName("%(class)s_dedupe"),
            ),
            models.Index(fields=["deleted_at"], condition=~Q(deleted_at=None), name=IndexName("%(class)s_bin")),
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

    @classmethod
    def prepare_new(cls, rows: Sequence[Self]) -> None:
        """Delete the unread messages that the new ones replace, and mark as read what a recipient has muted."""
        clear_deleted_actors(rows)
        cls.delete_replaced({(row.recipient_id, row.dedupe_key) for row in rows if row.dedupe_key is not None})
        rows_of_type = MutedType.objects.filter(type=cls.event_type(), mailbox__in={row.recipient_id for row in rows})
        muted = set(rows_of_type.values_list("mailbox_id", flat=True))
        for row in rows:
            if row.recipient_id in muted and row.can_be_muted:
                row.read_at = row.read_at or row.created_at

    @classmethod
    def delete_replaced(cls, keys: Collection[tuple[UserPk, str]]) -> None:
        """Delete the unread messages with these (recipient, dedupe key). Their mailboxes are locked and advanced."""
        if not keys:
            return
        recipients = {recipient for recipient, _dedupe_key in keys}
        dedupe_keys = {dedupe_key for _recipient, dedupe_key in keys}
        rows = cls.objects.unread().filter(recipient__in=recipients, dedupe_key__in=dedupe_keys)
        found = rows.values_list("pk", "recipient_id", "dedupe_key")
        if replaced := [pk for pk, recipient, dedupe_key in found if (recipient, dedupe_key) in keys]:
            cls.objects.filter(pk__in=replaced).remove()

    @property
    def can_be_muted(self) -> bool:
        """Critical messages can't be muted."""
        return bool(self.level != Level.CRITICAL)

    def render_title(self) -> str:
        return fill(str(self.title_format), self._words())

    def render_body(self) -> str:
        return fill(str(self.body_format), self._words())

    def _words(self) -> dict[str, object]:
        words = {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}
        return words | {"actor": actor_name(self.actor)}

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Also check each column for values that the database can't store."""
        errors: dict[str, ValidationError] = {}
        for field in self._meta.concrete_fields:
            try:
                self._clean_for_storage(field)
            except ValidationError as error:
                errors[field.name] = error
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


def clear_deleted_actors(messages: Sequence[Message]) -> None:
    """Clear the actor of messages whose actor is deleted. Call it in the transaction that writes the messages: the
    other actors can't be deleted before it commits."""
    actors = {message.actor_id for message in messages if message.actor_id is not None}
    existing = existing_users(actors) if actors else set()
    for message in messages:
        if message.actor_id not in existing:
            message.actor = None


def actor_name(actor: AbstractBaseUser | None) -> str:
    """The full name of the actor, else the user name; "Someone" if there is no actor (any more)."""
    if actor is None:
        return gettext("Someone")
    full_name = getattr(actor, "get_full_name", str)()
    return full_name.strip() or actor.get_username()


def message_models() -> list[type[Message]]:
    """Every installed event type, in the order of definition."""
    return [model for model in apps.get_models() if issubclass(model, Message) and not model._meta.proxy]


def event_types() -> dict[str, type[Message]]:
    """Public name -> installed event type, in the order of definition."""
    return {model.event_type(): model for model in message_models()}
