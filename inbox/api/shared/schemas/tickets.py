"""Tickets."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ....credentials import purposes
from ....credentials.tickets import DEFAULT_TTL, MAX_TTL
from .values import WHOLE, Moment


class TicketRequest(BaseModel):
    """The lifetime and the purpose of a ticket."""

    model_config = ConfigDict(extra="forbid")

    ttl: Annotated[int, Field(ge=1, le=MAX_TTL, strict=True), WHOLE] = Field(
        default=DEFAULT_TTL, description="Seconds for which it can open connections."
    )
    purpose: Annotated[str, AfterValidator(purposes.check)] = Field(
        default=purposes.CONNECTING, json_schema_extra=purposes.describe
    )


class NewTicket(BaseModel):
    """A ticket, which is shown only once."""

    ticket: str
    expires_at: Moment = Field(description="After that, it opens no connection; connections that are open stay open.")
