"""The schemas of the responses to sends, and of a batch."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..shared.schemas import Count, Fault, Moment, Snapshot
from .events import UserGiven

MAX_BATCH = 500
SendId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[12])]
SendPath = SendId
Unknown = Annotated[list[UserGiven], Field(description="Recipients that do not exist, as they were given.")]


class Sent(BaseModel):
    """The messages are written."""

    send: SendId
    created: Count = Field(description="The number of messages written.")
    unknown: Unknown
    snapshot: Snapshot | None = Field(default=None, description="Of a single recipient: their badge now.")


class Queued(BaseModel):
    """The send is queued: see `Location` for its progress."""

    send: SendId
    recipients: Count = Field(description="The number of recipients.")
    unknown: Unknown


class Recalled(BaseModel):
    """The recall of a send, as far as it has come."""

    send: SendId
    recalled: Count = Field(description="How many recipients had the message.")
    read: Count = Field(description="How many of these had read it.")
    kept: Count = Field(description="How many messages stay, because other data of the site refers to them.")


class Rewritten(BaseModel):
    """The rewrite of a send, as far as it has come."""

    send: SendId
    rewritten: Count = Field(description="How many recipients have the new message.")


class CorrectionProgress(BaseModel):
    """The progress of a recall or rewrite."""

    status: Literal["pending", "done", "failed"]
    reason: str | None = Field(description="Why it failed, or has to be retried.")
    created_at: Moment
    finished_at: Moment | None


class RecallProgress(CorrectionProgress):
    """The progress of a recall."""

    recalled: Count
    read: Count
    kept: Count = Field(
        description="How many messages stay, because other data of the site refers to them. Once all others are "
        "removed, `status` is “failed”. A repeated recall tries them again."
    )


class RewriteProgress(CorrectionProgress):
    """The progress of a rewrite."""

    rewritten: Count


class Progress(BaseModel):
    """The progress of a send."""

    send: SendId
    key: str | None = Field(description="The service's own name of it.")
    type: str
    status: Literal["pending", "done", "failed"]
    reason: str | None = Field(description="Why it failed, or why a pending one has to be retried.")
    recipients: Count
    created: Count = Field(description="The number of messages written so far.")
    unknown: Count = Field(description="How many recipients did not exist.")
    created_at: Moment
    finished_at: Moment | None
    failed_at: Moment | None = Field(description="When it was given up. An administrator can retry it.")
    recall: RecallProgress | None = Field(description="If it was recalled.")
    rewrite: RewriteProgress | None = Field(description="The latest of `rewrites`.")
    rewrites: list[RewriteProgress] = Field(description="The latest ten, the newest first.")
    pressed: list[Count] | None = Field(
        description="How many recipients pressed each button last; null if its messages have none, or are gone."
    )


class Batch(BaseModel):
    """Many events. Each is like the body of a send. An invalid one is refused alone."""

    model_config = ConfigDict(extra="forbid")

    messages: list[Any] = Field(min_length=1, max_length=MAX_BATCH)


class BatchResult(BaseModel):
    """The result of one event: written (201), queued (202) or refused: its key belongs to an earlier send (409, with
    `send`), or values are not allowed (422, with `errors`)."""

    status: Literal[201, 202, 409, 422]
    send: SendId | None = None
    created: Count | None = None
    recipients: Count | None = None
    unknown: list[UserGiven] | None = None
    errors: list[Fault] | None = None


class BatchResults(BaseModel):
    """The results of the events, in the same order."""

    results: list[BatchResult]
