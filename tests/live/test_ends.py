"""A connection ends with what it was opened with: every way to end a credential, on every transport."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest

from tests.clients import Client, Ended, Refused, connect, plain_http
from tests.conftest import StartSite
from tests.servers import Site

TRANSPORTS = ["websocket", "msgpack", "sse", "iframe", "long-poll", "events"]
CODES = {"websocket": 4401, "msgpack": 4401, "long-poll": 401}  # a stream ends without one
AT_ONCE = 2.0  # seconds, with a resync interval of a minute
RESYNC = 2  # seconds, of any site of a test

numbers = count(1)


class Person:
    """A user of one test alone, signed in once, and what may happen to them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.name = f"ending-{next(numbers)}"
        self.id = site.call("user", self.name)
        self.session = site.cookies(self.name)["sessionid"]
        self.shop = f"shop of {self.name}"

    async def call(self, do: str, *args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(self.site.call, do, *args, **kwargs)

    async def receives(self) -> None:
        await self.call("send", "comment", [self.name], target_title="Tea")

    async def logs_out(self) -> None:
        """By the button, as a browser does."""
        cookies = {"sessionid": self.session, "csrftoken": "t" * 32}
        async with plain_http(self.site, cookies=cookies) as browser:
            answer = await browser.post("/accounts/logout/", headers={"X-CSRFToken": "t" * 32})
            assert answer.status_code == 302

    @asynccontextmanager
    async def connected(self, transport: str, credential: str, **options: Any) -> AsyncIterator[Client]:
        ticket = ""
        if credential == "token ticket":
            ticket = await self.call("token_ticket", self.name, self.shop)
        elif credential == "ticket":
            ticket = await self.call("ticket", self.name, self.session)
        async with connect(transport, self.site, self.name, ticket=ticket, session=self.session, **options) as client:
            await client.next()
            yield client


Way = Callable[[Person], Awaitable[Any]]

THIS_SESSION: dict[str, Way] = {
    "log out": Person.logs_out,
}
EVERY_SESSION: dict[str, Way] = {
    "password": lambda person: person.call("change_password", person.name),
    "deactivation": lambda person: person.call("user", person.name, is_active=False),
}
DELETION: dict[str, Way] = {"deletion": lambda person: person.call("delete_user", person.name)}
TOKEN: dict[str, Way] = {
    "revoke": lambda person: person.call("end_token", person.shop, "revoke"),
    "delete": lambda person: person.call("end_token", person.shop, "delete"),
}
UNSEEN: dict[str, Way] = {  # by any signal: found by the next check
    "expiry": lambda person: person.call("expire_session", person.session),
    "flush": lambda person: person.call("log_out", person.session),
    "delete its row": lambda person: person.call("delete_session", person.session),
    "deactivation by update": lambda person: person.call("change_user", person.name, is_active=False),
    "password by update": lambda person: person.call("change_user", person.name, password="!"),
}
WAYS = THIS_SESSION | EVERY_SESSION | DELETION


def table(ways: dict[str, Way], credentials: list[str], quick: Callable[[str, str, str], bool]) -> list[Any]:
    """Transport × credential × way; the quick part of it is in `make test`."""
    return [
        pytest.param(transport, credential, way, marks=[] if quick(transport, credential, way) else [pytest.mark.soak])
        for transport in TRANSPORTS
        for credential in credentials
        for way in ways
    ]


SERVERS = ["uvicorn", pytest.param("daphne", marks=pytest.mark.soak)]


@pytest.fixture(params=SERVERS)
def slow(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """A site whose resync does not come while a test waits."""
    return shared_site(server=request.param, PUSH_RESYNC_SECONDS=60)


@pytest.fixture(params=SERVERS)
def quick(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, bus="memory")


async def ends(client: Client, transport: str, deadline: float) -> None:
    """It ends in time, and says nothing more before it does."""
    seen = len(client.seen)
    with pytest.raises((Ended, Refused)) as ended:
        await client.until(lambda shown: False, deadline)
    assert len(client.seen) == seen
    assert ended.value.code == CODES.get(transport)


@asynccontextmanager
async def late_in_the_resync(person: Person, web: int = 0) -> AsyncIterator[Client]:
    """What is opened now is not checked by chance. Gives another connection of this user, in a session of its own."""
    async with connect("sse", person.site, person.name, web=web) as other:
        await other.next()
        await person.call("postpone_resyncs", web=web)
        yield other


@pytest.mark.parametrize(
    ("transport", "credential", "way"),
    table(WAYS, ["cookie", "ticket"], lambda transport, credential, way: transport == "websocket" or way == "log out"),
)
async def test_at_once(slow: Site, transport: str, credential: str, way: str) -> None:
    person = await asyncio.to_thread(Person, slow)
    async with late_in_the_resync(person) as other, person.connected(transport, credential) as client:
        await WAYS[way](person)
        if way not in DELETION:
            await person.receives()  # what comes after is not theirs to see
        await ends(client, transport, AT_ONCE)
        if way in THIS_SESSION:  # and another session of theirs goes on
            await other.until_unread(1)


@pytest.mark.parametrize(
    ("transport", "credential", "way"),
    table(TOKEN, ["token ticket"], lambda transport, credential, way: transport == "websocket"),
)
async def test_with_the_service_token(slow: Site, transport: str, credential: str, way: str) -> None:
    person = await asyncio.to_thread(Person, slow)
    async with late_in_the_resync(person), person.connected(transport, credential) as client:
        await TOKEN[way](person)
        await ends(client, transport, AT_ONCE)


@pytest.mark.parametrize(
    ("transport", "credential", "way"),
    table(
        UNSEEN,
        ["cookie", "ticket"],
        lambda transport, credential, way: (
            way in {"expiry", "delete its row"}
            and (transport, credential) in {("websocket", "cookie"), ("sse", "ticket")}
        ),
    ),
)
async def test_within_a_resync(quick: Site, transport: str, credential: str, way: str) -> None:
    person = await asyncio.to_thread(Person, quick)
    async with person.connected(transport, credential) as client:
        await UNSEEN[way](person)
        await ends(client, transport, RESYNC + 2)


@pytest.mark.parametrize("engine", ["signed_cookies", pytest.param("cached_db", marks=pytest.mark.soak), "file"])
async def test_other_engines(shared_site: StartSite, engine: str) -> None:
    site = await asyncio.to_thread(lambda: shared_site(server="uvicorn", PUSH_RESYNC_SECONDS=60, SESSIONS=engine))
    for credential in ("cookie", "ticket"):
        person = await asyncio.to_thread(Person, site)
        async with late_in_the_resync(person), person.connected("websocket", credential) as client:
            await person.logs_out()
            await ends(client, "websocket", AT_ONCE)


async def test_in_another_process_without_a_worker(shared_site: StartSite) -> None:
    shape: dict[str, Any] = {"server": "uvicorn", "bus": "valkey", "web": 2, "worker": False}
    site = await asyncio.to_thread(lambda: shared_site(PUSH_RESYNC_SECONDS=60, **shape))
    person = await asyncio.to_thread(Person, site)
    async with late_in_the_resync(person, 1), person.connected("websocket", "cookie", web=1) as client:
        await person.logs_out()  # at the other one
        await ends(client, "websocket", AT_ONCE)
