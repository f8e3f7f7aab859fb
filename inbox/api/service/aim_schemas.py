"""The schemas of the audience of a broadcast."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from ...models import Audience
from ..shared.schemas import ABSENT, Count, User
from .events import MAX_GROUPS, GroupName, UserGiven
from .filter_schemas import Filters

MAX_PEOPLE = 5000  # users named in a request; for more, there are lists and filters in the admin


def _of(audience: Audience) -> dict[str, Any]:
    return {"properties": {"audience": {"const": audience.value}}, "required": ["audience"]}


_NO_GROUPS = {"groups": {"maxItems": 0}}
_NO_PARTS = {"with_staff": {"const": False}, "people": {"maxItems": 0}, "filters": {"maxItems": 0}}
# For a new broadcast only: whether a change is valid depends on the other values of the broadcast. Not as `anyOf` or
# `allOf`: from these, generators of clients make several classes.
AUDIENCE_RULES: dict[str, Any] = {
    "if": _of(Audience.GROUPS),
    "then": {"properties": {"groups": {"minItems": 1}, **_NO_PARTS}, "required": ["groups"]},
    "else": {
        "if": {"not": _of(Audience.SEVERAL)},  # which a draft may have without any part
        "then": {"properties": {**_NO_GROUPS, **_NO_PARTS}},
    },
}
People = Annotated[list[UserGiven], Field(max_length=MAX_PEOPLE)]
Groups = Annotated[list[GroupName], Field(max_length=MAX_GROUPS)]
Unknown = Annotated[list[UserGiven], Field(description="Users in this request who do not exist, as they were given.")]


class Excluded(BaseModel):
    """Who does not see a broadcast, although the audience has them. What is absent is left out of nothing."""

    model_config = ConfigDict(extra="forbid")

    staff: StrictBool = Field(default=False)
    groups: Groups = Field(default=[], description="Their names.")
    people: People = Field(default=[])
    filters: Filters = Field(default=[], description="Whom they find when it is published.")


class AimFields(BaseModel):
    """The audience of a broadcast."""

    audience: Audience = Field(
        default=ABSENT,
        description="Everyone, the staff, the members of `groups`, or “several”: who belongs to at least one of "
        "`with_staff`, `groups`, `people` and `filters`. A draft may have none of them; it can't be published to "
        "nobody.",
    )
    groups: Groups = Field(default=ABSENT, description="Their names, with the audiences “groups” and “several”.")
    with_staff: StrictBool = Field(default=ABSENT, description="With the audience “several”.")
    people: People = Field(
        default=ABSENT, description="With the audience “several”. They replace the people who were chosen before."
    )
    filters: Filters = Field(
        default=ABSENT,
        description="Saved filters, with the audience “several”: whom they find when it is published. They, and those "
        "of `excluded`, can't change while it is live or scheduled.",
    )
    excluded: Excluded = Field(default=ABSENT, description="Who is left out of any audience.")
    late_joiners: StrictBool = Field(
        default=ABSENT, description="Whether users who register after its first publication see it, too."
    )


class ExcludedNow(BaseModel):
    """Who is left out."""

    staff: bool
    groups: list[str]
    filters: list[str]
    people_count: Count


class AimNow(BaseModel):
    """The audience of a broadcast, as its authors see it."""

    audience: Audience
    groups: list[str] = Field(description="Their names; used only with the audiences “groups” and “several”.")
    with_staff: bool
    filters: list[str] = Field(description="The names of its saved filters.")
    people_count: Count = Field(description="The number of users on its lists; `people/` has them.")
    excluded: ExcludedNow
    late_joiners: bool
    unknown: Unknown


class PeopleQuery(BaseModel):
    """Selects a page of the users on the lists of a broadcast."""

    excluded: bool = Field(default=False, description="Those who are left out instead of those whom it is for.")
    before: str = Field(default=ABSENT, max_length=500, description="`next` of the previous page; opaque.")
    limit: int = Field(default=1000, ge=1, le=1000)


class ListedPeople(BaseModel):
    """A page of the users on the lists of a broadcast, by id."""

    items: list[User]
    next: str | None = Field(description="Send it as `before` to get the next page; null on the last.")
