"""What was not published, by whatever went wrong, and what a broker has forgotten.

Every sweep that comes to its end leaves its own start behind in the broker, retained (the *marker*). Brokers store
what they retain a little late, but in order: one that was killed may have forgotten the last messages, and with them
every marker that came after. So what was published before the marker it still has, less a margin for clocks that
differ, it has as well; the rest is published again. (In the memory of `make run` nothing outlives the process: no
marker, so everything is.)

It does for another rare case too: a worker that is overtaken, publishes the older state last and is killed before it
has looked again. Whatever is published is published once or twice more in the sweeps after it.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ...conf import resync_seconds, sweep_seconds
from . import devices, dynsec, subscribers, topics
from .broker import Broker
from .publisher import clear, publish

MARGIN = 10.0  # seconds by which the clocks of two machines of ours may differ


def steps(broker: Broker) -> Iterator[None]:
    """The sweep, a chunk at each step. Idempotent. Raises `Unreachable`; the marker is then left as it is."""
    started = time.time()
    marker = _marker(broker)
    if marker is not None and started - marker < sweep_seconds() / 2:
        return  # another process has just done it
    for keys in _unpublished(marker):
        publish(keys, broker)
        yield
    for keys in subscribers.expired():
        # A number that nobody keeps true any more would be a lie; an empty topic is none.
        clear(keys, broker)
        yield
    yield from dynsec.sweep(broker, forgotten=marker is None)
    yield from _recheck(broker, started)
    broker.publish([(topics.SWEPT, repr(started))])


def _recheck(broker: Broker, now: float) -> Iterator[None]:
    """Look at all devices' credentials, if the resync interval would be over before the next sweep."""
    checked = _marker(broker, topics.CHECKED)
    if checked is None or now - checked > resync_seconds() - 1.5 * sweep_seconds():
        yield from devices.recheck_all(broker)
        broker.publish([(topics.CHECKED, repr(now))])


def _unpublished(marker: float | None) -> Iterator[list[Any]]:
    yield from subscribers.published_since(None if marker is None else datetime.fromtimestamp(marker - MARGIN, UTC))
    yield from subscribers.behind()


def _marker(broker: Broker, topic: str = topics.SWEPT) -> float | None:
    """When the last one began that the broker knows of, in Unix seconds."""
    with suppress(TypeError, ValueError):  # nothing, or nothing of ours
        return float(broker.retained(topic))  # type: ignore[arg-type]
    return None
