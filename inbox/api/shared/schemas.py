"""The schemas of requests and responses. Bodies are strict: no coercion, no unknown fields."""

from typing import Annotated, Any, Literal, Self

from django.utils.translation import gettext as _
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from ...core.snapshots import MAX_VERSION
from ...credentials import purposes
from ...credentials.tickets import DEFAULT_TTL, MAX_TTL
from ...models import Level, event_types
from ...models.refs import BROADCAST
from .faults import ONE_OF

MAX_REFS = 1000  # as many as one transaction can change
EXAMPLE_VERSION = 5_000_000_010
ABSENT: Any = None  # the value of a field that was not sent; sending null is refused


def item_types() -> list[str]:
    """The possible values of an item's `type`: the installed event types, and "broadcast"."""
    return [*event_types(), BROADCAST]


def _known_type(value: str) -> str:
    if value not in item_types():
        raise ValueError(ONE_OF % {"bound": ", ".join(item_types())})
    return value


def _known_event_type(value: str) -> str:
    if value not in event_types():
        raise ValueError(ONE_OF % {"bound": ", ".join(event_types())})
    return value


def whole(value: Any) -> Any:
    """Convert 5.0 to 5, because both are integers in JSON Schema (2020-12 validation, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _only_false(value: bool) -> bool:
    if value:
        raise ValueError(_("Only false is allowed. Use DELETE to delete."))
    return value


def _enumerate_types(schema: dict[str, Any]) -> None:
    schema["enum"] = item_types()  # runs when the document is generated; all apps are loaded then


def _enumerate_event_types(schema: dict[str, Any]) -> None:
    schema["enum"] = list(event_types())


WHOLE = BeforeValidator(whole)
Version = Annotated[int, Field(ge=0, le=MAX_VERSION, examples=[EXAMPLE_VERSION])]
SeenVersion = Annotated[Version, Field(strict=True), WHOLE]
SEEN = "`version` of what was on screen. If a broadcast was shown again since, nothing is written (409, `changed`)."
CHANGES = ("deleted", "archived", "read")  # the order in which to apply them: a deleted item must be restored first
Count = Annotated[int, Field(ge=0)]
Ref = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}-[0-9a-z][0-9a-z-]{0,35}$", examples=["comment-123", "broadcast-4"])
]
UserPath = Annotated[str, Field(max_length=100, description="The user's primary key.", examples=["7"])]
ItemType = Annotated[str, AfterValidator(_known_type), Field(json_schema_extra=_enumerate_types)]
EventType = Annotated[str, AfterValidator(_known_event_type), Field(json_schema_extra=_enumerate_event_types)]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


User = Annotated[
    int | str,
    Field(description="The user's primary key: a number, or a string for UUIDs and numbers beyond 2^53-1."),
]


class Snapshot(BaseModel):
    """The state of a user's badge at one moment."""

    user: User
    version: Version
    unread: Count = Field(description="Unread items, counted up to a cap.")
    capped: bool = Field(description="Whether there are more than `unread` says.")
    by_type: dict[str, Count] = Field(description="The same by type; only types with unread.")


class Button(BaseModel):
    """A link below the text of a broadcast."""

    label: str
    lang: str | None = Field(default=None, description="The language of the label, if it is known.")
    url: str = Field(description="http(s), or a path on this site.")


class Item(BaseModel):
    """One item of the inbox: a message or a broadcast."""

    ref: str
    type: str
    title: str
    body: str = Field(description="Plain text.")
    url: str = Field(description="http(s), a path on this site, or empty.")
    created_at: Moment
    level: Level
    read: bool
    archived: bool
    body_html: str | None = Field(default=None, description="Broadcasts only: the text as sanitised HTML.")
    lang: str | None = Field(
        default=None, description="Broadcasts only: the language of title and text, if it is known."
    )
    buttons: list[Button] | None = Field(default=None, description="Broadcasts only: at most two, if there are any.")


class AnnouncementText(BaseModel):
    """What a banner or dialog says."""

    ref: str = Field(examples=["broadcast-4"])
    type: Literal["broadcast"]
    title: str
    body: str = Field(description="Plain text.")
    url: str = Field(description="http(s), a path on this site, or empty.")
    created_at: Moment
    level: Level
    body_html: str | None = Field(default=None, description="The text as sanitised HTML.")
    lang: str | None = Field(default=None, description="The language of title and text, if it is known.")
    buttons: list[Button]


class Announcement(AnnouncementText):
    """A broadcast that is shown as a banner or dialog, or as both."""

    kinds: list[Literal["banner", "dialog"]] = Field(description="What the user has yet to close or to confirm.")


class Trial(AnnouncementText):
    """What the user tries out before it is published; only a page that was open then shows it."""

    kinds: list[Literal["inbox", "banner", "dialog"]] = Field(description="Where it shows; “inbox”: as a toast.")
    seq: int = Field(ge=0, description="Greater for each that is newer; `version % 10**9` of a page that is older.")
    seconds: int = Field(ge=1, description="For how long to show it.")


class Announcements(BaseModel):
    """The banners and dialogs of a user."""

    user: User
    version: Version = Field(description="Read before the items: send it with what the user does to one of them.")
    items: list[Announcement]
    trial: Trial | None = Field(default=None, description="Only for authors who try one out.")


class LanguageQuery(BaseModel):
    """How to show texts. It is active when the view runs: see `auth.py`."""

    language: str = Field(
        default=ABSENT, max_length=500, description="The language of titles and texts; ignored if the site lacks it."
    )


class Page(BaseModel):
    """A page of the inbox, newest first."""

    user: User
    version: Version = Field(description="Read before the items: send it as `up_to` to mark all of this as read.")
    items: list[Item]
    next: str | None = Field(description="Send it as `before` to get the next page; null on the last.")


class Fault(BaseModel):
    """An error in one value."""

    part: Literal["body", "query", "path", "header"] = Field(description="Of the request.")
    pointer: str = Field(description="JSON Pointer (RFC 6901) into that part.", examples=["/refs/0"])
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(json_schema_extra={"format": "uri-reference"}, examples=["about:blank"])
    title: str
    status: int
    detail: str = Field(description="A sentence for a person.")
    code: str = Field(description="A stable word for programs.", examples=["bad_value"])
    errors: list[Fault] = Field(default=[], description="Only with status 422.")
    items: list[Any] = Field(default=[], description="Only with the code “changed”: the items as they are now.")
    announcements: list[Any] = Field(
        default=[], description="Only with the code “changed”: the banners and dialogs as they are now."
    )


class PageQuery(BaseModel):
    """Selects a page of the inbox."""

    before: str = Field(default=ABSENT, max_length=500, description="`next` of the previous page; opaque.")
    limit: int = Field(default=20, ge=1, le=100)
    type: ItemType = Field(default=ABSENT, description="Only items of this type.")
    unread: bool = Field(default=False, description="Only unread items.")
    archived: bool = Field(default=False, description="Archived items instead of the others.")
    language: str = Field(
        default=ABSENT, max_length=500, description="The language of titles and texts; ignored if the site lacks it."
    )


class Seen(BaseModel):
    """What was on screen when the user did this."""

    model_config = ConfigDict(extra="forbid")

    version: SeenVersion = Field(default=ABSENT, description=SEEN)


class SeenQuery(BaseModel):
    """The same, for requests without a body."""

    version: Version = Field(default=ABSENT, description=SEEN)


class ItemPatch(Seen):
    """The fields of an item to change, at least one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in CHANGES],
            "not": {
                "properties": {"archived": {"const": True}, "read": {"const": False}},
                "required": ["archived", "read"],
            },
        },
    )

    read: StrictBool = Field(default=ABSENT)
    archived: StrictBool = Field(default=ABSENT, description="Archiving an item also marks it as read.")
    deleted: Annotated[StrictBool, AfterValidator(_only_false)] = Field(
        default=ABSENT, json_schema_extra={"const": False}, description="false undoes a deletion, for ten minutes."
    )

    def changes(self) -> dict[str, bool]:
        """The changes that were sent, in the order in which to apply them."""
        return {name: getattr(self, name) for name in CHANGES if name in self.model_fields_set}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.changes():
            raise ValueError(_("At least one of these is expected: %s.") % "read, archived, deleted")
        if self.archived and self.read is False:
            raise ValueError(_("Archiving an item marks it as read: it can't be archived and unread."))
        return self


class MarkRead(Seen):
    """The items to mark as read: either `refs`, or everything up to a version, of one type or of all."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "if": {"required": ["refs"]},
            "then": {"properties": {"up_to": False, "type": False}},
            "else": {"required": ["up_to"], "properties": {"version": False}},
        },
    )

    refs: list[Ref] = Field(default=ABSENT, min_length=1, max_length=MAX_REFS)
    up_to: Annotated[Version, Field(strict=True), WHOLE] = Field(
        default=ABSENT, description="`version` of the page shown."
    )
    type: ItemType = Field(default=ABSENT, description="With `up_to`: only items of this type.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.refs is None) == (self.up_to is None):
            raise ValueError(_("Exactly one of these is expected: %s.") % "refs, up_to")
        if self.type is not None and self.up_to is None:
            raise ValueError(_("“type” goes with “up_to” only."))
        if self.version is not None and self.refs is None:
            raise ValueError(_("“version” goes with “refs” only."))
        return self


class TicketRequest(BaseModel):
    """The lifetime and the purpose of a ticket."""

    model_config = ConfigDict(extra="forbid")

    ttl: Annotated[int, Field(ge=1, le=MAX_TTL, strict=True), WHOLE] = Field(
        default=DEFAULT_TTL, description="Seconds for which it can open connections."
    )
    purpose: Annotated[str, AfterValidator(purposes.check)] = Field(
        default=purposes.CONNECTING, json_schema_extra=purposes.describe
    )


class NewTicket(BaseModel):
    """A ticket, which is shown only once."""

    ticket: str
    expires_at: Moment = Field(description="After that, it opens no connection; connections that are open stay open.")
