"""What became of a send, and its recall and rewriting: `sends/{id}/`, `messages/{key}/`."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Body, Path, Router

from ... import selectors, services
from ...errors import BadValue
from ...models import Correction, CorrectionKind, Scope, Send
from ...services.access.idempotency import Result, Work
from ..shared.auth import Service, ServiceRequest
from ..shared.document import answers
from ..shared.faults import fault
from ..shared.limits import KIB, json_body
from ..shared.problems import BadValues
from ..shared.schemas import ABSENT
from ..shared.throttle import add_rate_limit_headers
from ..shared.times import moment
from .events import AnyRewrite, MessageKey, Rewrite
from .once import Key, once, result
from .sends import Progress, Recalled, Rewritten, SendPath

router = Router()
router.add_decorator(json_body(1024 * KIB), mode="view")
router.add_decorator(add_rate_limit_headers, mode="view")

KINDS = CorrectionKind.RECALL, CorrectionKind.REWRITE
REFUSALS = 400, 403, 404, 409, 413, 415, 422
Find = Callable[[], Send]


@router.get(
    "sends/{id}/",
    auth=Service(Scope.MESSAGES_READ),
    response=answers({200: Progress}, 403, 404, 422),
    operation_id="getSend",
    summary="How far a send has come",
)
def progress(request: ServiceRequest, id: Path[SendPath]) -> dict[str, Any]:
    """Repeat the request until `status` is “done” or “failed”; after a recall or rewrite that was answered with 202,
    until that of `recall` or `rewrite` is. Rewrites follow one another: when one is “done”, none before it is pending.
    One before it may have “failed”: then some recipients don't have the values that only that one gave, until they are
    sent again."""
    found = selectors.send(id, request.auth)
    recalls, rewrites = ([_corrected(each) for each in selectors.corrections(found, kind)] for kind in KINDS)
    return {
        "send": found.pk,
        "key": found.key,
        "type": found.type,
        "status": found.status,
        "reason": found.reason or None,
        "recipients": found.recipients,
        "created": found.created,
        "unknown": found.unknown,
        "created_at": found.created_at.isoformat(),
        "finished_at": found.finished_at and found.finished_at.isoformat(),
        "failed_at": found.failed_at and found.failed_at.isoformat(),
        "recall": next(iter(recalls), None),
        "rewrite": next(iter(rewrites), None),
        "rewrites": rewrites,
        "pressed": selectors.pressed(found),
    }


@router.delete(
    "sends/{id}/",
    auth=Service(Scope.MESSAGES_WRITE),
    response=answers({200: Recalled, 202: Recalled}, 400, 403, 404, 409, 413, 422),
    operation_id="recallSend",
    summary="Recall a send",
)
def recall(request: ServiceRequest, id: Path[SendPath], idempotency_key: Key = ABSENT) -> HttpResponse:
    """As `DELETE messages/{key}/`, for a send without a key."""
    return _recall(request, idempotency_key, lambda: selectors.send(id, request.auth))


@router.delete(
    "messages/{key}/",
    auth=Service(Scope.MESSAGES_WRITE),
    response=answers({200: Recalled, 202: Recalled}, 400, 403, 404, 409, 413, 422),
    operation_id="recallMessage",
    summary="Recall what was sent with this key",
)
def recall_by_key(request: ServiceRequest, key: Path[MessageKey], idempotency_key: Key = ABSENT) -> HttpResponse:
    """Removes the messages from every mailbox; their recipients can't undo it. What is still to be written is not
    written any more. Up to 1,000 are removed before the response (200). More are removed later (202, see `Location`).
    A recall that is repeated gets the same numbers. Sends are known for 30 days."""
    return _recall(request, idempotency_key, lambda: selectors.send_by_key(key, request.auth))


@router.patch(
    "sends/{id}/",
    auth=Service(Scope.MESSAGES_WRITE),
    response=answers({200: Rewritten, 202: Rewritten}, *REFUSALS),
    operation_id="rewriteSend",
    summary="Rewrite a send",
)
def rewrite(
    request: ServiceRequest, id: Path[SendPath], rewrite: Body[AnyRewrite], idempotency_key: Key = ABSENT
) -> HttpResponse:
    """As `PATCH messages/{key}/`, for a send without a key."""
    return _rewrite(request, idempotency_key, rewrite, lambda: selectors.send(id, request.auth))


@router.patch(
    "messages/{key}/",
    auth=Service(Scope.MESSAGES_WRITE),
    response=answers({200: Rewritten, 202: Rewritten}, *REFUSALS),
    operation_id="rewriteMessage",
    summary="Rewrite what was sent with this key",
)
def rewrite_by_key(
    request: ServiceRequest, key: Path[MessageKey], rewrite: Body[AnyRewrite], idempotency_key: Key = ABSENT
) -> HttpResponse:
    """Gives every recipient's message these values. It stays read, archived or starred, and in its thread; with
    `again`, it arrives a second time. Up to 1,000 are rewritten before the response (200). More are rewritten later
    (202, see `Location`)."""
    return _rewrite(request, idempotency_key, rewrite, lambda: selectors.send_by_key(key, request.auth))


def _recall(request: ServiceRequest, key: str | None, find: Find) -> HttpResponse:
    def work() -> Result:
        send = find()
        found = services.recall(send.pk)
        return _answer(request, send, found, _numbers(found))

    return once(request, key, lambda: work)


def _numbers(recall: Correction) -> dict[str, int]:
    return {"recalled": recall.found, "read": recall.read, "kept": recall.kept}


def _rewrite(request: ServiceRequest, key: str | None, event: Rewrite, find: Find) -> HttpResponse:
    def plan() -> Work:
        send = find()
        if event.event_type() != send.type:
            raise BadValues([fault("body", ["type"], _("It was sent as “%s”.") % send.type)])
        return work

    def work() -> Result:
        send = find()
        try:
            found = services.rewrite(send.pk, event.columns(), again=event.again)
        except BadValue as error:
            raise BadValues([fault("body", [], error.detail)]) from error
        return _answer(request, send, found, {"rewritten": found.found})

    return once(request, key, plan)


def _answer(request: HttpRequest, send: Send, found: Correction, counts: dict[str, int]) -> Result:
    """200 if it is done; or 202, with the URL of the send."""
    is_done = found.finished_at is not None
    root = request.path.rstrip("/").rsplit("/", 2)[0]
    location = "" if is_done else f"{root}/sends/{send.pk}/"
    return result(200 if is_done else 202, {"send": send.pk, **counts}, location=location)


def _corrected(found: Correction) -> dict[str, Any]:
    is_recall = found.kind == CorrectionKind.RECALL
    counts = _numbers(found) if is_recall else {"rewritten": found.found}
    times = {"created_at": moment(found.created_at), "finished_at": moment(found.finished_at)}
    return {"status": found.status, "reason": found.reason or None, **counts, **times}
