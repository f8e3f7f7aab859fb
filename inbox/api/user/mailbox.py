"""A user's own inbox: `unread/`, `inbox/`, `inbox/count/`, `inbox/{ref}/`, `inbox/read/`, `inbox/seen/`,
`inbox/changes/`, `inbox/undo/`.

Every write returns the snapshot read after its commit: the views run outside any transaction (`base.py`).
"""

from dataclasses import asdict
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
from ..shared.schemas import (
    Changed,
    ChangeMany,
    Counted,
    CountQuery,
    Item,
    ItemPatch,
    LanguageQuery,
    Looked,
    MarkRead,
    Page,
    PageQuery,
    Press,
    Ref,
    SeenQuery,
    SeenUpTo,
    Snapshot,
    Undo,
    Undone,
    Written,
)
from .acts import recording, written

router = Router()
router.add_decorator(json_body(64 * KIB), mode="view")


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
    user = owner(request)
    try:
        page = selectors.inbox_page(user, before=query.before, limit=query.limit, choice=query.choice())
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    items = [item.as_dict() for item in page.items]
    return {"user": user, "version": page.version, "items": items, "next": page.next}


@router.get(
    "inbox/count/",
    response=answers({200: Counted}, 422),
    operation_id="countInbox",
    summary="How many items a filter chooses",
)
def count(request: HttpRequest, query: Query[CountQuery]) -> dict[str, Any]:
    """Read or not, unlike the counts of `unread/`. To change exactly what was counted, send the same filter to
    `inbox/changes/` with `version` as `up_to`."""
    user = owner(request)
    return {"user": user, **asdict(selectors.count_chosen(user, query.choice()))}


@router.post(
    "inbox/read/",
    response=answers({200: Written}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="markRead",
    summary="Mark items as read",
)
def mark_read(request: HttpRequest, body: MarkRead) -> dict[str, Any]:
    """Either all of `refs` (404 and no change if one of them is not in this inbox), or everything up to a version."""
    user = owner(request)
    with recording(request, body.act) as act:
        if body.refs is not None:
            services.mark_read(user, body.refs, seen=body.version)
        else:
            services.mark_all_read(user, body.up_to, body.type)
    return written(user, act)


@router.post(
    "inbox/seen/",
    response=answers({200: Looked}, 400, 403, 413, 415, 422),
    operation_id="markSeen",
    summary="Mark items as seen",
)
def see(request: HttpRequest, body: SeenUpTo) -> dict[str, Any]:
    """The user was shown what there is up to a version. It stays unread, and leaves `unseen`. What came, or became
    unread again, later stays unseen; an older version than the one before changes nothing."""
    user = owner(request)
    changed = services.see(user, body.up_to)
    return {**selectors.snapshot(user).as_dict(), "changed": changed}


@router.post(
    "inbox/changes/",
    response=answers({200: Changed}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="changeItems",
    summary="Change many items",
)
def change_items(request: HttpRequest, body: ChangeMany, query: Query[LanguageQuery]) -> dict[str, Any]:
    """Either all of `refs` in one transaction (404 and no change if one of them is not in this inbox), or everything
    that a filter chooses, 1,000 items at a time: what the page with the version `up_to` listed, and nothing that came
    later. The words of a search are looked for in texts of that `language`, so send that of the page. To show progress
    with thousands of items, send a `limit` and an `act`, and repeat the request as long as there are `more`."""
    user, more = owner(request), False
    with recording(request, body.act) as act:
        if body.refs is not None:
            services.change(user, body.refs, body.changes(), seen=body.version)
        else:
            choice, changes = body.filter.choice(), body.changes()
            more = services.change_some(user, choice, changes, body.up_to, body.limit).more
    return {**written(user, act), "more": more}


@router.post(
    "inbox/undo/",
    response=answers({200: Undone}, 400, 403, 404, 413, 415, 422),
    operation_id="undo",
    summary="Undo a write",
)
def undo(request: HttpRequest, body: Undo) -> dict[str, Any]:
    """Every item gets back the marks that it had, unless they were changed again since. 404 if the token is not this
    user's, is older than ten minutes, or was used; sent again with the same `act`, it restores what is left."""
    user = owner(request)
    with recording(request, body.act) as act:
        undone = services.undo(user, body.undo)
    return written(user, act) | undone._asdict()


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
    response=answers({200: Written}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="changeItem",
    summary="Read, archive, star, snooze or restore an item",
)
def change_item(request: HttpRequest, ref: Path[Ref], body: ItemPatch) -> dict[str, Any]:
    """Changes the fields that are sent; the others stay as they are."""
    user = owner(request)
    with recording(request, body.act) as act:
        services.change(user, [ref], body.changes(), seen=body.version)
    return written(user, act)


@router.post(
    "inbox/{ref}/pressed/",
    response=answers({200: Written}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="pressButton",
    summary="Press a button of an item",
)
def press(request: HttpRequest, ref: Path[Ref], body: Press) -> dict[str, Any]:
    """Marks the item as read, and notes the button for whoever sent it. The last press counts. The client follows the
    link, whether or not this succeeds."""
    user = owner(request)
    with recording(request, body.act) as act:
        services.press(user, ref, body.button, surface=body.surface or "", seen=body.version)
    return written(user, act)


@router.delete(
    "inbox/{ref}/",
    response=answers({200: Written}, 403, 404, 409, 422),
    operation_id="deleteItem",
    summary="Delete an item",
)
def delete_item(request: HttpRequest, ref: Path[Ref], query: Query[SeenQuery]) -> dict[str, Any]:
    """For ten minutes, `PATCH {"deleted": false}` restores it, too."""
    user = owner(request)
    with recording(request, query.act) as act:
        services.delete(user, [ref], seen=query.version)
    return written(user, act)
