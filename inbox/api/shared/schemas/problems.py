"""Errors."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Fault(BaseModel):
    """An error in one value."""

    part: Literal["body", "query", "path", "header"] = Field(description="Of the request.")
    pointer: str = Field(description="JSON Pointer (RFC 6901) into that part.", examples=["/refs/0"])
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(json_schema_extra={"format": "uri-reference"}, examples=["about:blank"])
    title: str
    status: int
    detail: str = Field(description="A sentence for a person.")
    code: str = Field(description="A stable word for programs.", examples=["bad_value"])
    errors: list[Fault] = Field(default=[], description="Only with status 422.")
    send: int | None = Field(default=None, description="Only with the code “key_taken”: the send that has the key.")
    items: list[Any] = Field(default=[], description="Only with the code “changed”: the items as they are now.")
    announcements: list[Any] = Field(
        default=[], description="Only with the code “changed”: the banners and dialogs as they are now."
    )
    changed: int | None = Field(
        default=None, description="Only if a write has failed midway: how many items it has changed before."
    )
    undo: str | None = Field(default=None, description="Only if a write has failed midway: undoes what it has changed.")
