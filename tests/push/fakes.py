"""Stand-ins at the hub's two edges: connections that record what they are sent, and reads that answer from a table."""

import asyncio
import threading
from typing import Any

from inbox.core.snapshots import Snapshot, UserId
from inbox.selectors.items import Item
from push.frames import Update
from push.gate.credentials import Credential
from push.hub import Hub
from push.hub.connection import Connection
from push.hub.queries import Answer, Query
from push.refusals import Refusal
from push.wire import Gone, Wire
from push.wire.servers import Message


def snapshot(user: UserId, version: int, unread: int = 0) -> Snapshot:
    return Snapshot(user, version, unread, False, {"comment": unread} if unread else {}, unread, unread)


class FakeWire(Wire):
    """Idle or not as the test says."""

    def __init__(self) -> None:
        super().__init__(self.send)
        self.busy = self.gone = self.aborted = False
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        if self.gone:
            raise ConnectionError
        self.messages.append(message)

    def idle(self) -> bool:
        return not self.busy

    def abort(self) -> None:
        self.aborted = True


class FakeConnection(Connection):
    """Its frames are (version, item) pairs."""

    def __init__(self, key: str, language: str = "en") -> None:
        self.fake = FakeWire()
        super().__init__(self.fake, Credential("session", key), language)
        self.refusals: list[str] = []
        self.alive = 0

    keeps_alive = True

    @staticmethod
    def encode(update: Update, text: str) -> Any:
        return {"version": update.version, "text": text}

    @property
    def versions(self) -> list[int]:
        return [message["version"] for message in self.fake.messages]

    def keep_alive(self) -> None:
        self.alive += 1

    def refuse(self, refusal: Refusal) -> None:
        if self.fake.gone:
            raise Gone
        self.refusals.append(refusal.code)


class FakeReads:
    """Answers from tables, in the hub's reading thread; `gate` holds a read up."""

    def __init__(self) -> None:
        self.sessions: dict[str, UserId] = {}
        self.states: dict[UserId, Snapshot] = {}
        self.items: dict[UserId, dict[str, Item]] = {}
        self.languages: dict[UserId, str] = {}
        self.queries: list[Query] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failures = 0

    def sign_in(self, user: UserId, version: int = 1, unread: int = 0) -> FakeConnection:
        key = f"session-of-{user}"
        self.sessions[key] = user
        self.states.setdefault(user, snapshot(user, version, unread))
        return FakeConnection(key)

    def read(self, query: Query) -> Answer:
        self.queries.append(query)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the database is away")
        opened = self._verify(query.opening)
        users = [*query.users, *opened.values()]
        answer = Answer(
            opened=opened,
            checked=self._verify(query.checking),
            snapshots={user: self.states[user] for user in users if user in self.states},
            changed=[user for user, known in query.compare.items() if self.states[user].version != known],
            languages={user: self.languages[user] for user in opened.values() if user in self.languages},
            items={user: self.items[user] for user in query.known if user in self.items},
        )
        self.gate.wait(10)
        return answer

    def _verify(self, credentials: list[Credential]) -> dict[Credential, UserId]:
        return {each: self.sessions[each.key] for each in credentials if each.key in self.sessions}


async def until(fact: Any, deadline: float = 5) -> None:
    """Let the loop run until `fact()` is true."""
    async with asyncio.timeout(deadline):
        while not fact():  # noqa: ASYNC110 (a fact of several objects, not one event)
            await asyncio.sleep(0.001)


async def joined(the_hub: Hub, *connections: FakeConnection) -> None:
    for connection in connections:
        the_hub.join(connection)
    await until(lambda: all(connection.fake.messages or connection.refusals for connection in connections))
