"""What sending is answered with."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..shared.schemas import Count, Fault, Moment, Snapshot
from .events import UserGiven

MAX_BATCH = 500
SendId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[12])]
SendPath = SendId
Unknown = Annotated[list[UserGiven], Field(description="Recipients that do not exist, as they were given.")]


class Sent(BaseModel):
    """It is in the mailboxes."""

    send: SendId
    created: Count = Field(description="How many have it.")
    unknown: Unknown
    snapshot: Snapshot | None = Field(default=None, description="Of a single recipient: their badge now.")


class Queued(BaseModel):
    """It is on its way: see `Location`."""

    send: SendId
    recipients: Count = Field(description="How many will have it.")
    unknown: Unknown


class Progress(BaseModel):
    """How far a send has come."""

    send: SendId
    type: str
    status: Literal["pending", "done", "failed"]
    reason: str | None = Field(description="Why it failed; of a pending one, why it has to be tried again.")
    recipients: Count
    created: Count = Field(description="How many have it so far.")
    unknown: Count = Field(description="How many recipients did not exist.")
    created_at: Moment
    finished_at: Moment | None
    failed_at: Moment | None = Field(description="When it was given up. An administrator can have it tried again.")


class Batch(BaseModel):
    """Many events. Each is like the body of a send; one that is not is refused by itself."""

    model_config = ConfigDict(extra="forbid")

    messages: list[Any] = Field(min_length=1, max_length=MAX_BATCH)


class BatchResult(BaseModel):
    """What became of one event: written (201), on its way (202) or refused (422, and `errors` says why)."""

    status: Literal[201, 202, 422]
    send: SendId | None = None
    created: Count | None = None
    recipients: Count | None = None
    unknown: list[UserGiven] | None = None
    errors: list[Fault] | None = None


class BatchResults(BaseModel):
    """What became of each event, in their order."""

    results: list[BatchResult]
