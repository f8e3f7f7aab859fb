"""The retained message follows the mailbox."""

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import StartSite
from tests.mqtt_client import device, retained
from tests.servers import Site, eventually

COMMENT = {"target_title": "Tea", "excerpt": "Yes"}


@pytest.fixture(scope="module")
def site(shared_site: StartSite) -> Site:
    return shared_site(mqtt="mosquitto")


async def call(site: Site, do: str, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(site.call, do, *args, **kwargs)


async def test_a_device_gets_the_state_and_what_follows(site: Site) -> None:
    bob = await call(site, "user", "person-of-publishing")
    async with device(site, "person-of-publishing") as client:
        assert await client.next() == await call(site, "snapshot", "person-of-publishing")
        await call(site, "send", "comment", ["person-of-publishing"], **COMMENT)
        assert (await client.until_unread(1))["user"] == bob
    async with device(site, "person-of-publishing", websocket=True) as client:
        assert (await client.next())["unread"] == 1


async def test_deleting_a_user_clears_what_is_retained(site: Site) -> None:
    gone = await call(site, "user", "soon-gone")
    topic = f"inbox/{gone}/unread"
    async with device(site, "soon-gone") as client:
        await client.next()
    assert json.loads(await retained(site, topic) or "")["user"] == gone
    await call(site, "delete_user", "soon-gone")

    async def cleared() -> bool:
        return await retained(site, topic) is None

    await eventually(cleared)
    assert await call(site, "sql", f"SELECT 1 FROM push_subscriber WHERE user_id = {gone}") == []
