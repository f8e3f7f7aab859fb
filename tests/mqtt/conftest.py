"""A site at each broker, shared by these tests: every test makes users of its own."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.conftest import StartSite
from tests.servers import Site

BROKERS = ["embedded", "mosquitto", "rabbitmq"]
COMMENT = {"target_title": "Tea", "excerpt": "Yes"}

numbers = count(1)


# `make test` has the broker whose access is our own code; the contract test runs at all three.
PLACES = [pytest.param(name, marks=[] if name == "embedded" else [pytest.mark.soak]) for name in BROKERS]


@pytest.fixture(scope="session", params=PLACES)
def broker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def site(shared_site: StartSite, broker: str) -> Site:
    return shared_site(mqtt=broker)


class Person:
    """A user of one test alone."""

    def __init__(self, site: Site) -> None:
        self.site, self.name = site, f"device-{next(numbers)}"
        self.id = site.call("user", self.name)
        self.topic = f"inbox/{self.id}/unread"

    async def call(self, do: str, *args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(self.site.call, do, *args, **kwargs)

    async def receives(self) -> None:
        await self.call("send", "comment", [self.name], **COMMENT)

    async def snapshot(self) -> dict[str, Any]:
        return await self.call("snapshot", self.name)  # type: ignore[no-any-return]


@pytest.fixture
def person(site: Site) -> Callable[[], Person]:
    return lambda: Person(site)


@pytest.fixture
def bob(site: Site) -> Person:
    return Person(site)


@pytest.fixture
def alice(site: Site) -> Person:
    return Person(site)
