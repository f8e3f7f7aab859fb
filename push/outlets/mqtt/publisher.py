"""A chunk of subscribers: read, publish, wait for the PUBACKs, read again."""

import logging
from collections.abc import Collection, Iterable
from typing import Any, Protocol

from inbox import selectors
from inbox.snapshots import user_id

from ...frames import snapshot_json
from . import subscribers, topics
from .broker import Message

logger = logging.getLogger(__name__)

ROUNDS = 5  # somebody whose state changes faster than that is left to the next change, or to the sweep


class Publishes(Protocol):
    """What a chunk needs of a `Broker`."""

    def publish(self, messages: Iterable[Message]) -> None: ...


def publish(keys: Collection[Any], broker: Publishes) -> None:
    """Make these subscribers' retained messages the state of now. Raises `Unreachable`.

    Two workers may publish in the wrong order: the one who was overtaken finds out here, since the version is read
    again after the PUBACK, and publishes once more.
    """
    for _ in range(ROUNDS):
        if not keys:
            return
        keys = _publish_once(keys, broker)
    if keys:
        logger.debug("The state of %d MQTT subscribers changes faster than it can be published", len(keys))


def clear(keys: Collection[Any], broker: Publishes) -> None:
    """Take back what is retained for these, and publish for them no more. Raises `Unreachable`."""
    if keys:
        broker.publish([(topics.unread(user_id(key)), "") for key in keys])
        subscribers.forget(keys)


def _publish_once(keys: Collection[Any], broker: Publishes) -> list[Any]:
    """Returns those whose state has changed meanwhile."""
    found, active = selectors.snapshots(keys), subscribers.active(keys)
    clear([key for key in keys if user_id(key) not in found], broker)
    states = {key: found[user_id(key)] for key in keys if key in active and user_id(key) in found}
    broker.publish([(topics.unread(state.user), snapshot_json(state)) for state in states.values()])
    subscribers.record({key: state.version for key, state in states.items()})
    now = selectors.versions(states)
    return [key for key, state in states.items() if now.get(state.user, state.version) > state.version]
