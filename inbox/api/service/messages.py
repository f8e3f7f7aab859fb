"""Sending, for other services: `messages/`, `messages/batch/`. What becomes of a send is in `corrections.py`."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Body, Router
from pydantic import TypeAdapter, ValidationError

from ... import selectors, services
from ...core.users import UserPk
from ...models import Scope, Send, ServiceToken
from ...services import Order
from ...services.access.idempotency import Result, Work
from ..shared.auth import Service, ServiceRequest
from ..shared.document import answers
from ..shared.faults import fault, sentence
from ..shared.limits import KIB, json_body
from ..shared.problems import BadValues
from ..shared.schemas import ABSENT
from ..shared.throttle import add_rate_limit_headers
from .events import AnyEvent, Event
from .once import Key, once, result
from .orders import OrderBuilder
from .sends import Batch, BatchResults, Queued, Sent

router = Router()
router.add_decorator(json_body(1024 * KIB), mode="view")
router.add_decorator(add_rate_limit_headers, mode="view")

WRITE_REFUSALS = 400, 403, 409, 413, 415, 422
any_event: TypeAdapter[Event] = TypeAdapter(AnyEvent)
Line = dict[str, object]  # the result of one event of a batch (`BatchResult`)


@router.post(
    "messages/",
    auth=Service(Scope.MESSAGES_WRITE),
    response=answers({201: Sent, 202: Queued}, *WRITE_REFUSALS),
    operation_id="send",
    summary="One event to many recipients",
)
def send(request: ServiceRequest, event: Body[AnyEvent], key: Key = ABSENT) -> HttpResponse:
    """Up to 1,000 messages are written before the response (201). More are queued (202, see `Location`). With a
    `topic`, whoever follows it when their part is written gets the message once, named or not; how many follow it shows
    in the numbers, who does nowhere."""

    def plan() -> Work:
        order = OrderBuilder([event], request.auth).build(event)
        return lambda: _answer(request, order, services.start_sends([order], request.auth)[0])

    return once(request, key, plan)


@router.post(
    "messages/batch/",
    auth=Service(Scope.MESSAGES_WRITE),
    response=answers({200: BatchResults}, *WRITE_REFUSALS),
    operation_id="sendBatch",
    summary="Many events",
)
def send_batch(request: ServiceRequest, body: Batch, key: Key = ABSENT) -> HttpResponse:
    """The results are in the order of the events. If an event is refused, the others are sent. Up to 1,000 messages of
    all events together are written before the response; the events beyond that are queued (202)."""
    return once(request, key, lambda: _plan_batch(request, body.messages))


def _answer(request: HttpRequest, order: Order, started: Send) -> Result:
    """201, with the snapshot if there is a single recipient; or 202, with the URL of the send."""
    if started.finished_at is None:
        root = request.path[: request.path.rindex("messages/")]
        body = {"send": started.pk, "recipients": started.recipients, "unknown": list(order.unknown)}
        return result(202, body, location=f"{root}sends/{started.pk}/")
    body = {"send": started.pk, "created": started.created, "unknown": list(order.unknown)}
    return result(201, body, snapshot_of=_single(order))


def _single(order: Order) -> UserPk | None:
    """The recipient, if the request named one only. Who follows a topic is not for a service to know."""
    return order.recipients[0] if len(order.recipients) == 1 and not order.topic else None


def _plan_batch(request: ServiceRequest, messages: Sequence[object]) -> Work:
    """Sends the valid events. For each of the others, the result has its errors."""
    parsed = _without_repeated_keys([_parsed(message, n) for n, message in enumerate(messages)])
    builder = OrderBuilder([event for event in parsed if isinstance(event, Event)], request.auth)
    orders = [_ordered(builder, event, n) if isinstance(event, Event) else event for n, event in enumerate(parsed)]

    def work() -> Result:
        free = _without_taken_keys(orders, request.auth)
        started = iter(services.start_sends([order for order in free if isinstance(order, Order)], request.auth))
        lines = [_line(_answer(request, one, next(started))) if isinstance(one, Order) else one for one in free]
        return result(200, {"results": lines})

    return work


def _without_repeated_keys(events: Sequence[Event | Line]) -> list[Event | Line]:
    """Refuses an event with the key of an earlier one in the batch."""
    seen: set[str] = set()
    kept: list[Event | Line] = []
    for n, event in enumerate(events):
        key = event.key if isinstance(event, Event) else None
        kept.append(event if key is None or key not in seen else _refusal([_repeated(n)]))
        seen |= {key} if key is not None else set()
    return kept


def _repeated(n: int) -> dict[str, str]:
    return fault("body", ["messages", n, "key"], _("Another message of this batch has the same key."))


def _without_taken_keys(orders: Sequence[Order | Line], token: ServiceToken) -> list[Order | Line]:
    keys = [order.key for order in orders if isinstance(order, Order) and order.key is not None]
    taken = selectors.sends_by_key(keys, token) if keys else {}
    return [
        {"status": 409, "send": taken[order.key]} if isinstance(order, Order) and order.key in taken else order
        for order in orders
    ]


def _parsed(message: object, n: int) -> Event | Line:
    try:
        return any_event.validate_python(message)
    except ValidationError as error:
        # In pydantic, the path begins with the tag of the union.
        return _refusal(fault("body", ["messages", n, *one["loc"][1:]], sentence(one)) for one in error.errors())


def _ordered(builder: OrderBuilder, event: Event, n: int) -> Order | Line:
    try:
        return builder.build(event)
    except BadValues as error:
        return _refusal(one | {"pointer": f"/messages/{n}{one['pointer']}"} for one in error.errors)


def _refusal(errors: Iterable[dict[str, str]]) -> Line:
    return {"status": 422, "errors": list(errors)}


def _line(answer: Result) -> Line:
    return {"status": answer["status"], **answer["body"]}
