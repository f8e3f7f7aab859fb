"""The schemas of followed and silenced subjects, and of visits."""

from typing import Annotated, Any, Literal, Self

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ...core.subjects import MAX_LENGTH, PERIODS, SUBJECT_PATTERN, subject_of
from ..shared.schemas import ABSENT, Moment
from ..shared.schemas.acts import OwnToken
from ..shared.times import MomentGiven

Subject = Annotated[
    str,
    Field(max_length=MAX_LENGTH, examples=["blog.post:7"], json_schema_extra={"pattern": SUBJECT_PATTERN}),
    AfterValidator(subject_of),
]
SubjectPath = Annotated[Subject, Field(description="“app.model:key”. A slash in a key is sent as %2F.")]


class SubjectsQuery(BaseModel):
    """Which page."""

    before: str = Field(default=ABSENT, max_length=500, description="`next` of the page before.")
    limit: int = Field(default=20, ge=1, le=100)


class Followed(BaseModel):
    """A subject that the user follows."""

    subject: str
    since: Moment


class FollowedPage(BaseModel):
    """The newest first."""

    items: list[Followed]
    next: str | None = Field(description="`before` of the next page; null on the last.")


class Silenced(BaseModel):
    """A subject that the user has silenced."""

    subject: str
    since: Moment
    until: Moment | None = Field(description="null: for ever.")


class SilencedPage(BaseModel):
    """The newest first."""

    items: list[Silenced]
    next: str | None = Field(description="`before` of the next page; null on the last.")


class NewSilence(BaseModel):
    """How long: `for` or `until`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["for"]}, {"required": ["until"]}]}
    )

    period: Literal["day", "week", "ever"] = Field(default=ABSENT, alias="for")
    until: MomentGiven = Field(default=ABSENT, description="In the future, with a time zone.")

    def end(self) -> dict[str, Any]:
        """The arguments of `services.silence`."""
        return {"until": self.until} if self.period is None else {"lasting": PERIODS[self.period]}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.period is None) == (self.until is None):
            raise ValueError(_("Exactly one of these is expected: %s.") % "for, until")
        return self


class Visit(BaseModel):
    """A page that was shown."""

    model_config = ConfigDict(extra="forbid")

    visit: str = Field(max_length=2000, description="What `{% visited %}` has put into the page.")
    act: OwnToken = Field(default=ABSENT)
