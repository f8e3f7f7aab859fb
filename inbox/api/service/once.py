"""Executes each write of a service in one transaction, once per `Idempotency-Key`, and responds after its commit."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Header
from pydantic import WithJsonSchema

from ... import selectors, services
from ...core.users import UserPk
from ...errors import InboxError
from ...services.access.idempotency import Result, Work, stored_result
from ..shared.auth import ServiceRequest
from ..shared.schemas import ABSENT

MAX_KEY = 255  # characters
# A string (RFC 9651, 3.3.3), whose parameters (3.1.2) are ignored; or the text without quotes, as many clients send it.
STRING = rf'"(?:[ !#-\[\]-~]|\\["\\]){{1,{MAX_KEY}}}"'
BARE = rf"[!#-+\--:<-\[\]-~]{{1,{MAX_KEY}}}"
PARAMETER = rf";[ ]*[a-z*][a-z0-9_.*-]*(?:=(?:{STRING}|{BARE}))?"
KEY = re.compile(rf"[ ]*(?:(?P<string>{STRING})(?:{PARAMETER})*|(?P<bare>{BARE}))[ ]*", re.ASCII)

Key = Annotated[
    str,
    WithJsonSchema({"type": "string", "pattern": f"^({STRING}|{BARE})$"}),
    Header(
        default=ABSENT,
        alias="Idempotency-Key",
        description="A string in quotes, new for each request. A request repeated within 24 hours is executed once.",
    ),
]


class BadKey(InboxError):
    """The `Idempotency-Key` is not a single string (400)."""

    code = "bad_idempotency_key"


def parse_key(field: str) -> str:
    """The key in an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07, 2.1). `"k"` and `k` are the same.

    Raises BadKey for anything else, also for two header fields or an empty key.
    """
    found = KEY.fullmatch(field)
    text = found and (found["bare"] or re.sub(r"\\(.)", r"\1", found["string"][1:-1]))
    if not text:
        detail = _('Idempotency-Key must be one string of at most %d characters in quotes, as in "8e03978e-40d5".')
        raise BadKey(detail % MAX_KEY)
    return text


def result(status: int, body: Any = None, *, location: str = "", snapshot_of: UserPk | None = None) -> Result:
    """The result of a write. The snapshot of `snapshot_of` is added after the commit."""
    return {"status": status, "body": body, "location": location, "snapshot_of": snapshot_of}


def once(request: ServiceRequest, key: str | None, plan: Callable[[], Work]) -> HttpResponse:
    """Execute this request in one transaction, and respond with its result. If a request with this key was executed
    before, only respond with its result. `request.auth` is the service's token; for `plan` see `services.settle`."""
    row = services.claim_key(request.auth, parse_key(key), _digest(request)) if key is not None else None
    done = stored_result(row) if row is not None else None
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
    for snapshot in selectors.snapshots([found["snapshot_of"]]).values():  # none if the user was deleted meanwhile
        found["body"]["snapshot"] = snapshot.as_dict()


def _digest(request: HttpRequest) -> str:
    parts = [str(request.method).encode(), request.get_full_path().encode(), request.body]
    return sha256(b"\n".join(parts)).hexdigest()


def _respond(found: Result) -> HttpResponse:
    response: HttpResponse = JsonResponse(found["body"], status=found["status"], encoder=DjangoJSONEncoder, safe=False)
    if found["status"] == 204:
        response = HttpResponse(status=204)
    if found["location"]:
        response["Location"] = found["location"]
    return response
