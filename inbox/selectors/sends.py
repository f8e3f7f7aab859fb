"""The progress of sends."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _

from ..errors import NotFound
from ..models import Correction, CorrectionKind, Message, Send, ServiceToken, event_types

MOST_REWRITES = 10  # of one send, that are shown


def send(pk: int, token: ServiceToken) -> Send:
    """One send of this token's service. Raises NotFound."""
    return _one(_of(token).filter(pk=pk))


def send_by_key(key: str, token: ServiceToken) -> Send:
    """The send to which this token's service gave this key. Raises NotFound."""
    return _one(_of(token).filter(key=key))


def sends_by_key(keys: Collection[str], token: ServiceToken) -> dict[str, int]:
    """Those of the keys that this token's service has used already, with the numbers of the sends."""
    found = Send.objects.filter(service=token.service_id, key__in=keys).values_list("key", "pk")
    return {key: pk for key, pk in found if key is not None}


def corrections(send: Send, kind: CorrectionKind) -> list[Correction]:
    """The recall of a send, or its latest rewrites, the newest first."""
    return list(send.corrections.filter(kind=kind).order_by("-pk")[:MOST_REWRITES])


def rewritten_since(rows: "QuerySet[Message]", version: int) -> list[str]:
    """The refs of those of these messages of one mailbox that were rewritten, and arrived again, after this version of
    the mailbox."""
    found = rows.filter(since__gt=version, send_id__isnull=False)
    sends = dict(found.values_list("pk", "send_id"))
    again = Correction.objects.filter(kind=CorrectionKind.REWRITE, again=True, send__in=set(sends.values()))
    rewritten = set(again.values_list("send", flat=True)) if sends else set()
    return [f"{rows.model.event_type()}-{pk}" for pk, send in sends.items() if send in rewritten]


def _of(token: ServiceToken) -> QuerySet[Send]:
    """The sends of the token's service. Processes of the version before write only the token."""
    mine = Q(service=token.service_id) | Q(service=None, token__service=token.service_id)
    return Send.objects.filter(mine, Q() if token.service_id else Q(pk=None))


def _one(sends: QuerySet[Send]) -> Send:
    found = sends.first()
    if found is None:
        raise NotFound(_("There is no such send."))
    return found


def pressed(send: Send) -> list[int] | None:
    """How many recipients pressed each button of its messages last; None if they have no buttons, or are gone."""
    model = event_types().get(send.type)
    rows = model.objects.filter(send_id=send.pk) if model else None
    message = rows.only("buttons").first() if rows is not None else None
    if rows is None or message is None or not message.valid_buttons:
        return None
    counts = dict(rows.exclude(pressed=None).order_by().values_list("pressed").annotate(Count("pk")))
    return [counts.get(number, 0) for number in range(len(message.valid_buttons))]


def pending_sends() -> tuple[int, datetime | None]:
    """The number of pending sends, and the time at which the oldest of them was created."""
    found = Send.objects.pending().aggregate(count=Count("pk"), oldest=Min("created_at"))
    return found["count"], found["oldest"]


def failed_sends() -> int:
    """The number of sends that were given up, and not retried."""
    return int(Send.objects.failed().count())
