"""Clients that are gone without a word, or frozen: each is noticed and let go of within a minute, on every server."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.conftest import StartSite
from tests.servers import Site, eventually, needs
from tools.processes import dies_with_parent
from tools.stores import MissingServerError

pytestmark = pytest.mark.soak
MINUTE = 60
PATHS = {"websocket": "/push/ws/", "sse": "/push/sse/", "iframe": "/push/iframe/"}

# A client in a process of its own: connects, reads until the first state, says so, then reads on or sleeps.
CLIENT = """
import socket, sys, time
host, port, path, cookie, then = sys.argv[1:]
client = socket.create_connection((host, int(port)))
head = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", f"Origin: http://{host}:{port}", f"Cookie: sessionid={cookie}"]
if path.endswith("/ws/"):
    head += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    head += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
client.sendall("\\r\\n".join([*head, "", ""]).encode())
seen = b""
while b'"unread"' not in seen:
    seen += client.recv(65536)
print("connected", flush=True)
while then == "read" and client.recv(65536):
    pass
time.sleep(3600)
"""

namespaces = count(1)


@pytest.fixture(params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def peer(site: Site, path: str, then: str, host: str = "127.0.0.1", inside: tuple[str, ...] = ()) -> Iterator[int]:
    """A connected client; its process id."""
    argv = [*inside, *dies_with_parent(), sys.executable, "-c", CLIENT, host, str(site.ports[0]), path]
    cookie = site.cookies("bob")["sessionid"]
    with subprocess.Popen([*argv, cookie, then], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "connected\n"
            yield child.pid
        finally:
            child.kill()


async def connections(site: Site) -> int:
    return int(await asyncio.to_thread(site.call, "push.hub.connection_count"))


async def let_go_of(site: Site) -> None:
    assert await connections(site) == 1
    began = time.monotonic()
    await eventually(lambda: none_left(site), deadline=MINUTE, what="the dead client to be let go of")
    print(f"after {time.monotonic() - began:.0f} s")


async def none_left(site: Site) -> bool:
    return await connections(site) == 0


async def test_a_socket_that_answers_no_ping(start_site: StartSite, server: str) -> None:
    """Its kernel acknowledges all we send, but nobody there answers (RFC 6455, 5.5.2)."""
    site = start_site(server=server)
    with peer(site, PATHS["websocket"], "read"):
        await let_go_of(site)


@pytest.mark.parametrize("transport", PATHS)
async def test_a_frozen_client(start_site: StartSite, server: str, transport: str) -> None:
    """SIGSTOP: its kernel takes what fits into its buffers and then no more."""
    site = start_site(server=server)
    with peer(site, PATHS[transport], "read") as pid:
        os.kill(pid, signal.SIGSTOP)
        writing = asyncio.create_task(write_for_ever(site))
        try:
            await let_go_of(site)
        finally:
            writing.cancel()
            os.kill(pid, signal.SIGCONT)


async def write_for_ever(site: Site) -> None:
    while True:
        published = await asyncio.to_thread(site.call, "broadcast", "Long", body="x" * 7000)
        await asyncio.to_thread(site.call, "withdraw", published)


@pytest.mark.parametrize("transport", PATHS)
async def test_a_client_whose_network_is_gone(start_site: StartSite, server: str, transport: str) -> None:
    """No packet comes back, not even a reset: what the keep-alive sends stays unacknowledged."""
    with needs(), network() as (here, name):
        site = start_site(server=server, ALLOWED_HOSTS=f"127.0.0.1,{here}")
        site.web[0].stop()
        site.web[0].argv = ["0.0.0.0" if part == "127.0.0.1" else part for part in site.web[0].argv]
        site.start_web(0)
        with peer(site, PATHS[transport], "read", here, ("ip", "netns", "exec", name)):
            run("ip", "link", "set", f"{name}-a", "down")
            await let_go_of(site)


@contextmanager
def network() -> Iterator[tuple[str, str]]:
    """Another host: a network namespace with a cable to ours, on addresses for documentation (RFC 5737)."""
    if os.geteuid() or not shutil.which("ip"):
        raise MissingServerError("no network namespaces: needs root and the package iproute2")
    number = next(namespaces)
    name = f"reddot{os.getpid() % 10000}n{number}"  # with "-a" at most 15 characters
    here, there = (f"192.0.2.{2 * number + end}" for end in (0, 1))
    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", f"{name}-a", "type", "veth", "peer", "name", "inside", "netns", name)
        run("ip", "address", "add", f"{here}/31", "dev", f"{name}-a")
        run("ip", "link", "set", f"{name}-a", "up")
        run("ip", "-n", name, "address", "add", f"{there}/31", "dev", "inside")
        run("ip", "-n", name, "link", "set", "inside", "up")
        yield here, name
    finally:
        run("ip", "netns", "delete", name)


def run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingServerError(f"{' '.join(argv[:3])} failed: {done.stderr.strip()}")
