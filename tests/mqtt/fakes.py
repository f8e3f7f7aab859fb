"""A broker of three lines, which can be paused where two workers may meet."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from push.channels.mqtt import sweep, topics
from push.channels.mqtt.broker import Message, Unreachable


class FakeBroker:
    """A connection to what holds the retained messages. `before` is called before each chunk arrives, `slowly` before
    each PUBACK.

    A connection to the same (`beside`) shares what is retained, and what has been received, in this order.
    """

    def __init__(self, before: Callable[[], None] = lambda: None, beside: "FakeBroker | None" = None) -> None:
        self.name = uuid4().hex
        self.before, self.chunks = before, list[int]()
        self.slowly: Callable[[], None] = lambda: None
        self.topics: dict[str, str] = beside.topics if beside else {}
        self.received: list[Message] = beside.received if beside else []
        self.ended: set[str] = beside.ended if beside else set()

    def publish(
        self, messages: Iterable[Message], retain: bool = True, on_progress: Callable[[], None] = lambda: None
    ) -> None:
        chunk = list(messages)
        self.before()
        if self.name in self.ended:
            raise Unreachable("the broker has ended this connection")
        self.chunks.append(len(chunk))
        for topic, payload in chunk:
            self.received.append((topic, payload))
            self.topics.pop(topic, None)
            if payload:
                self.topics[topic] = payload
        for _ in chunk:
            self.slowly()
            if self.name in self.ended:
                raise Unreachable("the broker has ended this connection")
            on_progress()

    @property
    def alive(self) -> bool:
        return self.name not in self.ended

    def close(self) -> None:
        pass

    def fence(self, name: str) -> None:
        self.ended.add(name)

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
