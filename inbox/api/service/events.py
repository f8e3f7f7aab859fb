"""The body of a send, derived from the models: one schema for each installed event type, distinguished by `type`.

A schema checks everything that the model checks, so that a valid event can be written.
"""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, Self

from django.db.models import Field as Column
from django.utils.translation import gettext as _
from ninja.orm.fields import get_schema_field
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    WithJsonSchema,
    create_model,
    model_validator,
)

from ...core.subjects import MAX_LENGTH, SUBJECT_PATTERN, subject_of
from ...core.validators import MAX_BUTTONS, SAYING_PATTERN, TEXT_PATTERN, validate_says_something
from ...models import Audience, Message, event_types
from ...models.send import MAX_KEY
from ...services.sending import OURS
from ..shared.schemas import ABSENT, WHOLE, whole
from .buttons import Labels, Link, checked_by

MAX_RECIPIENTS = 10_000
MAX_GROUPS = 100
COMMON = OURS | {"url", "read_at", "created_at", "buttons"}  # the columns that every message has
STRICT: dict[Any, Any] = {bool: StrictBool, int: Annotated[StrictInt, WHOLE], float: StrictFloat, str: StrictStr}


def _user(given: Any) -> Any:
    """Validate a user (an id, a user name, or an object with an id) with one error, where a union would give three."""
    is_object = isinstance(given, dict) and given.keys() == {"id"}
    key = whole(given["id"] if is_object else given)
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise ValueError(_("A user id (a number or {“id”: …}) or a user name is expected."))
    return {"id": key} if is_object else key


UserGiven = Annotated[
    Any,
    PlainValidator(_user),
    WithJsonSchema(
        {
            "description": "A number or {“id”: …} is a user's id (beyond 2^53-1 as a string), a string a user name.",
            "examples": [7, "bob"],
            "anyOf": [
                {"type": "integer"},
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"id": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
                    "required": ["id"],
                    "additionalProperties": False,
                },
            ],
        }
    ),
]
KEY_PATTERN = "^[A-Za-z0-9._~:-]*[A-Za-z0-9_~:-][A-Za-z0-9._~:-]*$"  # not only dots: browsers take those for a folder
NOT_BATCH = "^(?!batch$)" + KEY_PATTERN.removeprefix("^")  # what pydantic's own regular expressions can't say


def _message_key(key: str) -> str:
    if key == "batch":
        raise ValueError(_("“batch” can't be a key, because it is an address of the API."))
    return key


GroupName = Annotated[str, Field(min_length=1, max_length=150, pattern=TEXT_PATTERN)]
Subject = Annotated[
    str,
    Field(max_length=MAX_LENGTH, examples=["blog.post:7"], json_schema_extra={"pattern": SUBJECT_PATTERN}),
    AfterValidator(subject_of),
]
# It is a part of an address: `messages/{key}/`, beside `messages/batch/`.
MessageKey = Annotated[
    str,
    Field(min_length=1, max_length=MAX_KEY, pattern=KEY_PATTERN, json_schema_extra={"pattern": NOT_BATCH}),
    AfterValidator(_message_key),
]
# Not as `oneOf`: from that, code generators make a union of types that lack the other columns.
AUDIENCE_RULES: dict[str, Any] = {
    "if": {"required": ["recipients"]},
    "then": {"properties": {"audience": False, "groups": False}},
    "else": {
        "if": {"required": ["topic"]},
        "then": {"properties": {"audience": False, "groups": False}},
        "else": {
            "required": ["audience"],
            "if": {"properties": {"audience": {"const": Audience.GROUPS.value}}},
            "then": {"required": ["groups"]},
            "else": {"properties": {"groups": False}},
        },
    },
}


class Event(BaseModel):
    """One event for many recipients: recipients, actor, dedupe key, and the columns of its type."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=AUDIENCE_RULES)

    recipients: list[UserGiven] = Field(default=ABSENT, min_length=1, max_length=MAX_RECIPIENTS)
    audience: Literal["everyone", "staff", "groups"] = Field(
        default=ABSENT, description="Instead of recipients: all active users, the staff, or the members of groups."
    )
    groups: list[GroupName] = Field(
        default=ABSENT, min_length=1, max_length=MAX_GROUPS, description="Their names, with the audience “groups”."
    )
    actor: UserGiven | None = Field(default=None, description="Who did it. Absent: the token's owner; null: nobody.")
    dedupe_key: str = Field(
        default=ABSENT,
        min_length=1,
        max_length=100,
        pattern=TEXT_PATTERN,
        description="The message replaces the recipient's unread messages of this type with the same key, and keeps "
        "their star.",
    )
    key: MessageKey = Field(
        default=ABSENT,
        description="Your own name of this send, to recall or rewrite it. Each is used once (409 `key_taken`).",
        examples=["order-77-shipped"],
    )
    topic: Subject = Field(
        default=ABSENT,
        description="A subject whose followers get it, too, except the actor. It is also the `subject`, by default.",
    )
    subject: Subject = Field(default=ABSENT, description="What it is about. Users can silence it.")
    buttons: list[Labels] = Field(
        default=ABSENT, max_length=MAX_BUTTONS, description="Links below the text. Pressing one reads the message."
    )
    strict: StrictBool = Field(default=False, description="Refuse the whole event if a recipient is unknown.")
    url: Link = Field(default="", description="http(s) without user or password, a path on this site, or empty.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.topic is not None and self.audience is not None:
            raise ValueError(_("“topic” does not go with “audience”."))
        if self.topic is None and (self.recipients is None) == (self.audience is None):
            raise ValueError(_("Exactly one of these is expected: %s.") % "recipients, audience")
        if (self.groups is not None) != (self.audience == Audience.GROUPS.value):
            raise ValueError(_("“groups” goes with the audience “groups”, and only with it."))
        return self

    def model(self) -> type[Message]:
        return event_types()[str(getattr(self, "type"))]  # noqa: B009 (each derived schema has it)

    def stored_buttons(self) -> list[dict[str, Any]]:
        return [button.model_dump() for button in self.buttons or ()]

    def columns(self) -> dict[str, Any]:
        """The values of the columns of the message's own type, and its `url`."""
        return {name: getattr(self, name) for name in self.model_fields_set - NOT_COLUMNS}


NOT_COLUMNS = Event.model_fields.keys() - {"url"} | {"type"}


def schema_of(model: type[Message]) -> type[Event]:
    """The schema of one event type."""
    name = model.event_type()
    own = [field for field in model._meta.concrete_fields if not field.primary_key and field.name not in COMMON]
    columns: dict[str, Any] = {field.attname: column(field) for field in own if not field.generated}
    tag: Any = Literal[name]
    doc = f"{str(model._meta.verbose_name).capitalize()}: one event for many mailboxes."
    # Two apps may have classes with the same name, but `inbox_type` is unique.
    title = f"{name.title().replace('_', '')}Message" if model.inbox_type else model.__name__
    return create_model(title, __base__=Event, __doc__=doc, type=(tag, ...), **columns)


def column(field: "Column[Any, Any]") -> tuple[Any, Any]:
    """The type and the field of a schema for a model's column. The column's own validators run, too."""
    kind: Any = get_schema_field(field)[0]
    info: dict[str, Any] = {"description": str(field.help_text or field.verbose_name)}
    if field.is_relation:
        return _required(field, kind, info)  # `clean_fields` checks whether the row exists
    if field.choices:
        kind = Literal[tuple(value for value, _label in field.flatchoices)]
    elif kind is str or _is_text(field):
        kind, info = StrictStr, info | _text(field)
    else:
        kind = STRICT.get(kind, kind)
    return _required(field, Annotated[kind, checked_by(lambda value: field.clean(value, None))], info)


def _is_text(field: Any) -> bool:
    return field.get_internal_type() in {"CharField", "TextField", "SlugField", "FilePathField"}


def _text(field: Any) -> dict[str, Any]:
    bounds: dict[str, Any] = {"min_length": 0 if field.blank else 1, "max_length": field.max_length}
    if validate_says_something in field.validators:  # it also runs, and says in words what is wrong
        bounds["json_schema_extra"] = {"pattern": SAYING_PATTERN}
    else:
        bounds["pattern"] = TEXT_PATTERN
    return {name: value for name, value in bounds.items() if value is not None}


def _required(field: Any, kind: Any, info: dict[str, Any]) -> tuple[Any, Any]:
    """A field is optional if the column is blank, nullable, or has a default."""
    is_optional = field.blank or field.null or field.has_default() or field.has_db_default()
    return (kind | None if field.null else kind), Field(default=ABSENT if is_optional else ..., **info)


def _says_something(schema: dict[str, Any]) -> None:
    """With `again`, nothing else is needed. Not by `anyOf` alone, as in `AUDIENCE_RULES`."""
    values = [{"required": [name]} for name in schema["properties"] if name not in {"type", "again"}]
    schema["if"] = {"required": ["again"], "properties": {"again": {"const": True}}}
    schema["else"] = {"anyOf": values}


class Rewrite(BaseModel):
    """New values for the messages of a send."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_says_something)

    again: StrictBool = Field(default=False, description="It arrives a second time: unread, with a toast.")
    url: Link = Field(default=ABSENT, description=Event.model_fields["url"].description)
    buttons: list[Labels] = Field(
        default=ABSENT, max_length=MAX_BUTTONS, description="In place of the old ones, and nobody has pressed one yet."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.again and not self.columns():
            raise ValueError(_("There is nothing to rewrite."))
        return self

    def event_type(self) -> str:
        return str(getattr(self, "type"))  # noqa: B009 (each derived schema has it)

    def columns(self) -> dict[str, Any]:
        """The values of the columns that were sent."""
        found = {name: getattr(self, name) for name in self.model_fields_set - {"type", "again"}}
        return found | ({"buttons": [button.model_dump() for button in self.buttons]} if "buttons" in found else {})


def rewrite_of(schema: type[Event]) -> type[Rewrite]:
    """The schema of a rewrite, from that of the event: the same columns, none of them required."""
    columns: dict[str, Any] = {
        name: (field.rebuild_annotation(), Field(default=ABSENT, description=field.description))
        for name, field in schema.model_fields.items()
        if name not in NOT_COLUMNS and name not in {"type", "url", "buttons"}
    }
    kind: Any = schema.model_fields["type"].annotation
    doc = f"New values for messages of the type “{schema.__name__.removesuffix('Message')}”."
    return create_model(f"{schema.__name__}Rewrite", __base__=Rewrite, __doc__=doc, type=(kind, ...), **columns)


SCHEMAS = {name: schema_of(model) for name, model in event_types().items()}
AnyEvent: Any = Annotated[reduce(or_, SCHEMAS.values()), Field(discriminator="type")]
AnyRewrite: Any = Annotated[reduce(or_, map(rewrite_of, SCHEMAS.values())), Field(discriminator="type")]
