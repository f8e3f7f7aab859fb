"""A user's own inbox: `unread/`, `inbox/`, `inbox/{ref}/`, `inbox/read/`.

Every write returns the snapshot read after its commit: the views run outside any transaction (`base.py`).
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from ... import selectors, services
from ...errors import BadValue
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.limits import KIB, json_body
from ..shared.problems import invalid
from ..shared.schemas import Item, ItemPatch, LanguageQuery, MarkRead, Page, PageQuery, Ref, SeenQuery, Snapshot

router = Router()
router.add_decorator(json_body(64 * KIB), mode="view")

CHANGES = {
    ("deleted", False): services.undelete,
    ("archived", True): services.archive,
    ("archived", False): services.unarchive,
    ("read", True): services.mark_read,
    ("read", False): services.mark_unread,
}


@router.get(
    "unread/",
    response=answers({200: Snapshot}),
    operation_id="getUnread",
    summary="The state of the badge",
)
def unread(request: HttpRequest) -> dict[str, Any]:
    """The snapshot that every transport pushes."""
    return selectors.snapshot(owner(request)).as_dict()


@router.get(
    "inbox/",
    response=answers({200: Page}, 400, 422),
    operation_id="listInbox",
    summary="A page of the inbox",
    exclude_unset=True,
)
def inbox(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any] | HttpResponse:
    """Newest first, broadcasts interleaved by time."""
    user, which = owner(request), query.model_dump(exclude={"language"})
    try:
        page = selectors.inbox_page(user, **which)
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    items = [item.as_dict() for item in page.items]
    return {"user": user, "version": page.version, "items": items, "next": page.next}


@router.post(
    "inbox/read/",
    response=answers({200: Snapshot}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="markRead",
    summary="Mark items as read",
)
def mark_read(request: HttpRequest, body: MarkRead) -> dict[str, Any]:
    """Either all of `refs` (404 and no change if one of them is not in this inbox), or everything up to a version."""
    user = owner(request)
    if body.refs is not None:
        services.mark_read(user, list(dict.fromkeys(body.refs)), seen=body.version)
    else:
        services.mark_all_read(user, body.up_to, body.type)
    return selectors.snapshot(user).as_dict()


@router.get(
    "inbox/{ref}/",
    response=answers({200: Item}, 404, 422),
    operation_id="getItem",
    summary="One item",
    exclude_unset=True,
)
def item(request: HttpRequest, ref: Path[Ref], query: Query[LanguageQuery]) -> dict[str, Any]:
    """Reading it here does not mark it as read."""
    return selectors.item(owner(request), ref).as_dict()


@router.patch(
    "inbox/{ref}/",
    response=answers({200: Snapshot}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="changeItem",
    summary="Read, archive or restore an item",
)
def change_item(request: HttpRequest, ref: Path[Ref], body: ItemPatch) -> dict[str, Any]:
    """Changes the fields that are sent; the others stay as they are."""
    user = owner(request)
    for change in body.changes().items():
        CHANGES[change](user, [ref], seen=body.version)
    return selectors.snapshot(user).as_dict()


@router.delete(
    "inbox/{ref}/",
    response=answers({200: Snapshot}, 403, 404, 409, 422),
    operation_id="deleteItem",
    summary="Delete an item",
)
def delete_item(request: HttpRequest, ref: Path[Ref], query: Query[SeenQuery]) -> dict[str, Any]:
    """For ten minutes, `PATCH {"deleted": false}` restores it."""
    user = owner(request)
    services.delete(user, [ref], seen=query.version)
    return selectors.snapshot(user).as_dict()
