"""What a user does: to items, to many of them, to a button, and its undo."""

from datetime import datetime
from typing import Annotated, Any, Self

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from ....core.validators import MAX_BUTTONS
from ....errors import BadValue
from ....models import Surface
from ....services.acts.actions import check_end_of_snooze
from ....services.acts.journal import OWN_TOKEN
from ..times import MomentGiven
from .chosen import StrictFilter
from .values import ABSENT, MAX_REFS, SEEN, WHOLE, ItemType, Ref, SeenVersion, Version


def _only_false(value: bool) -> bool:
    if value:
        raise ValueError(_("Only false is allowed. Use DELETE to delete."))
    return value


def _end_of_snooze(value: datetime | None) -> datetime | None:
    if value is not None:
        try:
            check_end_of_snooze(value)
        except BadValue as error:
            raise ValueError(error.detail) from error
    return value


CHANGES = (
    "deleted",
    "archived",
    "read",
    "starred",
    "snoozed_until",
)  # the order in which to apply them: a deleted item must be restored first


MAX_CHANGED = 10_000  # items, of one request that has a limit

OwnToken = Annotated[
    str,
    Field(
        pattern=OWN_TOKEN,
        description="A token of your own for this act, from a random source. `undo` in the answer is the same, so what "
        "was written can be undone although no answer has arrived; and if the request is repeated with it, the act "
        "goes on.",
        examples=["3q2-7wAAQACHmhPFRmQVng"],
    ),
]


class Undo(BaseModel):
    """The act to undo."""

    model_config = ConfigDict(extra="forbid")

    undo: str = Field(pattern=r"^[A-Za-z0-9_-]{1,43}$", description="`undo` from the answer to the write.")
    act: OwnToken = Field(default=ABSENT)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.act is not None and self.act == self.undo:
            raise ValueError(_("An undo needs a token of its own, not the one that it undoes."))
        return self


class Seen(BaseModel):
    """What was on screen when the user did this."""

    model_config = ConfigDict(extra="forbid")

    version: SeenVersion = Field(default=ABSENT, description=SEEN)


class Press(Seen):
    """The button that the user has pressed."""

    button: Annotated[int, Field(strict=True, ge=0, le=MAX_BUTTONS - 1), WHOLE] = Field(description="Its position.")
    surface: Surface = Field(default=ABSENT, description="Where the item was shown.")
    act: OwnToken = Field(default=ABSENT)


class SeenQuery(BaseModel):
    """The same, for requests without a body."""

    version: Version = Field(default=ABSENT, description=SEEN)
    act: OwnToken = Field(default=ABSENT)


PATCH_RULES: dict[str, Any] = {
    "anyOf": [{"required": [name]} for name in CHANGES],
    "not": {
        "anyOf": [
            {
                "properties": {"archived": {"const": True}, "read": {"const": False}},
                "required": ["archived", "read"],
            },
            {
                "properties": {"archived": {"const": True}, "snoozed_until": {"type": "string"}},
                "required": ["archived", "snoozed_until"],
            },
            {
                "properties": {"read": {"const": True}, "snoozed_until": {"type": "string"}},
                "required": ["read", "snoozed_until"],
            },
            {
                "properties": {"deleted": {"const": True}, "snoozed_until": {"type": "string"}},
                "required": ["deleted", "snoozed_until"],
            },
        ]
    },
}


class ItemPatch(Seen):
    """The fields of an item to change, at least one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=PATCH_RULES)

    read: StrictBool = Field(default=ABSENT)
    archived: StrictBool = Field(default=ABSENT, description="Archiving an item also marks it as read.")
    deleted: Annotated[StrictBool, AfterValidator(_only_false)] = Field(
        default=ABSENT, json_schema_extra={"const": False}, description="false undoes a deletion, for ten minutes."
    )

    starred: StrictBool = Field(default=ABSENT, description="A starred item is kept until its star is taken off.")
    snoozed_until: Annotated[MomentGiven | None, AfterValidator(_end_of_snooze)] = Field(
        default=ABSENT,
        description="Hide the item until then, at most five years; it returns unread. null: it returns now.",
        examples=["2030-01-01T09:00:00Z"],
    )
    act: OwnToken = Field(default=ABSENT)

    def changes(self) -> dict[str, bool | datetime | None]:
        """The changes that were sent, in the order in which to apply them."""
        return {name: getattr(self, name) for name in CHANGES if name in self.model_fields_set}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.changes():
            raise ValueError(_("At least one of these is expected: %s.") % ", ".join(CHANGES[::-1]))
        if self.archived and self.read is False:
            raise ValueError(_("Archiving an item marks it as read: it can't be archived and unread."))
        if self.snoozed_until and self.deleted:
            raise ValueError(_("A deleted item does not return: it can't be deleted and snoozed."))
        if self.snoozed_until and (self.archived or self.read):
            raise ValueError(_("A snoozed item returns unread: it can't be snoozed and read or archived."))
        return self


class ChangeMany(ItemPatch):
    """The fields to change, and the items: either `refs`, or all that a filter chooses, up to a version."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            **PATCH_RULES,
            "if": {"required": ["refs"]},
            "then": {"properties": {"up_to": False, "filter": False, "limit": False}},
            "else": {
                "required": ["filter", "up_to"],
                "properties": {"version": False, "deleted": {"const": True}},
            },
        },
    )

    deleted: StrictBool = Field(default=ABSENT, description="false goes with `refs` only.")
    refs: list[Ref] = Field(default=ABSENT, min_length=1, max_length=MAX_REFS)
    filter: StrictFilter = Field(default=ABSENT, description="As in `GET inbox/`; {} is the whole inbox.")
    up_to: Annotated[Version, Field(strict=True), WHOLE] = Field(
        default=ABSENT, description="`version` of the page shown: with `filter`, what came later stays as it is."
    )
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_CHANGED), WHOLE] = Field(
        default=ABSENT,
        description="With `filter`: change at most so many items. Then `more` in the answer says whether to go on.",
    )

    @model_validator(mode="after")
    def _check_items(self) -> Self:
        if (self.refs is None) == (self.filter is None):
            raise ValueError(_("Exactly one of these is expected: %s.") % "refs, filter")
        if (self.filter is None) != (self.up_to is None):
            raise ValueError(_("“filter” and “up_to” go together."))
        if self.limit is not None and self.filter is None:
            raise ValueError(_("“limit” goes with “filter” only."))
        if self.version is not None and self.refs is None:
            raise ValueError(_("“version” goes with “refs” only."))
        if self.deleted is False and self.refs is None:
            raise ValueError(_("Deleted items can't be chosen. Restore them by their refs, or undo the deletion."))
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
    act: OwnToken = Field(default=ABSENT)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.refs is None) == (self.up_to is None):
            raise ValueError(_("Exactly one of these is expected: %s.") % "refs, up_to")
        if self.type is not None and self.up_to is None:
            raise ValueError(_("“type” goes with “up_to” only."))
        if self.version is not None and self.refs is None:
            raise ValueError(_("“version” goes with “refs” only."))
        return self


class SeenUpTo(BaseModel):
    """What the user was shown."""

    model_config = ConfigDict(extra="forbid")

    up_to: Annotated[Version, Field(strict=True), WHOLE] = Field(description="`version` of the page shown.")
