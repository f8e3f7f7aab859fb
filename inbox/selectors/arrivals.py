"""What just arrived, for a toast: a courtesy beside the state, which alone is the truth."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from .. import audiences, ledger, refs
from ..errors import NotFound
from ..items import Item, from_broadcast, from_message
from ..models import Broadcast, Mailbox, Message, event_types
from ..snapshots import CLOCK_UNIT, UserId, user_id
from ..users import user_pk


def newest(since: Mapping[UserId, int], item: str | None) -> dict[UserId, Item]:
    """Each user's newest unread item above the snapshot version they were last sent, if there is one.

    `item` is the hint that came with the signal: an event type ("comment") or a broadcast's ref ("broadcast-4").
    """
    if item in event_types():
        return _messages(since, event_types()[item])
    return _broadcast(since, item) if item else {}


def _messages(since: Mapping[UserId, int], model: type[Message]) -> dict[UserId, Item]:
    unread = model.objects.unread().filter(recipient=OuterRef("pk")).order_by("-seq").values("pk")
    mailboxes = _mailboxes(since).annotate(_newest=Subquery(unread[:1])).exclude(_newest=None)
    rows = model.objects.using(ledger.alias()).select_related("actor")
    found = rows.filter(pk__in=list(mailboxes.values_list("_newest", flat=True)))
    return {
        key: from_message(row) for row in found if row.seq > since.get(key := user_id(row.recipient_id), 0) % CLOCK_UNIT
    }


def _broadcast(since: Mapping[UserId, int], ref: str) -> dict[UserId, Item]:
    try:
        keys = refs.parse([ref])[refs.BROADCAST]
    except NotFound:
        return {}
    unread = audiences.unread_for(OuterRef("pk")).filter(pk__in=keys)
    reached = list(_mailboxes(since).filter(Exists(unread)).values_list("pk", flat=True))
    broadcast = Broadcast.objects.using(ledger.alias()).filter(pk__in=keys).first()
    if broadcast is None:
        return {}
    toast = from_broadcast(broadcast)
    return {key: toast for key in map(user_id, reached) if broadcast.clock > since[key] // CLOCK_UNIT}


def _mailboxes(users: Mapping[UserId, Any]) -> Any:
    return Mailbox.objects.using(ledger.alias()).filter(pk__in=[user_pk(user) for user in users])
