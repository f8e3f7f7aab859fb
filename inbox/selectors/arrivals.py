"""The newest item of each user, for a toast. A toast may be lost; the snapshot alone has to be right."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, Model, OuterRef, QuerySet, Subquery

from ..core.lookups import KEYS, Among
from ..core.snapshots import CLOCK_UNIT, UserId, user_id
from ..core.sql.compiled import Compiled
from ..core.users import UserPk, user_pk
from ..errors import NotFound
from ..models import Broadcast, BroadcastReceipt, Mailbox, Message, State, audiences, event_types, ledger, refs
from ..models.base import MailboxRowQuerySet
from .faces import load_faces
from .items import Item, from_broadcast, from_message
from .moments import in_own_zones
from .recorded import own


def newest(since: Mapping[UserId, int], hint: str) -> dict[UserId, Item]:
    """Each user's newest unread item that is newer than the snapshot version they were sent last.

    Users without such an item are absent. `hint` is the `item` of the signal: an event type ("comment"), "broadcast",
    the ref of a broadcast ("broadcast-4"), or a type whose items have come back ("back:comment").
    """
    if hint.startswith(refs.BACK):
        return _back(since, hint.removeprefix(refs.BACK))
    if hint in event_types():
        return _messages(since, event_types()[hint])
    broadcast = _broadcast(hint)
    return _readers(since, broadcast) if broadcast else {}


def _messages(since: Mapping[UserId, int], model: type[Message]) -> dict[UserId, Item]:
    statement = _compiled(ledger.alias(), model)
    messages = {
        key: message
        for message in (_loaded(model, row) for row in statement.of_users([user_pk(user) for user in since]))
        if message.seq > since[key := user_id(message.recipient_id)] % CLOCK_UNIT
    }
    return _items(messages)


def _items(messages: Mapping[UserId, Message]) -> dict[UserId, Item]:
    load_faces(messages.values())
    return {key: _marked(from_message(message)) for key, message in messages.items()}


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
    reached = _who_has_unread(since, broadcast)
    told = [user for user in reached if broadcast.clock > since[user_id(user)] // CLOCK_UNIT]
    return in_own_zones(told, _marked(from_broadcast(broadcast)))


def _back(since: Mapping[UserId, int], name: str) -> dict[UserId, Item]:
    """The item of this type that has come back to each user after the snapshot they were sent last; the newest one."""
    if name == refs.BROADCAST:
        return _back_broadcasts(_keys_of_back(since, BroadcastReceipt.objects.all()))
    if (model := event_types().get(name)) is None:
        return {}
    keys = _keys_of_back(since, model.objects.all())
    messages = model.objects.using(ledger.alias()).filter(pk__in=keys).select_related("actor")
    return _items({user_id(message.recipient_id): message for message in messages})


def _keys_of_back(since: Mapping[UserId, int], rows: MailboxRowQuerySet[Any]) -> list[int]:
    mine = Among("recipient", [user_pk(user) for user in since])
    back = rows.using(ledger.alias()).unread().filter(mine, since__isnull=False).order_by("since")
    keys = {user_id(pk): (key, version) for key, pk, version in back.values_list("pk", "recipient", "since")}
    return [key for user, (key, version) in keys.items() if version > since[user] % CLOCK_UNIT]


def _back_broadcasts(receipts: Collection[int]) -> dict[UserId, Item]:
    """The broadcasts of these receipts, to those who still see them."""
    items: dict[UserId, Item] = {}
    rows = BroadcastReceipt.objects.using(ledger.alias()).filter(pk__in=receipts).select_related("broadcast")
    by_broadcast = groupby(rows.order_by("broadcast_id"), key=attrgetter("broadcast"))
    for broadcast, group in by_broadcast:
        readers = [user_id(receipt.recipient_id) for receipt in group]
        items |= in_own_zones(_who_has_unread(readers, broadcast), _marked(from_broadcast(broadcast)))
    return items


def _marked(item: Item) -> Item:
    """With the mark whether it is important, by the settings of this process: a toast is no state, so that while others
    have other settings it may differ, and no statement is needed."""
    return replace(item, important=True) if own().says_important(item.type, item.level) else item


def _who_has_unread(users: Iterable[UserId], broadcast: Broadcast) -> list[UserPk]:
    unread = audiences.unread_for(OuterRef("pk")).filter(pk=broadcast.pk)
    return list(_mailboxes(users).filter(Exists(unread)).values_list("pk", flat=True))


def _mailboxes(users: Iterable[UserId]) -> QuerySet[Mailbox]:
    return Mailbox.objects.using(ledger.alias()).filter(pk__in=[user_pk(user) for user in users])
