"""The retained message follows the mailbox, at every broker."""

import asyncio
import json

from tests.mqtt.conftest import Person
from tests.mqtt_client import device, mint, retained
from tests.servers import Site, eventually


async def test_a_device_gets_the_state_and_what_follows(site: Site, bob: Person) -> None:
    async with device(site, bob.name) as client:
        assert await client.next() == await bob.snapshot()
        await bob.receives()
        await client.until_unread(1)
    async with device(site, bob.name, websocket=True) as client:
        assert await client.next() == await bob.snapshot()


async def test_a_broadcast_reaches_every_device(site: Site, bob: Person, alice: Person) -> None:
    async with device(site, bob.name) as his, device(site, alice.name) as hers:
        before = [(await client.next())["unread"] for client in (his, hers)]
        published = await bob.call("broadcast", "Fire drill")
        for client, count in zip((his, hers), before, strict=True):
            await client.until_unread(count + 1)
        await bob.call("withdraw", published)
        for client, count in zip((his, hers), before, strict=True):
            await client.until_unread(count)


async def test_deleting_a_user_clears_what_is_retained(site: Site, bob: Person) -> None:
    async with device(site, bob.name) as client:
        await client.next()
    assert json.loads(await retained(site, bob.topic) or "")["user"] == bob.id
    await bob.call("delete_user", bob.name)

    async def cleared() -> bool:
        return await retained(site, bob.topic) is None

    await eventually(cleared)

    async def forgotten() -> bool:
        return not await bob.call("sql", f"SELECT 1 FROM push_subscriber WHERE user_id = {bob.id}")

    await eventually(forgotten)


async def test_the_inactive_are_not_published_to(site: Site, bob: Person, alice: Person) -> None:
    async with device(site, bob.name) as his, device(site, alice.name) as hers:
        await his.next()
        await hers.next()
        await bob.call("user", bob.name, is_active=False)
        await bob.receives()
        await alice.receives()
        await hers.until_unread(1)  # so what was before it has had its turn
    shown = json.loads(await retained(site, bob.topic) or "")
    assert shown["unread"] == 0
    await bob.call("user", bob.name, is_active=True)

    async def found_by_the_sweep() -> bool:
        return bool(json.loads(await retained(site, bob.topic) or "{}").get("unread"))

    await eventually(found_by_the_sweep)


async def test_a_burst_is_published_as_its_end(site: Site, bob: Person) -> None:
    async with device(site, bob.name) as client:
        await client.next()
        await asyncio.gather(*(bob.receives() for _ in range(20)))
        await client.until_unread(20)


async def test_who_only_mints_is_published_for(site: Site, bob: Person) -> None:
    """The message is there before the device comes."""
    cookies = await asyncio.to_thread(site.cookies, bob.name)
    await asyncio.to_thread(mint, site, cookies)

    async def there() -> bool:
        return await retained(site, bob.topic) is not None

    await eventually(there)
