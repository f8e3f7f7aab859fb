"""The inbox by threads: `inbox/threads/`, `inbox/threads/{key}/`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from ... import selectors
from ...errors import BadValue
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.problems import invalid
from ..shared.schemas import Page, PageQuery, ThreadKey, ThreadPage, ThreadQuery

router = Router()


@router.get(
    "inbox/threads/",
    response=answers({200: ThreadPage}, 400, 422),
    operation_id="listThreads",
    summary="A page of threads",
    exclude_unset=True,
)
def threads(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any] | HttpResponse:
    """Headlines only, the last moved first, broadcasts interleaved by time. A filter chooses items: a thread is listed
    if it has some of them, and its sentence, order and counts are about these. A search finds its items among the
    newest 50,000 or so that the rest of the filter chooses, and `next` goes on no further than these. To change items,
    send the same filter with `thread` to `inbox/changes/`. A thread that moves to the top while you page is on no later
    page, or on two: the first page has it."""
    user = owner(request)
    try:
        page = selectors.thread_page(user, before=query.before, limit=query.limit, choice=query.choice())
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    found = [thread.as_dict() for thread in page.threads]
    return {"user": user, "version": page.version, "threads": found, "next": page.next}


@router.get(
    "inbox/threads/{key}/",
    response=answers({200: Page}, 400, 404, 422),
    operation_id="getThread",
    summary="A page of the items of one thread",
    exclude_unset=True,
)
def thread(request: HttpRequest, key: Path[ThreadKey], query: Query[ThreadQuery]) -> dict[str, Any] | HttpResponse:
    """Newest first, without archived and snoozed items."""
    user, which = owner(request), query.model_dump(exclude={"language"})
    try:
        page = selectors.thread_items(user, key, **which)
    except BadValue as error:
        return invalid([fault("query", ["before"], error.detail)])
    items = [item.as_dict() for item in page.items]
    return {"user": user, "version": page.version, "items": items, "next": page.next}
