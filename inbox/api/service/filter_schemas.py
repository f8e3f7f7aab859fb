"""The schemas of saved filters."""

from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, PlainValidator, WithJsonSchema

from ...core.validators import validate_text
from ..shared.schemas import ABSENT, whole

MAX_FILTERS = 100
AudienceFilterId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[4])]


def _filter(given: Any) -> Any:
    """Validate an id or a name with one error, where a union would give two."""
    key = whole(given)
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise ValueError(_("The id of a saved filter (a number) or its name is expected."))
    if isinstance(key, str):
        try:
            validate_text(key)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
    return key


FilterGiven = Annotated[
    Any,
    PlainValidator(_filter),
    WithJsonSchema(
        {
            "description": "A number is a filter's id, a string its name.",
            "examples": [4, "new here"],
            "anyOf": [{"type": "integer"}, {"type": "string"}],
        }
    ),
]
Filters = Annotated[list[FilterGiven], Field(max_length=MAX_FILTERS)]


class AudienceFilter(BaseModel):
    """A saved filter: users for whom all of its conditions hold. Days begin at midnight in the zone of the site."""

    id: AudienceFilterId
    name: str
    joined_after: str | None = Field(description="They registered on this day or later.", examples=["2026-01-31"])
    joined_before: str | None = Field(description="They registered before this day.", examples=["2026-01-31"])
    active_since_days: int | None = Field(description="They last signed in at most so many days ago.")
    language: str | None = Field(description="They have chosen this language in their preferences.")


class AudienceFilterList(BaseModel):
    """A page of the saved filters, newest first."""

    items: list[AudienceFilter]
    next: AudienceFilterId | None = Field(description="Send it as `before` to get the next page; null on the last.")


class AudienceFilterQuery(BaseModel):
    """Selects a page of the saved filters."""

    before: AudienceFilterId = Field(default=ABSENT, description="`next` of the previous page.")
    limit: int = Field(default=20, ge=1, le=100)
