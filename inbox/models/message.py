"""The abstract message: what every event type has, and the ten lines a new one needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..core.lookups import existing_users
from ..core.names import ConstraintName, IndexName
from ..core.validators import validate_link, validate_text
from ..rendering.wording import fill
from .base import UNREAD, MailboxRow
from .muted import MutedType

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
    """An actor who is gone is nobody, as if the message had forgotten them already."""

    def get_object(self, instance: Any) -> Any:
        try:
            return super().get_object(instance)
        except ObjectDoesNotExist:
            return None


class ActorField(ForeignKey):
    """A foreign key without a constraint: deleting a user would have to write all their messages in one transaction."""

    forward_related_accessor_class = ActorDescriptor

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class Message(MailboxRow):
    """One thing that happened, in one user's mailbox. Each event type is a table of its own with typed columns.

    `seq` is the mailbox version at which the message arrived; then it takes the place of unread ones of its type with
    the same `dedupe_key`. `title_format` and `body_format` are translated, then filled from the row's columns and
    `{actor}` (`inbox.rendering.wording`); a type with columns named title and body needs neither.
    """

    inbox_type: ClassVar[str] = ""  # the public name of the type; set it before you rename a class
    title_format: ClassVar[Any] = "{title}"
    body_format: ClassVar[Any] = ""
    level: Any = Level.INFO

    seq = models.BigIntegerField(_("sequence number"), editable=False)
    # Messages forget a deleted user after the deletion (services/departures.py).
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
    # Null, not blank, for "none": that is what the partial index leaves out.
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
        """The public name of the type, as in `by_type` and refs: CommentMessage is "comment"."""
        model: Any = cls._meta.concrete_model or cls
        return model.inbox_type or model.__name__.removesuffix("Message").lower()  # type: ignore[no-any-return]

    @classmethod
    def arrival(cls) -> str:
        return cls.event_type()

    @property
    def ref(self) -> str:
        return f"{self.event_type()}-{self.pk}"

    def arrived_at(self, version: int) -> None:
        self.seq = version

    @classmethod
    def arriving(cls, rows: Sequence[Message]) -> None:
        """They take the places of unread ones with their keys. Who has muted the type is not told: it arrives read."""
        forget_deleted_actors(rows)
        cls.make_room({(row.recipient_id, row.dedupe_key) for row in rows if row.dedupe_key is not None})
        muted = MutedType.objects.filter(type=cls.event_type(), mailbox__in={row.recipient_id for row in rows})
        deaf = set(muted.values_list("mailbox_id", flat=True))
        for row in rows:
            if row.recipient_id in deaf and row.can_be_muted:
                row.read_at = row.read_at or row.created_at

    @classmethod
    def make_room(cls, places: Collection[tuple[Any, str]]) -> None:
        """Remove the unread messages at these (recipient, dedupe key), their mailboxes locked and advanced."""
        if not places:
            return
        recipients: Any = {recipient for recipient, _key in places}
        keys = {key for _recipient, key in places}
        rows = cls.objects.unread().filter(recipient__in=recipients, dedupe_key__in=keys)
        found = rows.values_list("pk", "recipient_id", "dedupe_key")
        if taken := [pk for pk, recipient, key in found if (recipient, key) in places]:
            cls.objects.filter(pk__in=taken).remove()

    @property
    def can_be_muted(self) -> bool:
        """What is critical is heard by everybody."""
        return bool(self.level != Level.CRITICAL)

    def render_title(self) -> str:
        return fill(str(self.title_format), self._words())

    def render_body(self) -> str:
        return fill(str(self.body_format), self._words())

    def _words(self) -> dict[str, Any]:
        words = {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}
        return words | {"actor": actor_name(self.actor)}

    def clean_fields(self, exclude: Any = None) -> None:
        """Also refuse what no database can hold, in whatever column a type declares."""
        errors: dict[str, Any] = {}
        for field in self._meta.concrete_fields:
            try:
                self._clean_for_storage(field)
            except ValidationError as error:
                errors[field.name] = error
        if errors.keys() - set(exclude or ()):
            raise ValidationError(errors)
        super().clean_fields(exclude=exclude)

    def _clean_for_storage(self, field: Any) -> None:
        """Text that UTF-8 or PostgreSQL can hold; and no null where there may be blank, which Django lets pass."""
        value = getattr(self, field.attname)
        if isinstance(value, str):
            validate_text(value)
        elif field.blank and not field.null and not field.primary_key and value in field.empty_values:
            raise ValidationError(field.error_messages["null"], code="null")


def forget_deleted_actors(messages: Sequence[Message]) -> None:
    """In the transaction that writes them: an actor who is gone is nobody. Who is not stays until it commits."""
    actors = {message.actor_id for message in messages} - {None}
    here = existing_users(actors) if actors else set()
    for message in messages:
        if message.actor_id not in here:
            message.actor = None


def actor_name(actor: Any) -> str:
    """Whom a title names: full name, else user name; "Someone" when there is none (any more)."""
    if actor is None:
        return gettext("Someone")
    full_name = getattr(actor, "get_full_name", str)()
    return full_name.strip() or actor.get_username()


def message_models() -> list[type[Message]]:
    """Every installed event type, in the order of definition."""
    return [model for model in apps.get_models() if issubclass(model, Message) and not model._meta.proxy]


def event_types() -> dict[str, type[Message]]:
    """The same by public name."""
    return {model.event_type(): model for model in message_models()}
