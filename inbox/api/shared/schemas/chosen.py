"""Which items a request is about: pages and filters."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from ....core.choice import MAX_SEARCH, MAX_WORDS, Choice
from ....core.subjects import MAX_LENGTH as MAX_SUBJECT
from ....core.users import user_pk
from ....errors import BadValue
from ..times import MomentGiven
from .values import ABSENT, THREAD, Types, UserGiven, split_names


class ThreadQuery(BaseModel):
    """Selects a page of one thread."""

    before: str = Field(default=ABSENT, max_length=500, description="`next` of the previous page; opaque.")
    limit: int = Field(default=20, ge=1, le=100)
    language: str = Field(
        default=ABSENT, max_length=500, description="The language of titles and texts; ignored if the site lacks it."
    )


# The properties that a choice has, too, under the same name.
CHOSEN_ALIKE = {
    "q",
    "unread",
    "read",
    "archived",
    "starred",
    "snoozed",
    "important",
    "since",
    "until",
    "subject",
    "thread",
}


class Filter(BaseModel):
    """Which items of the inbox: those with all of these properties."""

    q: str = Field(
        default="",
        max_length=MAX_SEARCH,
        description=f"Words, at most {MAX_WORDS}, that must all be in an item, whatever their case: in its text, in "
        "the name of its actor, or in what all items of its type say. A request looks through some 50,000 messages: "
        "after those `next` of a page of items goes on, even if the page is not full.",
    )
    type: Types = Field(default="", description="Only items of these types, separated by commas.")
    not_type: Types = Field(default="", description="No items of these types.")
    actor: UserGiven = Field(default=ABSENT, description="Only what this user did. A user's primary key.")
    unread: bool = Field(default=False, description="Only unread items.")
    read: bool = Field(default=False, description="Only read items.")
    archived: bool = Field(default=False, description="Archived items instead of the others.")
    starred: bool = Field(default=False, description="Only starred items, archived or not.")
    snoozed: bool = Field(default=False, description="Snoozed items instead of the others.")
    important: bool = Field(default=False, description="Only important items.")
    since: MomentGiven = Field(default=ABSENT, description="Only items that arrived then or later.")
    until: MomentGiven = Field(default=ABSENT, description="Only items that arrived before.")
    subject: str = Field(default=ABSENT, max_length=MAX_SUBJECT, description="Only what is about this object.")
    thread: str = Field(
        default=ABSENT, pattern=THREAD, description="Only items of this thread: its `key`; of a broadcast, its ref."
    )

    def choice(self) -> Choice:
        """Raises BadValue."""
        return Choice(
            **self.model_dump(include=CHOSEN_ALIKE),
            types=split_names(self.type),
            not_types=split_names(self.not_type),
            actor=None if self.actor is None else user_pk(self.actor),
        )

    @model_validator(mode="after")
    def _check_choice(self) -> Self:
        try:
            self.choice()
        except BadValue as error:
            raise ValueError(error.detail) from error
        return self


class StrictFilter(Filter):
    """The same in a body."""

    model_config = ConfigDict(extra="forbid")

    unread: StrictBool = Field(default=False, description="Only unread items.")
    read: StrictBool = Field(default=False, description="Only read items.")
    archived: StrictBool = Field(default=False, description="Archived items instead of the others.")
    starred: StrictBool = Field(default=False, description="Only starred items, archived or not.")
    snoozed: StrictBool = Field(default=False, description="Snoozed items instead of the others.")
    important: StrictBool = Field(default=False, description="Only important items.")


class CountQuery(Filter):
    """Which items to count."""

    language: str = Field(
        default=ABSENT, max_length=500, description="Of the texts in which the words are looked for, as in the list."
    )


class PageQuery(Filter):
    """Selects a page of the inbox, or of its threads."""

    before: str = Field(default=ABSENT, max_length=500, description="`next` of the previous page; opaque.")
    limit: int = Field(default=20, ge=1, le=100)
    language: str = Field(
        default=ABSENT, max_length=500, description="The language of titles and texts; ignored if the site lacks it."
    )
