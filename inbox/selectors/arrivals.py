"""The newest item of each user, for a toast. A toast may be lost; the snapshot alone has to be right."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, Model, OuterRef, QuerySet, Subquery

from ..core.compiled import Compiled
from ..core.lookups import KEYS, Among
from ..core.snapshots import CLOCK_UNIT, UserId, user_id
from ..core.users import user_pk
from ..errors import NotFound
from ..models import Broadcast, Mailbox, Message, State, audiences, event_types, ledger, refs
from .items import Item, from_broadcast, from_message
from .moments import in_own_zones


def newest(since: Mapping[UserId, int], hint: str) -> dict[UserId, Item]:
    """Each user's newest unread item that is newer than the snapshot version they were sent last.

    Users without such an item are absent. `hint` is the `item` of the signal: an event type ("comment"), "broadcast",
    or the ref of a broadcast ("broadcast-4").
    """
    if hint in event_types():
        return _messages(since, event_types()[hint])
    broadcast = _broadcast(hint)
    return _readers(since, broadcast) if broadcast else {}


def _messages(since: Mapping[UserId, int], model: type[Message]) -> dict[UserId, Item]:
    statement = _compiled(ledger.alias(), model)
    messages = [_loaded(model, row) for row in statement.of_users([user_pk(user) for user in since])]
    return {
        key: from_message(message)
        for message in messages
        if message.seq > since[key := user_id(message.recipient_id)] % CLOCK_UNIT
    }


@cache
def _compiled(alias: str, model: type[Message]) -> Compiled[Message]:
    """Each user's newest unread row and its actor. Compiled once, because compiling it takes Django six times as long
    as running it."""
    unread = model.objects.unread().filter(recipient=OuterRef("pk")).order_by("-seq").values("pk")
    mailboxes = Mailbox.objects.filter(Among("pk", KEYS)).annotate(_newest=Subquery(unread[:1]))
    rows = model.objects.using(alias).filter(pk__in=mailboxes.values("_newest"))
    return Compiled(rows.values_list(*_columns(model), *(f"actor__{name}" for name in _columns(get_user_model()))))


def _loaded(model: type[Message], row: Sequence[Any]) -> Message:
    """The message and its actor from a row of both, as `select_related("actor")` would load them."""
    names = _columns(model)
    message = model.from_db(ledger.alias(), names, row[: len(names)])
    user = get_user_model()
    actor = user.from_db(ledger.alias(), _columns(user), row[len(names) :])
    message.actor = actor if actor.pk is not None else None  # no actor, or a deleted user
    return message


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _broadcast(hint: str) -> Broadcast | None:
    rows = Broadcast.objects.using(ledger.alias())
    if hint == refs.BROADCAST:
        return rows.filter(state=State.LIVE).order_by("-clock").first()
    try:
        return rows.filter(pk__in=refs.parse([hint])[refs.BROADCAST]).first()
    except NotFound:
        return None


def _readers(since: Mapping[UserId, int], broadcast: Broadcast) -> dict[UserId, Item]:
    """A toast for each of the users for whom the broadcast is unread and newer than what they were sent last."""
    unread = audiences.unread_for(OuterRef("pk")).filter(pk=broadcast.pk)
    reached = _mailboxes(since).filter(Exists(unread)).values_list("pk", flat=True)
    told = [user for user in reached if broadcast.clock > since[user_id(user)] // CLOCK_UNIT]
    return in_own_zones(told, from_broadcast(broadcast))


def _mailboxes(users: Iterable[UserId]) -> QuerySet[Mailbox]:
    return Mailbox.objects.using(ledger.alias()).filter(pk__in=[user_pk(user) for user in users])
