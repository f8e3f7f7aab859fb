"""A broker of three lines, which can be paused where two workers may meet."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from push.outlets.mqtt import sweep, topics
from push.outlets.mqtt.broker import Message


class FakeBroker:
    """Holds what is retained. `before` is called with each chunk before it arrives."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before, self.topics, self.chunks = before, dict[str, str](), list[int]()

    def publish(self, messages: Iterable[Message], retain: bool = True) -> None:
        chunk = list(messages)
        self.before()
        self.chunks.append(len(chunk))
        for topic, payload in chunk:
            self.topics.pop(topic, None)
            if payload:
                self.topics[topic] = payload

    def retained(self, topic: str) -> str | None:
        return self.topics.get(topic)

    def unread(self, user: Any) -> int | None:
        payload = self.topics.get(topics.unread(user.pk))
        return json.loads(payload)["unread"] if payload else None


def swept_later(broker: FakeBroker) -> None:
    """A minute after the last sweep."""
    broker.topics[topics.SWEPT] = repr(time.time() - 60)
    swept(broker)


def swept(broker: FakeBroker) -> None:
    for _ in sweep.steps(broker):  # type: ignore[arg-type]
        pass
