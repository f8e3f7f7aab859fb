"""Every write of a service: one transaction, once per `Idempotency-Key`, answered after its commit."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header

from .. import selectors, services
from ..services.idempotency import Result, Work, told
from .schemas import ABSENT

Key = Annotated[
    str,
    Header(
        default=ABSENT,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Any text of your own, new for each request: repeated within 24 hours, it counts once.",
    ),
]


def result(status: int, body: Any = None, *, location: str = "", snapshot_of: Any = None) -> Result:
    """What a write has come to. The snapshot of a user is added after the commit."""
    return {"status": status, "body": body, "location": location, "snapshot_of": snapshot_of}


def once(request: Any, key: str | None, plan: Callable[[], Work]) -> HttpResponse:
    """Do the work of this request in one transaction, and answer with its result. What came with this key before is
    only answered. `request.auth` is the service's token; `plan` as in `services.settle`."""
    row = services.claim_key(request.auth, key, _digest(request)) if key else None
    done = told(row) if row is not None else None
    if row is not None and done is not None and row.is_final:
        return _respond(done)
    found = services.settle(row, plan) if done is None else done
    _add_snapshot(found)
    if row is not None:
        services.finish(row, found)
    return _respond(found)


def _add_snapshot(found: Result) -> None:
    if found["snapshot_of"] is None:
        return
    for snapshot in selectors.snapshots([found["snapshot_of"]]).values():  # none of who has gone since
        found["body"]["snapshot"] = snapshot.as_dict()


def _digest(request: HttpRequest) -> str:
    said = [str(request.method).encode(), request.get_full_path().encode(), request.body]
    return sha256(b"\n".join(said)).hexdigest()


def _respond(found: Any) -> HttpResponse:
    response: HttpResponse = JsonResponse(found["body"], status=found["status"], encoder=DjangoJSONEncoder, safe=False)
    if found["status"] == 204:
        response = HttpResponse(status=204)
    if found["location"]:
        response["Location"] = found["location"]
    return response
