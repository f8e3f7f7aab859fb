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


class Progress(BaseModel):
    """The progress of a send."""

    send: SendId
    type: str
    status: Literal["pending", "done", "failed"]
    reason: str | None = Field(description="Why it failed, or why a pending one has to be retried.")
    recipients: Count
    created: Count = Field(description="The number of messages written so far.")
    unknown: Count = Field(description="How many recipients did not exist.")
    created_at: Moment
    finished_at: Moment | None
    failed_at: Moment | None = Field(description="When it was given up. An administrator can retry it.")


class Batch(BaseModel):
    """Many events. Each is like the body of a send. An invalid one is refused alone."""

    model_config = ConfigDict(extra="forbid")

    messages: list[Any] = Field(min_length=1, max_length=MAX_BATCH)


class BatchResult(BaseModel):
    """The result of one event: written (201), queued (202) or refused (422, with `errors`)."""

    status: Literal[201, 202, 422]
    send: SendId | None = None
    created: Count | None = None
    recipients: Count | None = None
    unknown: list[UserGiven] | None = None
    errors: list[Fault] | None = None


class BatchResults(BaseModel):
    """The results of the events, in the same order."""

    results: list[BatchResult]
