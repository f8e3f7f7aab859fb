"""Announcements that other services make: `broadcasts/`, `broadcasts/{id}/`, and its `publish/` and `withdraw/`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from ninja.errors import HttpError

from ... import selectors, services
from ...core.snapshots import user_id
from ...errors import BadFields, BadValue
from ...models import Scope
from ...rendering.markup import safe_html
from ...services.idempotency import Result, Work
from ..shared.auth import Service, ServiceRequest
from ..shared.limits import KIB, json_body
from ..shared.problems import BadValues, MissingScope, fault, invalid
from ..shared.schemas import ABSENT, Problem
from ..shared.throttle import says_what_is_left
from .broadcast_schemas import (
    Broadcast,
    BroadcastDraft,
    BroadcastFields,
    BroadcastList,
    BroadcastPatch,
    BroadcastPath,
    BroadcastQuery,
)
from .once import Key, once, result
from .orders import group_keys

router = Router()
router.add_decorator(json_body(64 * KIB), mode="view")
router.add_decorator(says_what_is_left, mode="view")

AS_THEY_ARE = ("ref", "title", "body", "body_html", "level", "url", "audience", "state", "readers")
MOMENTS = ("publish_at", "expires_at", "created_at", "published_at")


def answers(status: int, schema: Any, *refusals: int) -> dict[Any, Any]:
    """The documented answers of an operation: its own, and the refusals that any may meet."""
    return {status: schema, frozenset({401, 403, 422, 429, 503, *refusals}): Problem}


@router.get(
    "broadcasts/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers(200, BroadcastList, 400),
    operation_id="listBroadcasts",
    summary="All broadcasts, page by page",
)
def broadcasts(request: HttpRequest, query: Query[BroadcastQuery]) -> dict[str, Any] | HttpResponse:
    """The one written last comes first; drafts and withdrawn ones too."""
    try:
        page = selectors.broadcasts_page(**query.model_dump())
    except BadValue as error:  # the schema let everything else pass
        return invalid([fault("query", ["before"], error.detail)])
    return {"items": [_represented(row) for row in page.items], "next": page.next}


@router.post(
    "broadcasts/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers(201, Broadcast, 400, 409, 413, 415),
    operation_id="createBroadcast",
    summary="Write a broadcast",
)
def create(request: ServiceRequest, body: BroadcastDraft, key: Key = ABSENT) -> HttpResponse:
    """A draft in the name of the token's owner: nobody sees it until it is published."""

    def work() -> Result:
        with _pointed():
            pk = services.create_broadcast(request.auth.owner, _values(body)).pk
        return result(201, _shown(pk), location=f"{request.path}{pk}/")

    return once(request, key, lambda: _rendered(body.body, work))


@router.get(
    "broadcasts/{id}/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers(200, Broadcast, 404),
    operation_id="getBroadcast",
    summary="One broadcast",
)
def broadcast(request: HttpRequest, id: Path[BroadcastPath]) -> dict[str, Any]:
    """In whatever state, with the number of its readers."""
    return _shown(id)


@router.patch(
    "broadcasts/{id}/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers(200, Broadcast, 400, 404, 409, 413, 415),
    operation_id="changeBroadcast",
    summary="Change a broadcast",
)
def change(request: ServiceRequest, id: Path[BroadcastPath], body: BroadcastPatch, key: Key = ABSENT) -> HttpResponse:
    """One that is live or scheduled takes the scope `broadcasts:publish` as well: people see the change, or will."""

    def work() -> Result:
        with _pointed():
            values = _values(body)
            with services.locked_broadcast(id) as held:
                _demand(request, Scope.BROADCASTS_PUBLISH, held)
                services.change_broadcast(held, values)
        return result(200, _shown(id))

    return once(request, key, lambda: _rendered(body.body or selectors.broadcast(id).body, work))


@router.delete(
    "broadcasts/{id}/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers(204, None, 400, 404, 409, 413),
    operation_id="deleteBroadcast",
    summary="Delete a broadcast",
)
def delete(request: ServiceRequest, id: Path[BroadcastPath], key: Key = ABSENT) -> HttpResponse:
    """For good, and with the record of who has read it. One that is live or scheduled takes the scope
    `broadcasts:withdraw` as well."""

    def work() -> Result:
        with services.locked_broadcast(id) as held:
            _demand(request, Scope.BROADCASTS_WITHDRAW, held)
            held.delete()
        return result(204)

    return once(request, key, lambda: work)


@router.post(
    "broadcasts/{id}/publish/",
    auth=Service(Scope.BROADCASTS_PUBLISH),
    response=answers(200, Broadcast, 400, 404, 409, 413, 415),
    operation_id="publishBroadcast",
    summary="Publish a broadcast",
)
def publish(request: ServiceRequest, id: Path[BroadcastPath], key: Key = ABSENT) -> HttpResponse:
    """Now, or at its `publish_at` if that is to come: then it is scheduled. One that is out already stays so. 409 for
    one that would expire before it starts."""
    return _moved(request, id, key, _publish)


@router.post(
    "broadcasts/{id}/withdraw/",
    auth=Service(Scope.BROADCASTS_WITHDRAW),
    response=answers(200, Broadcast, 400, 404, 409, 413, 415),
    operation_id="withdrawBroadcast",
    summary="Withdraw a broadcast",
)
def withdraw(request: ServiceRequest, id: Path[BroadcastPath], key: Key = ABSENT) -> HttpResponse:
    """Take one that is live or scheduled back from everybody. Any other stays as it is."""
    return _moved(request, id, key, services.withdraw)


def _moved(request: ServiceRequest, id: int, key: str, service: Callable[[Any], None]) -> HttpResponse:
    def work() -> Result:
        with services.locked_broadcast(id) as held:
            service(held)
        return result(200, _shown(id))

    return once(request, key, lambda: _rendered(selectors.broadcast(id).body, work))


def _rendered(text: str | None, work: Work) -> Work:
    """The work, when the text of its answer has been rendered (`safe_html` keeps it): nobody should wait for the
    clock meanwhile."""
    safe_html(text or "")
    return work


def _publish(held: Any) -> None:
    """It is not the request that is wrong, but the broadcast."""
    try:
        services.publish(held)
    except BadValue as error:
        raise HttpError(409, error.detail) from error


def _demand(request: ServiceRequest, scope: Scope, held: Any) -> None:
    """What people see, or are about to see, is not changed by whoever may only write."""
    if services.is_published(held) and scope not in request.auth.scopes:
        raise MissingScope(scope)


def _values(body: BroadcastFields) -> dict[str, Any]:
    """As the services take them: groups by their keys. Raises BadValues. Looked up in the transaction that writes
    them: if one is deleted meanwhile, the second attempt finds out."""
    values = body.values()
    return values | {"groups": set(group_keys(values["groups"]))} if "groups" in values else values


@contextmanager
def _pointed() -> Iterator[None]:
    """What the services find wrong with a field is said at its place in the body."""
    try:
        yield
    except BadFields as error:
        raise BadValues([fault("body", [name], detail) for name, detail in error.fields.items()]) from error


def _shown(pk: int) -> dict[str, Any]:
    return _represented(selectors.broadcast(pk))


def _represented(row: Any) -> dict[str, Any]:
    """In JSON's own types, so that a repeated request gets the same answer to the letter."""
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in AS_THEY_ARE},
        **{name: _moment(getattr(row, name)) for name in MOMENTS},
        "groups": sorted(group.name for group in row.groups.all()),
        "author": row.author_id if row.author_id is None else user_id(row.author_id),
    }


def _moment(value: datetime | None) -> str | None:
    """To the microsecond: what was read may be sent back without changing anything."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
