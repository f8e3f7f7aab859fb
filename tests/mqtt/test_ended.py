"""A device's connection ends with the credential that opened it, whichever broker it is at."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError

from push.channels.mqtt import embedded
from tests.clients import Ended, Refused
from tests.conftest import StartSite
from tests.mqtt.conftest import Person
from tests.mqtt_client import Mqtt, device, mint
from tests.servers import Site, eventually

Way = Callable[[Site, str, dict[str, str]], Any]
AT_ONCE, RESYNC = 3.0, 6.0  # seconds: the site does it itself; it is found (PUSH_RESYNC_SECONDS is 2)


def log_out(site: Site, name: str, cookies: dict[str, str]) -> None:
    with site.client() as browser:
        browser.cookies.update(cookies)
        assert browser.post("/accounts/logout/").status_code == 302


WAYS: dict[str, tuple[Way, float]] = {
    "logging out": (log_out, AT_ONCE),
    "another password": (lambda site, name, cookies: site.call("change_password", name), AT_ONCE),
    "deactivated": (lambda site, name, cookies: site.call("user", name, is_active=False), AT_ONCE),
    "the session is deleted": (lambda site, name, cookies: site.call("delete_session", cookies["sessionid"]), RESYNC),
    "the session expires": (lambda site, name, cookies: site.call("expire_session", cookies["sessionid"]), RESYNC),
    "behind the signals": (lambda site, name, cookies: site.call("change_user", name, is_active=False), RESYNC),
}


async def ends(client: Mqtt, deadline: float) -> None:
    """Until then it may receive what was on its way."""
    async with asyncio.timeout(deadline):
        with suppress(Ended):
            while True:
                await client.payload()


@pytest.fixture(scope="session")
def unhurried(shared_site: StartSite, site: Site, broker: str) -> Site:
    """A site that would find it far too late. (RabbitMQ asks one site only.)"""
    return site if broker == "rabbitmq" else shared_site(mqtt=broker, PUSH_RESYNC_SECONDS=600)


@pytest.mark.parametrize("way", WAYS)
async def test_a_connection_ends_with_its_credential(site: Site, unhurried: Site, way: str) -> None:
    end, deadline = WAYS[way]
    site = unhurried if deadline == AT_ONCE else site
    bob, alice = Person(site), Person(site)
    cookies = await asyncio.to_thread(site.cookies, bob.name)
    ticket = await asyncio.to_thread(mint, site, cookies, 0)
    async with device(site, bob.name, ticket=ticket) as client, device(site, alice.name) as other:
        await bob.receives()
        await client.until_unread(1)
        await asyncio.to_thread(end, site, bob.name, cookies)
        await ends(client, deadline)
        await alice.receives()
        await other.until_unread(1)
    with pytest.raises(Refused):
        async with device(site, bob.name, ticket=ticket):
            pass


async def test_another_credential_of_the_same_user_goes_on(site: Site, broker: str, bob: Person) -> None:
    if broker == "mosquitto":
        pytest.skip("its plugin knows one password for each user: the newest ticket ends the others' connections")
    sessions = [await asyncio.to_thread(site.cookies, bob.name) for _ in range(2)]
    tickets = [await asyncio.to_thread(mint, site, cookies, 0) for cookies in sessions]
    async with device(site, bob.name, ticket=tickets[0]) as gone, device(site, bob.name, ticket=tickets[1]) as stays:
        await asyncio.to_thread(site.call, "delete_session", sessions[0]["sessionid"])
        await ends(gone, RESYNC)
        await bob.receives()
        await stays.until_unread(1)


async def test_the_embedded_broker_logs_that_it_could_not_look(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        loop = asyncio.get_running_loop()

        async def recheck(self) -> None:
            raise DatabaseError("it is away")

    monkeypatch.setattr(embedded, "_brokers", [Broken()])
    embedded.recheck()
    await eventually(lambda: "it is away" in caplog.text, 5)
