"""The schemas of broadcasts. They validate each value as the model does; services validate values that depend on each
other."""

from typing import Annotated, Any, Self

from django.utils.translation import gettext as _
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from ...core.validators import (
    MAX_BODY,
    MAX_BUTTONS,
    MAX_TITLE,
    SAYING_PATTERN,
    TEXT_PATTERN,
    validate_says_something,
)
from ...models import Audience, Level, State
from ...services.broadcasts.copies import PLACES
from ..shared.schemas import ABSENT, Count, Moment
from ..shared.times import MomentGiven
from .aim_schemas import AUDIENCE_RULES, AimFields, AimNow
from .buttons import Labels, Language, Link, checked_by

BroadcastId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[4])]
BroadcastPath = BroadcastId


_SOMEBODY = {
    "anyOf": [
        {"properties": {"staff": {"const": True}}, "required": ["staff"]},
        {"properties": {"groups": {"minItems": 1}}, "required": ["groups"]},
    ]
}  # or people, if the site has one of them
# With `not`, because of `anyOf` generators of clients make two classes.
PLACE_RULES: dict[str, Any] = {
    "not": {
        "anyOf": [
            {
                "properties": {name: {"const": False} for name in PLACES},
                "required": ["in_inbox"],
            },
            {
                "properties": {"for_visitors": {"const": True}},
                "required": ["for_visitors"],
                "anyOf": [
                    {"properties": {"as_banner": {"const": False}}},
                    {"properties": {"audience": {"not": {"const": Audience.EVERYONE.value}}}, "required": ["audience"]},
                    {"properties": {"excluded": _SOMEBODY}, "required": ["excluded"]},
                ],
            },
        ]
    }
}


_SAYING: dict[str, Any] = {"json_schema_extra": {"pattern": SAYING_PATTERN}}
Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE, **_SAYING), checked_by(validate_says_something)]
SHOW_AGAIN = "Whether it is new to everybody, also to those who have read, dismissed or confirmed an earlier revision."


class Translation(BaseModel):
    """Title and text of a broadcast in another language."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    body: str = Field(default="", max_length=MAX_BODY, pattern=TEXT_PATTERN, description="Markdown.")


class BroadcastFields(AimFields):
    """The text, the shape, the audience and the dates of a broadcast."""

    model_config = ConfigDict(extra="forbid")

    title: Title = Field(default=ABSENT)
    body: str = Field(default=ABSENT, max_length=MAX_BODY, pattern=TEXT_PATTERN, description="Markdown.")
    language: Language = Field(default=ABSENT, description="The language of title and text.")
    translations: dict[Language, Translation] = Field(
        default=ABSENT, description="By language. Readers without one see title and text as they are."
    )
    level: Level = Field(default=ABSENT)
    url: Link = Field(default=ABSENT, description="http(s), a path on this site, or empty.")
    buttons: list[Labels] = Field(default=ABSENT, max_length=MAX_BUTTONS)
    in_inbox: StrictBool = Field(default=ABSENT, description="Whether it shows in the inbox; by default it does.")
    as_banner: StrictBool = Field(default=ABSENT, description="Whether it shows as a banner until a user closes it.")
    as_dialog: StrictBool = Field(default=ABSENT, description="Whether it shows as a dialog that must be confirmed.")
    for_visitors: StrictBool = Field(
        default=ABSENT,
        description="Whether signed-out visitors see the banner, too. Only with the audience “everyone”, and if nobody "
        "is left out.",
    )
    publish_at: MomentGiven | None = Field(
        default=None, description="When it starts after it was published; null: at once."
    )
    expires_at: MomentGiven | None = Field(default=None, description="When it ends; null: never.")

    def values(self) -> dict[str, Any]:
        """The fields that were sent."""
        values = {name: getattr(self, name) for name in self.model_fields_set - {"show_again"}}
        if "buttons" in values:
            values["buttons"] = [button.model_dump() for button in values["buttons"]]
        if "translations" in values:
            values["translations"] = {code: text.model_dump() for code, text in values["translations"].items()}
        return values


class BroadcastDraft(BroadcastFields):
    """A new broadcast. By default, `level` is “info” and `audience` “everyone”."""

    model_config = ConfigDict(json_schema_extra=AUDIENCE_RULES | PLACE_RULES)

    title: Title


class BroadcastPatch(BroadcastFields):
    """The fields of a broadcast to change, at least one. The others stay as they are."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    show_again: StrictBool = Field(default=ABSENT, description=SHOW_AGAIN)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(_("At least one of these is expected: %s.") % ", ".join(BroadcastPatch.model_fields))
        return self


class Publication(BaseModel):
    """How to publish a broadcast that was published before."""

    model_config = ConfigDict(extra="forbid")

    show_again: StrictBool = Field(default=False, description=SHOW_AGAIN)


class BroadcastQuery(BaseModel):
    """Selects a page of the broadcasts."""

    before: str = Field(default=ABSENT, max_length=500, description="`next` of the previous page; opaque.")
    limit: int = Field(default=20, ge=1, le=100)
    state: State = Field(default=ABSENT, description="Only broadcasts in this state.")
    series: BroadcastId = Field(default=ABSENT, description="Only occurrences of this series.")


class Broadcast(AimNow):
    """A broadcast, as its authors see it."""

    id: BroadcastId
    ref: str = Field(description="The ref of its item in the inboxes of its audience.", examples=["broadcast-4"])
    title: str
    body: str = Field(description="Markdown.")
    body_html: str = Field(description="The same as sanitised HTML.")
    left_out: list[str] = Field(description="Sentences about what of `body` readers don't see.")
    language: str = Field(description="The language of title and text; empty if unknown.")
    translations: dict[str, Translation] = Field(description="By language.")
    level: Level
    url: str
    buttons: list[Labels]
    in_inbox: bool
    as_banner: bool
    as_dialog: bool
    for_visitors: bool
    revision: int = Field(ge=1, description="Counts the edits of what readers see since it was first published.")
    again: int = Field(ge=1, description="It was shown again in this revision: what readers did before is void.")
    state: State
    publish_at: Moment | None
    expires_at: Moment | None
    created_at: Moment
    published_at: Moment | None = Field(description="When it was last published; null if it never was.")
    author: int | str | None = Field(description="The user's primary key; null if the user was deleted.")
    series: int | None = Field(description="The series that has made it; null if none has, or if it was deleted.")
    occurrence: Moment | None = Field(description="When it was due, if a series has made it.")
    readers: Count = Field(description="The number of users who have read it since it was last shown again.")


class BroadcastList(BaseModel):
    """A page of the broadcasts, newest first."""

    items: list[Broadcast]
    next: str | None = Field(description="Send it as `before` to get the next page; null on the last.")
