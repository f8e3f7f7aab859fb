"""Large sends to the followers of a topic: which chunks they have, and how a chunk is written.

A chunk holds a range of keys, and no followers: those who follow when it is written get the message. Named recipients
are in the chunk whose range has their key, so a follower who is also named is in one chunk only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...core.lookups import Among
from ...core.snapshots import UserId, user_id
from ...core.users import UserPk, user_pk
from ...errors import SiteFunctionFailed
from ...models import Mailbox, Message, Send, SendChunk, ledger
from ...selectors import followers
from ...selectors.subjects.stances import may_follow
from ..attempts import Outcome
from ..sending import Order, write_part


def with_followers(order: Order) -> Order:
    """The order with the followers of its topic as recipients, if all are 1,000 at most; else as it is, without the
    actor. If the site can't say who may follow, it is as with many: the send is queued, and tried again."""
    actor = {order.message.actor_id}
    named, found = set(order.recipients) - actor, followers.followers(order.topic, limit=ledger.CHUNK + 2)
    others = set(found) - named - actor
    later = replace(order, recipients=sorted(named))
    if len(named) + len(others) > ledger.CHUNK:
        return later
    try:
        allowed = may_follow(others, order.topic)
    except SiteFunctionFailed:
        return later
    return replace(order, recipients=sorted(named | allowed), followers=frozenset(allowed), topic_is_read=True)


def has_more(order: Order) -> bool:
    """Whether the followers of the topic are not among the recipients yet."""
    return bool(order.topic) and not order.topic_is_read


def number_of_others(order: Order) -> int:
    """How many follow the topic now, neither recipients nor the actor."""
    return followers.number_of_followers(order.topic, [*order.recipients, *_actors(order.message)])


def _actors(message: Message) -> list[UserPk]:
    return [] if message.actor_id is None else [message.actor_id]


def chunks_of(send: Send, order: Order) -> Iterator[SendChunk]:
    if not order.topic:
        for ids in ledger.chunks(order.recipients):
            yield SendChunk(send=send, recipients=_ids(ids))
        return
    # Also if the followers are read already: whoever follows when their part is written gets it.
    named = [pk for pk in order.recipients if pk not in order.followers]
    for ids, after, up_to in _ranges(order.topic, named):
        yield SendChunk(send=send, recipients=_ids(ids), after=_bound(after), up_to=_bound(up_to))


def _ranges(topic: str, named: Sequence[UserPk]) -> Iterator[tuple[list[UserPk], UserPk | None, UserPk | None]]:
    """Ranges of keys that hold all keys there are, with the named recipients of each: (named, after, up to).

    A range has up to 1,000 people, or more if many begin to follow later. Where there are named recipients, half of
    these are theirs.
    """
    half = ledger.CHUNK // 2
    bounds = set(followers.bounds(topic, half if named else ledger.CHUNK))
    mine, theirs, after = set(named), list[UserPk](), None
    for chunk in ledger.chunks(named):
        ledger.ensure(chunk)
    for key in Mailbox.objects.filter(Among("pk", mine | bounds)).order_by("pk").values_list("pk", flat=True):
        if key in mine:
            theirs.append(key)
        if key in bounds or len(theirs) == half:
            yield theirs, after, key
            theirs, after = [], key
    yield theirs, after, None


def _ids(keys: Sequence[UserPk]) -> list[UserId]:
    return [user_id(pk) for pk in keys]


def _bound(key: UserPk | None) -> UserId | None:
    return None if key is None else user_id(key)


def write_range(chunk: SendChunk, named: Sequence[UserPk], message: Message) -> tuple[int, Outcome]:
    """Write to the named recipients of a chunk, and to the followers in its range. Returns how many messages, and the
    columns that leave an empty range, so that nobody gets it again if some of the chunk has to be retried.

    If too many follow by now, a new chunk takes over the rest of the range and the named recipients.
    """
    topic = chunk.send.topic
    after, up_to = (None if bound is None else user_pk(bound) for bound in (chunk.after, chunk.up_to))
    found, here = followers.followers(topic, after, up_to, ledger.CHUNK + 1), list(named)
    if len(found) + len(named) > ledger.CHUNK:
        found, here = found[: ledger.CHUNK // 2], []
        SendChunk.objects.create(send=chunk.send, recipients=_ids(named), after=_bound(found[-1]), up_to=chunk.up_to)
    others = set(found) - set(named)
    everyone = sorted({*here, *others} - set(_actors(message)))
    end = _bound(found[-1]) if found else chunk.up_to
    is_over: Outcome = {} if end is None else {"after": end, "up_to": end}
    return write_part(everyone, message, topic, frozenset(here)), is_over
