"""What just arrived, for a toast: a courtesy beside the state, which alone is the truth."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from .. import audiences, ledger, refs
from ..errors import NotFound
from ..items import Item, from_broadcast, from_message
from ..models import Broadcast, Mailbox, Message, State, event_types
from ..snapshots import CLOCK_UNIT, UserId, user_id
from ..users import user_pk


def newest(since: Mapping[UserId, int], hint: str) -> dict[UserId, Item]:
    """Each user's newest unread item above the snapshot version they were last sent, if there is one.

    `hint`: an event type ("comment"), "broadcast", or a broadcast's ref ("broadcast-4"), which came with the signal.
    """
    if hint in event_types():
        return _messages(since, event_types()[hint])
    broadcast = _broadcast(hint)
    return _readers(since, broadcast) if broadcast else {}


def _messages(since: Mapping[UserId, int], model: type[Message]) -> dict[UserId, Item]:
    unread = model.objects.unread().filter(recipient=OuterRef("pk")).order_by("-seq").values("pk")
    mailboxes = _mailboxes(since).annotate(_newest=Subquery(unread[:1])).exclude(_newest=None)
    rows = model.objects.using(ledger.alias()).select_related("actor")
    found = rows.filter(pk__in=list(mailboxes.values_list("_newest", flat=True)))
    return {
        key: from_message(row) for row in found if row.seq > since.get(key := user_id(row.recipient_id), 0) % CLOCK_UNIT
    }


def _broadcast(hint: str) -> Broadcast | None:
    rows = Broadcast.objects.using(ledger.alias())
    if hint == refs.BROADCAST:
        return rows.filter(state=State.LIVE).order_by("-clock").first()
    try:
        return rows.filter(pk__in=refs.parse([hint])[refs.BROADCAST]).first()
    except NotFound:
        return None


def _readers(since: Mapping[UserId, int], broadcast: Broadcast) -> dict[UserId, Item]:
    """To whom it is unread, and news."""
    unread = audiences.unread_for(OuterRef("pk")).filter(pk=broadcast.pk)
    reached = _mailboxes(since).filter(Exists(unread)).values_list("pk", flat=True)
    toast = from_broadcast(broadcast)
    return {key: toast for key in map(user_id, reached) if broadcast.clock > since[key] // CLOCK_UNIT}


def _mailboxes(users: Mapping[UserId, Any]) -> Any:
    return Mailbox.objects.using(ledger.alias()).filter(pk__in=[user_pk(user) for user in users])
