"""The schemas of preferences."""

from typing import Annotated, Any, Literal, Self

from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from ...core.zones import MAX_ZONE, zone_named
from ...rendering.languages import supported
from ..shared.faults import ONE_OF
from ..shared.schemas import ABSENT, EventType

FIELDS = ("muted", "language", "time_zone", "character_keys", "density")


def _language(given: str) -> str:
    if given and supported(given) is None:
        raise ValueError(ONE_OF % {"bound": ", ".join(code for code, _name in settings.LANGUAGES)})
    return given


def _zone(given: str) -> str:
    if given:
        zone_named(given)  # BadValue is a ValueError, whose sentence the response has
    return given


def _enumerate_languages(schema: dict[str, Any]) -> None:
    schema["enum"] = ["", *(code for code, _name in settings.LANGUAGES)]  # when the document is generated


Muted = Annotated[list[EventType], Field(max_length=100, description="Messages of these types arrive already read.")]
Language = Annotated[
    str,
    Field(
        max_length=500,
        description="What the user chose last; it counts where no page names a language. Empty: none.",
        json_schema_extra=_enumerate_languages,
    ),
    AfterValidator(_language),
]
TimeZone = Annotated[
    str,
    Field(
        max_length=MAX_ZONE,
        description="A name of the IANA database. Empty: that of the browser.",
        json_schema_extra={"pattern": "^[A-Za-z0-9_+/-]*$"},
        examples=["Europe/Berlin"],
    ),
    AfterValidator(_zone),
]
CharacterKeys = Annotated[
    StrictBool,
    Field(description="Whether letters and other characters are shortcuts on the inbox page and in the bell's panel."),
]
Density = Annotated[
    Literal["comfortable", "compact"],
    Field(description="How close together the rows of the inbox page and of the bell's panel are."),
]


class Preferences(BaseModel):
    """What a user has chosen."""

    muted: Muted
    language: Language
    time_zone: TimeZone
    character_keys: CharacterKeys
    density: Density


class PreferencesPatch(BaseModel):
    """The preferences to change, at least one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"anyOf": [{"required": [name]} for name in FIELDS]})

    muted: Muted = Field(default=ABSENT)
    language: Language = Field(default=ABSENT)
    time_zone: TimeZone = Field(default=ABSENT)
    character_keys: CharacterKeys = Field(default=ABSENT)
    density: Density = Field(default=ABSENT)

    def changes(self) -> dict[str, Any]:
        """The preferences that were sent."""
        return {name: getattr(self, name) for name in FIELDS if name in self.model_fields_set}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.changes():
            raise ValueError(_("At least one of these is expected: %s.") % ", ".join(FIELDS))
        return self


class NewPreferences(PreferencesPatch):
    """The muted types; the others stay as they are unless they are sent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={})

    muted: Muted
