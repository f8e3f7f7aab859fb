"""A chunk of subscribers: lease, read, publish, wait for the PUBACKs, give back."""

import logging
from collections.abc import Collection, Iterable
from typing import Any, Protocol

from inbox import selectors
from inbox.snapshots import user_id

from ...frames import snapshot_json
from . import leases, subscribers, topics
from .broker import Message

logger = logging.getLogger(__name__)

ROUNDS = 5  # somebody whose state changes faster than that is left to the next change, or to the sweep


class Publishes(Protocol):
    """What a chunk needs of a `Broker`."""

    name: str

    def publish(self, messages: Iterable[Message]) -> None: ...

    def fence(self, name: str) -> None: ...


def publish(keys: Collection[Any], broker: Publishes) -> None:
    """Make these subscribers' retained messages the state of now. Raises `Unreachable`.

    Those that another process is publishing for are left to it: it reads their states again (`leases`).
    """
    for _ in range(ROUNDS):
        keys = _lease(keys, broker)
        if not keys:
            return
        _publish(keys, broker)
        keys = leases.give_back(keys, broker.name)
    if keys:
        logger.debug("The state of %d MQTT subscribers changes faster than it can be published", len(keys))
        leases.give_back(keys, broker.name, wanted=True)


def clear(keys: Collection[Any], broker: Publishes) -> None:
    """Take back what is retained for these, and publish for them no more. Raises `Unreachable`."""
    if held := _lease(keys, broker):
        _clear(held, broker)
        leases.give_back(held, broker.name, wanted=True)


def _lease(keys: Collection[Any], broker: Publishes) -> list[Any]:
    taken = leases.take(keys, broker.name)
    for name in taken.late:
        broker.fence(name)
    return taken.keys


def _publish(keys: Collection[Any], broker: Publishes) -> None:
    found, active = selectors.snapshots(keys), subscribers.active(keys)
    _clear([key for key in keys if user_id(key) not in found], broker)
    states = {key: found[user_id(key)] for key in keys if key in active and user_id(key) in found}
    broker.publish([(topics.unread(state.user), snapshot_json(state)) for state in states.values()])
    subscribers.record({key: state.version for key, state in states.items()})


def _clear(keys: Collection[Any], broker: Publishes) -> None:
    if keys:
        broker.publish([(topics.unread(user_id(key)), "") for key in keys])
        subscribers.forget(keys)
