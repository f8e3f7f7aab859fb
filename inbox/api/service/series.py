"""Broadcasts that recur, for other services: `broadcast-series/`, `broadcast-series/{id}/` with `start/`, `stop/`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Path, Query, Router
from ninja.errors import HttpError

from ... import selectors, services
from ...core.acting import acting
from ...core.snapshots import user_id
from ...errors import BadFields, BadValue
from ...models import Broadcast, Scope
from ...models import BroadcastSeries as Row
from ...services.access.idempotency import Result, Work
from ...services.broadcasts.series import MINUTE
from ..shared.auth import Service, ServiceRequest
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.limits import KIB, json_body
from ..shared.problems import BadValues, MissingScope
from ..shared.schemas import ABSENT
from ..shared.throttle import add_rate_limit_headers
from ..shared.times import moment
from .once import Key, once, result
from .series_schemas import (
    BroadcastSeries,
    BroadcastSeriesDraft,
    BroadcastSeriesId,
    BroadcastSeriesList,
    BroadcastSeriesPatch,
    BroadcastSeriesQuery,
)

router = Router()
router.add_decorator(json_body(4 * KIB), mode="view")
router.add_decorator(add_rate_limit_headers, mode="view")

NAMES = {"template": "broadcast", "duration": "duration_minutes"}  # of fields, in services and here


@router.get(
    "broadcast-series/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: BroadcastSeriesList}, 403, 422),
    operation_id="listBroadcastSeries",
    summary="All series of broadcasts, page by page",
)
def all_series(request: HttpRequest, query: Query[BroadcastSeriesQuery]) -> dict[str, Any]:
    """Newest first, also those that are stopped or over. `GET broadcasts/?series=` has the occurrences of one."""
    page = selectors.series_page(**query.model_dump())
    return {"items": [_document(row) for row in page.items], "next": page.next}


@router.post(
    "broadcast-series/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers({201: BroadcastSeries}, 400, 403, 409, 413, 415, 422),
    operation_id="createBroadcastSeries",
    summary="Let a broadcast recur",
)
def create(request: ServiceRequest, body: BroadcastSeriesDraft, key: Key = ABSENT) -> HttpResponse:
    """Creates a series that is stopped; its author is the token's owner. Occurrences are published when it is
    started."""

    def work() -> Result:
        with _with_pointers(), acting(request.auth.owner_id):
            pk = services.create_series(request.auth.owner, {**body.values(), "template": _template(body)}).pk
        return result(201, _document_of(pk), location=f"{request.path}{pk}/")

    return once(request, key, lambda: work)


@router.get(
    "broadcast-series/{id}/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: BroadcastSeries}, 403, 404, 422),
    operation_id="getBroadcastSeries",
    summary="One series of broadcasts",
)
def one_series(request: HttpRequest, id: Path[BroadcastSeriesId]) -> dict[str, Any]:
    """Its rule, and when its next occurrence is due."""
    return _document_of(id)


@router.patch(
    "broadcast-series/{id}/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers({200: BroadcastSeries}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="changeBroadcastSeries",
    summary="Change a series of broadcasts",
)
def change(
    request: ServiceRequest, id: Path[BroadcastSeriesId], body: BroadcastSeriesPatch, key: Key = ABSENT
) -> HttpResponse:
    """Earlier occurrences stay as they are. If it is active, the token also needs the scope `broadcasts:publish`."""

    def work() -> Result:
        with _with_pointers(), acting(request.auth.owner_id), services.locked_series(id) as series:
            _require_scope(request, Scope.BROADCASTS_PUBLISH, series)
            services.change_series(series, body.values())
        return result(200, _document_of(id))

    return once(request, key, lambda: _checked(id, body.values(), work))


@router.delete(
    "broadcast-series/{id}/",
    auth=Service(Scope.BROADCASTS_WRITE),
    response=answers({204: None}, 400, 403, 404, 409, 413, 422),
    operation_id="deleteBroadcastSeries",
    summary="Delete a series of broadcasts",
)
def delete(request: ServiceRequest, id: Path[BroadcastSeriesId], key: Key = ABSENT) -> HttpResponse:
    """Its occurrences stay. If it is active, the token also needs the scope `broadcasts:withdraw`."""

    def work() -> Result:
        with services.locked_series(id) as series:
            _require_scope(request, Scope.BROADCASTS_WITHDRAW, series)
            series.delete()
        return result(204)

    return once(request, key, lambda: work)


@router.post(
    "broadcast-series/{id}/start/",
    auth=Service(Scope.BROADCASTS_PUBLISH),
    response=answers({200: BroadcastSeries}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="startBroadcastSeries",
    summary="Start a series of broadcasts",
)
def start(request: ServiceRequest, id: Path[BroadcastSeriesId], key: Key = ABSENT) -> HttpResponse:
    """From now on, occurrences are published when they are due. Those that have passed are not. If it is active
    already, nothing changes. 409 if none is to come, if its broadcast was deleted, or (code `not_approved`) if the site
    has the four-eyes rule and the token's owner has written or changed the broadcast."""
    return _change_state(request, id, key, _start)


@router.post(
    "broadcast-series/{id}/stop/",
    auth=Service(Scope.BROADCASTS_WITHDRAW),
    response=answers({200: BroadcastSeries}, 400, 403, 404, 409, 413, 415, 422),
    operation_id="stopBroadcastSeries",
    summary="Stop a series of broadcasts",
)
def stop(request: ServiceRequest, id: Path[BroadcastSeriesId], key: Key = ABSENT) -> HttpResponse:
    """No more occurrences are published. Those that users see stay."""
    return _change_state(request, id, key, services.stop_series)


def _template(body: BroadcastSeriesDraft) -> Broadcast:
    found = Broadcast.objects.filter(pk=body.broadcast).first()
    if found is None:
        raise BadValues([fault("body", ["broadcast"], _("There is no such broadcast."))])
    return found


def _change_state(request: ServiceRequest, id: int, key: str, service: Callable[[Row], None]) -> HttpResponse:
    def work() -> Result:
        with acting(request.auth.owner_id), services.locked_series(id) as series:
            service(series)
        return result(200, _document_of(id))

    return once(request, key, lambda: work)


def _start(series: Row) -> None:
    """As the service, but 409 instead of 422, because the request is valid: the series is not."""
    try:
        services.start_series(series)
    except BadValue as error:
        raise HttpError(409, error.detail) from error


def _checked(pk: int, values: dict[str, Any], work: Work) -> Work:
    """Find a rule that never matches before `work` locks the clock, because that takes long. Raises BadValues."""
    series = selectors.series(pk)
    with _with_pointers():
        services.require_series(services.stored_values(series) | values)
    return work


def _require_scope(request: ServiceRequest, scope: Scope, series: Row) -> None:
    """To change or delete an active series, a token needs this scope, too."""
    if series.is_active and scope not in request.auth.scopes:
        raise MissingScope(scope)


@contextmanager
def _with_pointers() -> Iterator[None]:
    """Add a JSON Pointer into the body to each error that a service finds in a field."""
    try:
        yield
    except BadFields as error:
        faults = [fault("body", [NAMES.get(name, name)], detail) for name, detail in error.fields.items()]
        raise BadValues(faults) from error


def _document_of(pk: int) -> dict[str, Any]:
    return _document(selectors.series(pk))


def _document(row: Row) -> dict[str, Any]:
    """The series in types of JSON, so that a repeated request gets exactly the same response."""
    return {
        "id": row.pk,
        "broadcast": row.template_id,
        "rule": row.rule,
        "starts_on": row.starts_on.isoformat(),
        "at": row.at.isoformat(),
        "time_zone": row.time_zone,
        "duration_minutes": None if row.duration is None else row.duration // MINUTE,
        "active": row.is_active,
        "next_at": moment(row.next_at),
        "problem": row.problem,
        "created_at": moment(row.created_at),
        "author": row.author_id if row.author_id is None else user_id(row.author_id),
    }
