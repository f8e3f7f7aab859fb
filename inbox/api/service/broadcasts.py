"""Broadcasts, for other services: `broadcasts/`, `broadcasts/{id}/`, and its `publish/` and `withdraw/`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from ninja.errors import HttpError

from ... import selectors, services
from ...core.acting import acting
from ...core.snapshots import user_id
from ...errors import BadFields, BadValue
from ...models import Broadcast as Row
from ...models import Scope
from ...rendering.markup import safe_html
from ...services.access.idempotency import Result, Work
from ...services.recipients import Recipient
from ..shared.auth import Service, ServiceRequest
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.limits import KIB, json_body
from ..shared.problems import BadValues, MissingScope, invalid
from ..shared.schemas import ABSENT
from ..shared.throttle import add_rate_limit_headers
from ..shared.times import moment
from .aim_schemas import ListedPeople, PeopleQuery
from .aims import EXCLUDED_FILTERS, aim_document, aimed
from .broadcast_schemas import (
    Broadcast,
    BroadcastDraft,
    BroadcastFields,
    BroadcastList,
    BroadcastPatch,
    BroadcastPath,
    BroadcastQuery,
    Publication,
)
from .once import Key, once, result

router = Router()
router.add_decorator(json_body(256 * KIB), mode="view")  # 5,000 people by name
router.add_decorator(add_rate_limit_headers, mode="view")

ATTRIBUTES = (
    "ref",
    "title",
    "body",
    "body_html",
    "language",
    "left_out",
    "level",
    "url",
    "state",
    "readers",
    *("in_inbox", "as_banner", "as_dialog", "for_visitors", "revision", "again"),
)
POINTERS = {"excluded_filters": EXCLUDED_FILTERS}  # of fields that are called otherwise by the services
MOMENTS = ("publish_at", "expires_at", "created_at", "published_at", "occurrence")


@router.get(
    "broadcasts/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: BroadcastList}, 400, 403, 422),
    operation_id="listBroadcasts",
    summary="All broadcasts, page by page",
)
def broadcasts(request: HttpRequest, query: Query[BroadcastQuery]) -> dict[str, Any] | HttpResponse:
    """Newest first, in every state, drafts and withdrawn ones included."""
    try:
        page = selectors.broadcasts_page(**query.model_dump())
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    return {"items": [_document(row) for row in page.items], "next": page.next}


@router.post(
    "broadcasts/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers({201: Broadcast}, 400, 403, 409, 413, 415, 422),
    operation_id="createBroadcast",
    summary="Write a broadcast",
)
def create(request: ServiceRequest, body: BroadcastDraft, key: Key = ABSENT) -> HttpResponse:
    """Creates a draft; its author is the token's owner. Users see it when it is published."""

    def work() -> Result:
        with _with_pointers(), acting(request.auth.owner_id):
            values, unknown = aimed(body.values())
            pk = services.create_broadcast(request.auth.owner, values).pk
        return result(201, _document_of(pk, unknown), location=f"{request.path}{pk}/")

    return once(request, key, lambda: _prerendered(_texts(body), work))


@router.get(
    "broadcasts/{id}/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: Broadcast}, 403, 404, 422),
    operation_id="getBroadcast",
    summary="One broadcast",
)
def broadcast(request: HttpRequest, id: Path[BroadcastPath]) -> dict[str, Any]:
    """In any state, with the number of its readers."""
    return _document_of(id)


@router.get(
    "broadcasts/{id}/people/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: ListedPeople}, 400, 403, 404, 422),
    operation_id="listPeopleOfBroadcast",
    summary="The users on the lists of a broadcast, page by page",
)
def people(request: HttpRequest, id: Path[BroadcastPath], query: Query[PeopleQuery]) -> dict[str, Any] | HttpResponse:
    """By id: users who were chosen, on an uploaded list, or found by a filter."""
    try:
        page = selectors.people_page(id, **query.model_dump())
    except BadValue as error:  # the schema has validated everything else
        return invalid([fault("query", ["before"], error.detail)])
    return {"items": page.items, "next": page.next}


@router.patch(
    "broadcasts/{id}/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers({200: Broadcast}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="changeBroadcast",
    summary="Change a broadcast",
)
def change(request: ServiceRequest, id: Path[BroadcastPath], body: BroadcastPatch, key: Key = ABSENT) -> HttpResponse:
    """If it is live or scheduled, the token also needs the scope `broadcasts:publish`, because users see the change, or
    will see it. Then it can't change where the site has the four-eyes rule: 409 with the code `not_approved`."""

    def work() -> Result:
        with _with_pointers(), acting(request.auth.owner_id):
            values, unknown = aimed(body.values())
            with services.locked_broadcast(id) as broadcast:
                _require_scope(request, Scope.BROADCASTS_PUBLISH, broadcast)
                services.change_broadcast(broadcast, values, show_again=bool(body.show_again))
        return result(200, _document_of(id, unknown))

    return once(request, key, lambda: _prerendered(_texts(body) or selectors.broadcast(id).texts, work))


@router.delete(
    "broadcasts/{id}/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers({204: None}, 400, 403, 404, 409, 413, 422),
    operation_id="deleteBroadcast",
    summary="Delete a broadcast",
)
def delete(request: ServiceRequest, id: Path[BroadcastPath], key: Key = ABSENT) -> HttpResponse:
    """Deletes it for good, and also the record of its readers. If it is live or scheduled, the token also needs the
    scope `broadcasts:withdraw`."""

    def work() -> Result:
        with services.locked_broadcast(id) as broadcast:
            _require_scope(request, Scope.BROADCASTS_WITHDRAW, broadcast)
            broadcast.delete()
        return result(204)

    return once(request, key, lambda: work)


@router.post(
    "broadcasts/{id}/publish/",
    auth=Service(Scope.BROADCASTS_PUBLISH),
    response=answers({200: Broadcast}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="publishBroadcast",
    summary="Publish a broadcast",
)
def publish(
    request: ServiceRequest, id: Path[BroadcastPath], body: Publication | None = None, key: Key = ABSENT
) -> HttpResponse:
    """Publishes it now or, if `publish_at` is in the future, schedules it. If it is live already, nothing changes. 409
    if it would expire before it starts, if nobody is in its audience, or (code `not_approved`) if the site has the
    four-eyes rule and the token's owner has written or changed it."""
    service = partial(_publish, show_again=bool(body and body.show_again))
    return _change_state(request, id, key, service, prepare=services.freeze)


@router.post(
    "broadcasts/{id}/withdraw/",
    auth=Service(Scope.BROADCASTS_WITHDRAW),
    response=answers({200: Broadcast}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="withdrawBroadcast",
    summary="Withdraw a broadcast",
)
def withdraw(request: ServiceRequest, id: Path[BroadcastPath], key: Key = ABSENT) -> HttpResponse:
    """If it is live or scheduled, nobody sees it any more. In any other state, nothing changes."""
    return _change_state(request, id, key, services.withdraw)


def _change_state(
    request: ServiceRequest,
    id: int,
    key: str,
    service: Callable[[Row], None],
    prepare: Callable[[int], None] | None = None,
) -> HttpResponse:
    """`prepare` is called before the transaction, as whom the token acts for."""

    def plan() -> Work:
        if prepare is not None:
            with acting(request.auth.owner_id):
                prepare(id)
        return _prerendered(selectors.broadcast(id).texts, work)

    def work() -> Result:
        with acting(request.auth.owner_id), services.locked_broadcast(id) as broadcast:
            service(broadcast)
        return result(200, _document_of(id))

    return once(request, key, plan)


def _texts(body: BroadcastFields) -> list[str]:
    """The Markdown that was sent."""
    translations = (body.translations or {}).values()
    return [text for text in (body.body, *(each.body for each in translations)) if text]


def _prerendered(texts: Iterable[str], work: Work) -> Work:
    """Render the texts of the response (`safe_html` caches it) before `work` locks the clock, so that other requests do
    not wait for it."""
    for text in texts:
        safe_html(text)
    return work


def _publish(broadcast: Row, show_again: bool) -> None:
    """As the service, but 409 instead of 422, because the request is valid: the broadcast is not."""
    try:
        selectors.require_readers(broadcast)
        services.publish_frozen(broadcast, show_again=show_again)
    except BadValue as error:
        raise HttpError(409, error.detail) from error


def _require_scope(request: ServiceRequest, scope: Scope, broadcast: Row) -> None:
    """To change or delete what is or will be published (also by a series), a token needs this scope, too."""
    if services.is_for_publishers(broadcast) and scope not in request.auth.scopes:
        raise MissingScope(scope)


@contextmanager
def _with_pointers() -> Iterator[None]:
    """Add a JSON Pointer into the body to each error that a service finds in a field."""
    try:
        yield
    except BadFields as error:
        raise BadValues(
            [fault("body", POINTERS.get(name, [name]), detail) for name, detail in error.fields.items()]
        ) from error


def _document_of(pk: int, unknown: Sequence[Recipient] = ()) -> dict[str, Any]:
    return _document(selectors.broadcast(pk), unknown)


def _document(row: Row, unknown: Sequence[Recipient] = ()) -> dict[str, Any]:
    """The broadcast in types of JSON, so that a repeated request gets exactly the same response."""
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in ATTRIBUTES},
        **{name: moment(getattr(row, name)) for name in MOMENTS},
        "translations": {code: {"title": text.title, "body": text.body} for code, text in row.other_texts.items()},
        "buttons": row.valid_buttons,
        **aim_document(row),
        "unknown": list(unknown),
        "series": row.series_id,
        "author": row.author_id if row.author_id is None else user_id(row.author_id),
    }
