"""A user's device at the MQTT broker of a site: made of aiomqtt, with the interface of `tests.clients.Client`.

    async with device(site, "bob") as client:               # a ticket is minted as a page would, over the API
        snapshot = await client.until_unread(3)

    async with device(site, "bob", ticket=…, topic="inbox/#") as client: …

`Refused` carries the code of the CONNACK (4: bad user name or password, 5: not authorised), 0x80 for a refused
SUBSCRIBE, or None where the broker ended the connection instead of answering (RabbitMQ).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import aiomqtt

from tests.clients import Client, Ended, Refused, Snapshot
from tests.servers import Site

T = TypeVar("T")

# paho gives the codes of MQTT 3.1.1 in those of MQTT 5.
CONNACK = {132: 1, 133: 2, 136: 3, 134: 4, 135: 5}
REFUSED_SUBSCRIBE = 0x80


class Mqtt(Client):
    """One connection, subscribed to `topic` (the user's own) with QoS 1. The state comes first."""

    path = "MQTT"
    topic = ""
    name: str | None = None  # the user name; the user's id
    clean = True
    identifier = ""
    websocket = False
    mqtt: aiomqtt.Client
    messages: AsyncIterator[aiomqtt.Message]

    async def open(self) -> None:
        password = self.ticket or (await asyncio.to_thread(self.minted) if self.cookies else None)
        await self.connect(self.name or (str(self.user) if self.user else None), password)
        await self.subscribe(self.topic or f"inbox/{self.user}/unread")

    async def connect(self, name: str | None, password: str | None, **options: Any) -> None:
        where = urlsplit(self.site.env["MQTT_WS_URL"] if self.websocket else self.site.env["MQTT_URL"])
        if self.websocket:
            options |= {"transport": "websockets", "websocket_path": where.path or "/"}
        # The client id begins with the user's: RabbitMQ is asked for that.
        named = self.identifier or f"{name}-{uuid4().hex}"
        options = {"identifier": named, "clean_session": self.clean, **options}
        assert where.hostname
        self.mqtt = aiomqtt.Client(where.hostname, where.port or 0, username=name, password=password, **options)
        try:
            await self.stack.enter_async_context(self.mqtt)
        except aiomqtt.MqttCodeError as error:
            code = getattr(error.rc, "value", error.rc)
            raise Refused(CONNACK.get(code or 0, code), str(error)) from error
        except aiomqtt.MqttError as error:
            raise Refused(None, str(error)) from error
        self.messages = aiter(self.mqtt.messages)

    async def subscribe(self, topic: str) -> None:
        """Raises `Refused`."""
        try:
            codes = await self.answered(self.mqtt.subscribe(topic, 1, timeout=10))
        except aiomqtt.MqttError as error:
            raise Refused(None, str(error)) from error
        for code in codes:
            if getattr(code, "value", code) >= REFUSED_SUBSCRIBE:
                raise Refused(REFUSED_SUBSCRIBE, topic)

    async def publish(self, topic: str, payload: str, retain: bool = False) -> None:
        """Raises `Refused` where the broker says no, which few do."""
        try:
            await self.answered(self.mqtt.publish(topic, payload, 1, retain, timeout=10))
        except aiomqtt.MqttError as error:
            raise Refused(None, str(error)) from error

    async def answered(self, asking: Coroutine[Any, Any, T]) -> T:
        """What is asked; aiomqtt would wait for an answer even when the connection has ended."""
        ended: asyncio.Future[None] = self.mqtt._disconnected
        task = asyncio.ensure_future(asking)
        await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            raise aiomqtt.MqttError("disconnected")
        return task.result()

    async def receive(self) -> Snapshot:
        """The next one that is newer: QoS 1 means at least once. None is older, however many processes publish."""
        while True:
            snapshot: Snapshot = json.loads(await self.payload())
            if not self.seen or snapshot["version"] > self.last["version"]:
                return snapshot
            assert snapshot["version"] == self.last["version"], "an older state after a newer one"

    async def payload(self) -> str:
        """Of the next message, as it is."""
        try:
            message = await anext(self.messages)
        except aiomqtt.MqttError as error:
            raise Ended from error
        assert isinstance(message.payload, bytes)
        return message.payload.decode()

    def minted(self) -> str:
        """A ticket for MQTT, as a signed-in page gets it."""
        return mint(self.site, self.cookies, self.web)


def mint(site: Site, cookies: dict[str, str], web: int = 0, **asked: Any) -> str:
    with site.client(web=web) as http:
        http.cookies.update(cookies)
        answer = http.post("/api/v1/tickets/", json={"purpose": "mqtt", **asked}).raise_for_status()
    return str(answer.json()["ticket"])


@asynccontextmanager
async def device(site: Site, name: str = "", *, ticket: str = "", **fields: Any) -> AsyncIterator[Mqtt]:
    """`connect("mqtt", …)` of tests.clients with more to choose: `fields` are attributes of `Mqtt`."""
    cookies = await asyncio.to_thread(site.cookies, name) if name and not ticket else {}
    user = (await asyncio.to_thread(site.call, "ids", [name]))[0] if name else None
    client = Mqtt(site, cookies, 0, user, None, ticket)
    for field, value in fields.items():
        setattr(client, field, value)
    async with client.stack:
        await client.open()
        yield client


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[aiomqtt.Client]:
    """The service user's own connection."""
    where = urlsplit(site.env["MQTT_URL"])
    assert where.hostname
    async with AsyncExitStack() as stack:
        client = aiomqtt.Client(where.hostname, where.port or 0, username=where.username, password=where.password)
        yield await stack.enter_async_context(client)


async def retained(site: Site, topic: str) -> str | None:
    """What the broker has retained there; None for nothing."""
    mark = uuid4().hex
    async with service(site) as client:
        await client.subscribe(topic, 1, timeout=10)
        await client.publish(topic, mark, 1)  # comes after what is retained
        found = None
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            if message.payload.decode() == mark and not message.retain:
                return found
            if message.retain:
                found = message.payload.decode()
    return None
