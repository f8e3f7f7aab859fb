"""Promises 4 and 5: a send that was answered is finished, whoever dies in the middle, and nobody gets it twice."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients import connect
from tests.conftest import StartSite
from tests.servers import KEPT, Site, wait_for
from tools.stores import Valkey

USERS = """
    INSERT INTO auth_user
        (username, password, is_superuser, is_staff, is_active, date_joined, first_name, last_name, email)
    SELECT 'crowd' || n, '', false, false, true, now(), '', '', '' FROM generate_series(1, {}) n
"""
ONE_EACH = "SELECT count(*), count(DISTINCT recipient_id) FROM inbox_followmessage"
OUTLASTED = 45.0  # seconds: a sweep takes over what has not come on for ten; the rest is for a busy machine


@pytest.fixture
def crowd(start_site: StartSite, own_valkey: Valkey) -> Iterator[Any]:
    """A stack with so many users, and a service that may send them something."""
    clients: list[httpx.Client] = []

    def start(number: int, **options: Any) -> tuple[Site, httpx.Client]:
        site = start_site(
            server="uvicorn", bus=own_valkey.url, database="postgres", INBOX_REQUESTS_PER_MINUTE=10**6, **options
        )
        site.call("sql", USERS.format(number))
        bearer = {"Authorization": f"Bearer {site.call('token')}"}
        clients.append(httpx.Client(base_url=site.url(""), headers=bearer, timeout=60, limits=KEPT))
        return site, clients[0]

    yield start
    clients[0].close()


def started(client: httpx.Client) -> str:
    answer = client.post("/api/v1/messages/", json={"type": "follow", "audience": "everyone"})
    assert answer.status_code == 202
    return str(answer.headers["Location"])


def in_the_middle(client: httpx.Client, send: str) -> bool:
    line = client.get(send).json()
    assert line["created"] < line["recipients"], "the worker was too quick for this test"
    return bool(line["created"] > 0)


def finished(site: Site, client: httpx.Client, send: str) -> None:
    """Everybody has one, and bob's badge says so."""
    done = wait_for(lambda: (line := client.get(send).json())["status"] == "done" and line, OUTLASTED)
    total = done["recipients"]
    assert site.call("sql", ONE_EACH) == [[total, total]]
    assert done["created"] == total
    assert site.call("snapshot", "bob")["by_type"] == {"follow": 1}


@pytest.mark.parametrize("number", [10_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_a_worker_killed_in_the_middle(crowd: Any, number: int) -> None:
    site, client = crowd(number, beat=True)
    send = started(client)
    wait_for(lambda: in_the_middle(client, send))
    site.worker.kill()
    site.worker.start()
    finished(site, client, send)


def recalled(site: Site, client: httpx.Client, send: str) -> None:
    """Nobody has one, bob's badge says so, and everybody who had one was counted."""
    done = wait_for(lambda: (line := client.get(send).json())["recall"]["status"] == "done" and line, OUTLASTED)
    assert done["recall"]["recalled"] == done["created"]
    assert site.call("sql", ONE_EACH) == [[0, 0]]
    assert site.call("snapshot", "bob")["by_type"] == {}


def test_a_worker_killed_over_a_chunk_and_its_recall(crowd: Any) -> None:
    """The send is recalled while it is written; then the worker dies over the recall."""
    site, client = crowd(10_000, beat=True)
    send = started(client)
    wait_for(lambda: in_the_middle(client, send))
    assert client.delete(send).status_code == 202
    site.worker.kill()
    site.worker.start()
    recalled(site, client, send)
    assert client.get(send).json()["status"] == "done"


def test_a_worker_killed_in_the_middle_of_a_recall(crowd: Any) -> None:
    site, client = crowd(10_000, beat=True)
    send = started(client)
    finished(site, client, send)
    assert client.delete(send).status_code == 202
    wait_for(lambda: client.get(send).json()["recall"]["recalled"] > 0)
    site.worker.kill()
    site.worker.start()
    recalled(site, client, send)


@pytest.mark.soak
def test_a_worker_killed_again_and_again(crowd: Any) -> None:
    site, client = crowd(100_000, beat=True)
    send = started(client)
    for share in (10_000, 30_000, 50_000):
        wait_for(lambda share=share: client.get(send).json()["created"] >= share, OUTLASTED)
        site.worker.kill()
        site.worker.start()
    finished(site, client, send)


@pytest.mark.soak
def test_a_broker_killed_in_the_middle(crowd: Any, own_valkey: Valkey) -> None:
    site, client = crowd(100_000, beat=True)
    send = started(client)
    wait_for(lambda: in_the_middle(client, send))
    own_valkey.kill()
    own_valkey.start()
    finished(site, client, send)


@pytest.mark.soak
async def test_without_worker_or_beat_a_web_process_finishes_it(crowd: Any) -> None:
    """The one that holds somebody's connection."""
    site, client = crowd(20_000)
    site.worker.kill()
    async with connect("sse", site, "bob") as bob:
        await asyncio.to_thread(lambda: finished(site, client, started(client)))
        await bob.until_unread(1)
