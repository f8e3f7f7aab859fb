"""A chunk of subscribers: lease, read, publish, wait for the PUBACKs, give back."""

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from inbox import selectors
from inbox.core.snapshots import user_id

from ...frames import snapshot_json
from . import leases, subscribers, topics
from .broker import Message, TakenOver, Unreachable

logger = logging.getLogger(__name__)

ROUNDS = 5  # somebody whose state changes faster than that is left to the next change, or to the sweep


class Publishes(Protocol):
    """What a chunk needs of a `Broker`."""

    name: str

    def publish(self, messages: Iterable[Message], *, on_progress: Callable[[], None]) -> None: ...

    def fence(self, name: str) -> None: ...


def publish(keys: Collection[Any], broker: Publishes) -> None:
    """Make these subscribers' retained messages the state of now. Raises `Unreachable`.

    Those that another process is publishing for are left to it: it reads their states again (`leases`).
    """
    for _ in range(ROUNDS):
        keys = _leased(keys, broker, _publish)
        if keys:
            keys = leases.give_back(keys, broker.name)
        if not keys:
            return
    logger.debug("The state of %d MQTT subscribers changes faster than it can be published", len(keys))
    leases.give_back(keys, broker.name, wanted=True)


def clear(keys: Collection[Any], broker: Publishes) -> None:
    """Take back what is retained for these, and publish for them no more. Raises `Unreachable`."""
    if held := _leased(keys, broker, _clear):
        leases.give_back(held, broker.name, wanted=True)


Work = Callable[[Collection[Any], Publishes, leases.Renewal], None]


def _leased(keys: Collection[Any], broker: Publishes, work: Work) -> list[Any]:
    """Lease what is free of these, and do the work with it. Returns the keys leased; raises `TakenOver` if another
    process has taken the work for dead."""
    taken = leases.take(keys, broker.name)
    if not taken.keys:
        return []
    renewal = leases.Renewal(taken.keys, broker.name)
    try:
        for name in taken.late:
            broker.fence(name)
            renewal()
        work(taken.keys, broker, renewal)
    except Unreachable as error:
        if leases.is_taken_over(taken.keys, broker.name):
            raise TakenOver(str(error)) from error
        raise
    return taken.keys


def _publish(keys: Collection[Any], broker: Publishes, renewal: leases.Renewal) -> None:
    found, active = selectors.snapshots(keys), subscribers.active(keys)
    _clear([key for key in keys if user_id(key) not in found], broker, renewal)
    states = {key: found[user_id(key)] for key in keys if key in active and user_id(key) in found}
    messages = [(topics.unread(state.user), snapshot_json(state)) for state in states.values()]
    broker.publish(messages, on_progress=renewal)
    subscribers.record({key: state.version for key, state in states.items()})


def _clear(keys: Collection[Any], broker: Publishes, renewal: leases.Renewal) -> None:
    if keys:
        broker.publish([(topics.unread(user_id(key)), "") for key in keys], on_progress=renewal)
        subscribers.forget(keys)
