"""The state of a user, after a read and after each kind of write."""

from pydantic import BaseModel, Field

from .values import Count, User, Version


class Snapshot(BaseModel):
    """The state of a user's badge at one moment."""

    user: User
    version: Version
    unread: Count = Field(description="Unread items, counted up to a cap.")
    capped: bool = Field(description="Whether there are more than `unread` says.")
    by_type: dict[str, Count] = Field(description="The same by type; only types with unread.")
    unseen: Count = Field(
        description="How many of the unread items the user has not seen yet (`POST inbox/seen/`). At most as `unread`."
    )
    threads: Count = Field(description="Threads with unread items, counted up to a cap. Each unread broadcast is one.")


class Written(Snapshot):
    """The state after a write of the user, and what the write changed."""

    changed: Count = Field(description="How many items changed.")
    undo: str | None = Field(
        description="Send it to `inbox/undo/` within ten minutes to undo all of it; null if there is nothing to undo.",
        examples=["3q2-7wAAQACHmhPFRmQVng"],
    )


class Changed(Written):
    """The state after a change of many items."""

    more: bool = Field(
        description="Whether items may be left, because of `limit`. The same request with the same `act` goes on with "
        "them, and one undo restores all."
    )


class Counted(BaseModel):
    """How many items a filter chooses."""

    user: User
    version: Version = Field(description="Read before the items were counted: `up_to` for `inbox/changes/`.")
    count: Count = Field(description="Counted up to 10,000.")
    capped: bool = Field(description="Whether there are more, or a search has not looked at all items.")


class Looked(Snapshot):
    """The state after the user has seen something."""

    changed: bool = Field(description="Whether it has advanced `version`.")


class Undone(Written):
    """The state after an undo. `changed` is `restored`, and `undo` undoes the undo."""

    restored: Count = Field(description="How many items are as they were before.")
    skipped: Count = Field(description="How many items stay as they are: they were changed since, or are gone.")
