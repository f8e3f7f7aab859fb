"""No badge waits for a worker. The resync never comes here, so only a nudge can bring a change to an open page."""

import asyncio
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.clients import connect
from tests.conftest import StartSite, started
from tests.servers import Databases, Process, Site, wait_for
from tools import commands
from tools.processes import ROOT
from tools.stores import Valkey

SOON = 15.0  # seconds: the promise is one; the rest is for a busy machine
COMMENT = {"target_title": "Tea", "excerpt": "Yes"}
ONE_MORE = (
    "from inbox import models, services; from django.contrib.auth import get_user_model as users;"
    "services.send([users().objects.get(username='bob').pk], models.CommentMessage, target_title='Tea', excerpt='Yes')"
)


@pytest.fixture(scope="module")
def stack(databases: Databases, postgres_url: str) -> Iterator[Site]:
    """On PostgreSQL: a worker that is frozen in the middle of a write would hold all of SQLite."""
    with contextmanager(started)(Valkey) as valkey:
        database, servers = databases.postgres(postgres_url), ["daphne", "uvicorn"]
        site = Site(database, valkey.url, servers, web=2, worker=True, PUSH_RESYNC_SECONDS=600)
        site.start()
        yield site
        site.close()


@pytest.fixture
def site(stack: Site) -> Iterator[Site]:
    """With a worker that is well. Bob has read it all."""
    bob = stack.call("snapshot", "bob")
    stack.call("inbox.services.mark_all_read", bob["user"], bob["version"])
    worker = worker_of(stack)
    ready = worker.logs().count(" ready.")
    yield stack
    worker.thaw()
    if not worker.alive:
        worker.start()
        worker.wait_ready(lambda: worker.logs().count(" ready.") > ready)


def worker_of(site: Site) -> Process:
    assert site.worker is not None
    return site.worker


@pytest.mark.parametrize(
    "harm", [Process.kill, Process.freeze, Process.freeze_children], ids=["killed", "frozen", "busy"]
)
async def test_a_change_is_shown_without_a_worker(site: Site, harm: Callable[[Process], None]) -> None:
    """On the process that wrote and on the other; by a request, by a shell beside them, by a command that ends."""
    async with connect("websocket", site, "bob", web=0) as here, connect("sse", site, "bob", web=1) as there:
        await asyncio.gather(here.next(), there.next())
        harm(worker_of(site))
        for unread, write in enumerate((by_request, by_shell, by_command), 1):
            await asyncio.to_thread(write, site)
            await asyncio.gather(here.until_unread(unread, SOON), there.until_unread(unread, SOON))


def by_request(site: Site) -> None:
    site.call("send", "comment", ["bob"], actor="alice", web=-1, **COMMENT)


def by_shell(site: Site) -> None:
    site.agent.call("send", "comment", ["bob"], actor="alice", **COMMENT)


def by_command(site: Site) -> None:
    subprocess.run(commands.manage("shell", "-v", "0", "-c", ONE_MORE), cwd=ROOT, env=site.env, check=True, timeout=30)


async def test_a_broker_without_a_layer_between_processes(start_site: StartSite, own_valkey: Valkey) -> None:
    """The only web process has no way to be told by a worker, and needs none. Nor need there be a worker."""
    site = start_site(server="uvicorn", CELERY_BROKER_URL=own_valkey.url, PUSH_RESYNC_SECONDS=600)
    async with connect("websocket", site, "bob") as client:
        await client.next()
        for unread in (1, 2, 3):  # the resync comes once, a second after the connection
            await asyncio.to_thread(by_request, site)
            await client.until_unread(unread, SOON)


@pytest.fixture
def two_workers(start_site: StartSite, own_valkey: Valkey) -> Iterator[tuple[Site, Process]]:
    """As in the production shape: a worker for nudges, and the other one, which is at a purge that never ends."""
    shape = {"server": "uvicorn", "bus": own_valkey.url, "database": "postgres", "worker": False}
    site = start_site(**shape, CELERY_BROKER_URL=own_valkey.url)
    site.worker = site.process("nudges", commands.worker(1, "nudges"))
    other = site.process("other", commands.worker(1, "sends", "housekeeping", "celery"))
    for process in (site.worker, other):
        process.start()
    for process in (site.worker, other):
        process.wait_ready(lambda process=process: " ready." in process.logs())
    yield site, other
    other.kill()


def test_a_long_task_delays_no_fan_out(two_workers: tuple[Site, Process]) -> None:
    site, other = two_workers
    other.freeze_children()
    site.agent.call("delay", "push.periodic.purge")
    by_shell(site)
    wait_for(lambda: fan_outs(worker_of(site)), 15, "a fan-out in the worker of nudges")
    assert not fan_outs(other)


def fan_outs(worker: Process) -> bool:
    return re.search(r"fan_out\[.*succeeded", worker.logs()) is not None


@pytest.mark.soak
def test_a_worker_that_lives_and_does_nothing_is_not_ready(two_workers: tuple[Site, Process]) -> None:
    site, other = two_workers

    def finding() -> dict[str, Any]:
        return httpx.get(site.url("/readyz"), timeout=10).json()["checks"]["worker"]  # type: ignore[no-any-return]

    wait_for(lambda: finding()["ok"], 30, "both seen")
    other.freeze_children()
    wait_for(lambda: finding()["detail"] == "not seen lately on housekeeping, sends", 30, "missed")
    other.thaw()
    wait_for(lambda: finding()["ok"], 30, "seen again")
