"""Who may do what at the broker: the same at each of them, tried with bob's own valid credentials."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

import aiomqtt
import pytest

from push.channels.mqtt import topics
from tests.clients import Ended, Refused
from tests.mqtt.conftest import Person
from tests.mqtt_client import Mqtt, device, mint, retained, service
from tests.servers import Site, eventually

BAD_CREDENTIALS = {4, 5}  # brokers differ in which of the two they say


async def ticket_of(person: Person, **asked: Any) -> str:
    cookies = await asyncio.to_thread(person.site.cookies, person.name)
    return await asyncio.to_thread(mint, person.site, cookies, **asked)


async def test_nobody_gets_in_without_a_ticket(site: Site, bob: Person, alice: Person) -> None:
    his = await ticket_of(bob)
    for name, password in [(None, None), (str(bob.id), None), (str(bob.id), "wrong"), (str(alice.id), his)]:
        with pytest.raises(Refused) as refusal:
            await connected(site, name, password)
        assert refusal.value.code in BAD_CREDENTIALS, (name, refusal.value)


async def connected(site: Site, name: str | None, password: str | None, **options: Any) -> None:
    client = Mqtt(site, {}, 0)
    async with client.stack:
        await client.connect(name, password, **options)


async def test_names_that_reach_further_are_refused(site: Site, bob: Person) -> None:
    ticket = await ticket_of(bob)
    for name in ("#", "+", "*", "inbox/#", "{bob}/unread", "+/{bob}", "{bob}#"):
        with pytest.raises(Refused) as refusal:
            await connected(site, name.format(bob=bob.id), ticket)
        assert refusal.value.code in BAD_CREDENTIALS, name


FOREIGN = ["inbox/{alice}/unread", "inbox/#", "#", "+", "inbox/+/unread", "+/{bob}/unread"]
FOREIGN += [topics.SWEPT, "inbox/{bob}/#", "$SYS/#", "$CONTROL/#", "$share/g/inbox/{bob}/unread"]


async def test_other_topics_cannot_be_subscribed_to(site: Site, bob: Person, alice: Person) -> None:
    ticket = await ticket_of(bob)
    async with device(site, alice.name) as hers:
        await hers.next()
        for topic in (text.format(alice=alice.id, bob=bob.id) for text in FOREIGN):
            with pytest.raises(Refused) as refusal:
                async with device(site, bob.name, ticket=ticket, topic=topic):
                    pytest.fail(f"subscribed to {topic}")
            assert refusal.value.code in (0x80, None)


@pytest.mark.parametrize("retain", [False, True])
async def test_users_publish_nothing(site: Site, bob: Person, alice: Person, retain: bool) -> None:
    ticket, forged = await ticket_of(bob), uuid4().hex
    await subscribed(site, alice)
    for topic in (alice.topic, bob.topic, topics.SWEPT, "anything"):
        async with service(site) as watching:
            await watching.subscribe(topic, 1)
            async with device(site, bob.name, ticket=ticket) as his:
                with suppress(Refused):  # RabbitMQ ends the connection, the others acknowledge and forget
                    await his.publish(topic, forged, retain)
            await watching.publish(topic, mark := uuid4().hex, 1)
            async for message in watching.messages:
                assert message.payload != forged.encode()
                if message.payload == mark.encode():
                    break
        assert await retained(site, topic) != forged


async def subscribed(site: Site, person: Person) -> None:
    """They have a retained message."""
    async with device(site, person.name) as client:
        await client.next()


async def test_nor_by_their_will(site: Site, bob: Person, alice: Person) -> None:
    will = aiomqtt.Will(alice.topic, "forged", 1, retain=True)
    async with service(site) as watching:
        await watching.subscribe(alice.topic, 1)
        with suppress(Refused):  # Mosquitto and the embedded broker don't even let him in
            await cut_off(site, bob, will)
        await watching.publish(alice.topic, "mark", 1)
        async for message in watching.messages:
            assert message.payload != b"forged"
            if message.payload == b"mark":
                break
    assert await retained(site, alice.topic) != "forged"


async def cut_off(site: Site, person: Person, will: aiomqtt.Will) -> None:
    """Connect with that will, and be gone without a DISCONNECT."""
    client = Mqtt(site, {}, 0)
    async with client.stack:
        await client.connect(str(person.id), await ticket_of(person), will=will)
        connection = client.mqtt._client.socket()
        assert connection is not None
        connection.shutdown(2)


async def test_an_expired_ticket_is_refused(site: Site, bob: Person) -> None:
    """Within one sweep where the broker has to be told (Mosquitto)."""
    ticket = await ticket_of(bob, ttl=2)

    async def refused() -> bool:
        try:
            await connected(site, str(bob.id), ticket)
        except Refused as refusal:
            return refusal.code in BAD_CREDENTIALS
        return False

    await eventually(refused, deadline=15)


async def test_logging_out_bars_the_way_back(site: Site, bob: Person) -> None:
    cookies = await asyncio.to_thread(site.cookies, bob.name)
    ticket = await asyncio.to_thread(mint, site, cookies)
    await connected(site, str(bob.id), ticket)
    with site.client() as http:
        http.cookies.update(cookies)
        http.post("/accounts/logout/")

    async def refused() -> bool:
        try:
            await connected(site, str(bob.id), ticket)
        except Refused:
            return True
        return False

    await eventually(refused, deadline=15)


async def test_a_session_is_not_inherited_by_another_user(site: Site, bob: Person, alice: Person) -> None:
    """MQTT knows a session by its client id alone: whoever says alice's must not get what she subscribed to."""
    hers, his = Mqtt(site, {}, 0), Mqtt(site, {}, 0)
    identity = {"identifier": f"{alice.id}-phone", "clean_session": False}
    async with hers.stack:
        await hers.connect(str(alice.id), await ticket_of(alice), **identity)
        await hers.subscribe(alice.topic)
        await hers.payload()
        async with his.stack:
            with suppress(Refused, Ended):  # RabbitMQ lets him have no queue of that name
                await his.connect(str(bob.id), await ticket_of(bob), **identity)
                await his.subscribe(bob.topic)
                await alice.receives()
                await bob.receives()
                shown = ""
                while '"unread":1' not in shown:
                    shown = await his.payload()
                    assert f'"user":{bob.id},' in shown
