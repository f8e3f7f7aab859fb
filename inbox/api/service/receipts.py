"""`broadcasts/{id}/receipts/`: who has done what with a broadcast; `broadcasts/{id}/effect/`: how many have."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import BaseModel, Field

from ... import selectors
from ...core.snapshots import user_id
from ...errors import BadValue
from ...models import Scope
from ...selectors.receipts import DONE
from ..shared.auth import Service
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.problems import invalid
from ..shared.schemas import ABSENT, Count, Moment, User
from ..shared.throttle import add_rate_limit_headers
from ..shared.times import moment
from .broadcast_schemas import BroadcastPath

router = Router()
router.add_decorator(add_rate_limit_headers, mode="view")


class ReceiptsQuery(BaseModel):
    """Selects a page of the receipts."""

    before: str = Field(default=ABSENT, max_length=500, description="`next` of the previous page; opaque.")
    limit: int = Field(default=20, ge=1, le=100)
    done: Literal["read", "archived", "dismissed", "closed", "confirmed"] = Field(
        default=ABSENT, description="Only of users who have done this."
    )


class Receipt(BaseModel):
    """What a user has done with a broadcast since it was last shown again, if it was; null: not done."""

    user: User
    revision: int = Field(ge=1, description="The one that was shown when they last did something.")
    read_at: Moment | None
    archived_at: Moment | None
    dismissed_at: Moment | None = Field(description="When they deleted the item from their inbox.")
    closed_at: Moment | None = Field(description="When they closed the banner.")
    confirmed_at: Moment | None = Field(description="When they confirmed the dialog.")


class ReceiptList(BaseModel):
    """A page of the receipts, newest first."""

    items: list[Receipt]
    next: str | None = Field(description="Send it as `before` to get the next page; null on the last.")


@router.get(
    "broadcasts/{id}/receipts/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: ReceiptList}, 400, 403, 404, 422),
    operation_id="listReceipts",
    summary="What readers have done",
)
def receipts(request: HttpRequest, id: Path[BroadcastPath], query: Query[ReceiptsQuery]) -> Any:
    """Of all who have done anything with it, in its audience or not. As many have `read_at` as the broadcast has
    `readers`."""
    try:
        page = selectors.receipts_page(id, **query.model_dump())
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    return {"items": [_document(row) for row in page.items], "next": page.next}


class Effect(BaseModel):
    """How many people in the audience of a broadcast have done what, since it was last shown again, if it was."""

    audience: Count = Field(description="Those who can sign in now. All others but `left` are among them.")
    shown: Count = Field(description="It was on an open page of theirs, whether or not they looked.")
    seen: Count
    read: Count
    unread: Count
    confirmed: Count
    unconfirmed: Count
    closed: Count = Field(description="Its banner.")
    dismissed: Count = Field(description="Its item in the inbox.")
    link: Count = Field(description="They have followed its link.")
    button0: Count = Field(description="They have followed its first button.")
    button1: Count = Field(description="They have followed its second button.")
    left: Count = Field(description="They have seen it, and are no longer in the audience.")


@router.get(
    "broadcasts/{id}/effect/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: Effect}, 403, 404, 422),
    operation_id="getEffect",
    summary="How many have seen it",
)
def effect(request: HttpRequest, id: Path[BroadcastPath]) -> dict[str, int]:
    """The numbers of its page in the administration."""
    return {who.value: count for who, count in selectors.counts(selectors.broadcast(id)).items()}


def _document(row: Any) -> dict[str, Any]:
    times: dict[str, datetime | None] = {f"{done}_at": getattr(row, column) for done, column in DONE.items()}
    return {
        "user": user_id(row.recipient_id),
        "revision": row.revision,
        **{name: moment(value) for name, value in times.items()},
    }
