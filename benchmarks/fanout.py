"""From one commit to thousands of screens, one server process: Red Dot beside what people usually do.

    python -m benchmarks.fanout [--clients 2000] [--rounds 5] [--only uvicorn] [--load frame|badges]

Two loads. *One frame*: all connections are one user's, a message arrives. *Own badges*: every connection is another
user's, a broadcast is published and withdrawn, and each is shown a number of their own, read from PostgreSQL. The
peers do the same work the usual way: a Channels consumer with a group per user and `send_json` on
RedisPubSubChannelLayer, and django-eventstream's own view. Server on core 0; clients, PostgreSQL, Valkey and the
writer on core 1.

Prints, per server and transport: messages per second (clients over the time until the last one shows the state), p50
and p99 in ms from before the write, CPU of the server per message, memory per connection, and the ratio to the peer.
The last lines repeat Red Dot's p99 beside one client that never reads, on the iframe stream as well.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

import psutil

from benchmarks import stage
from benchmarks.listeners import WEBSOCKET
from benchmarks.peers import publishing
from tools import commands
from tools.processes import ROOT, Process, dies_with_parent, free_port, listening
from tools.stores import new_directory

PEERS = "benchmarks.peers.asgi:application"
Write = Callable[[int], None]
Tell = Callable[[Any], Any]


@dataclass(frozen=True)
class Way:
    """One way to bring the number to a page."""

    name: str
    path: str
    websocket: bool
    peer: bool

    @property
    def transport(self) -> str:
        return "WebSocket" if self.websocket else "iframe" if "iframe" in self.path else "SSE"


WAYS = [
    Way("Red Dot", "/push/ws/", websocket=True, peer=False),
    Way("usual Channels consumer", "/ws/{number}/", websocket=True, peer=True),
    Way("Red Dot", "/push/sse/", websocket=False, peer=False),
    Way("django-eventstream's view", "/events/user-{number}/", websocket=False, peer=True),
]
IFRAME = Way("Red Dot", "/push/iframe/", websocket=False, peer=False)


@dataclass(frozen=True)
class Figures:
    """Messages per second; ms; ms; CPU µs per message; kB per connection."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Fan-out of one process, against the usual ways")
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["daphne", "uvicorn"])
    parser.add_argument("--load", choices=["frame", "badges"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options)
        return
    print(f"{options.clients} clients, {options.rounds} rounds; {stage.load_note()}", flush=True)
    with stage.on_core(1), stage.postgres() as database, stage.valkey() as redis:
        env = {"PUSH_MAX_CONNECTIONS_PER_USER": 10_000, "REDIS_URL": redis}
        stage.run_child("benchmarks.fanout", database, [*sys.argv[1:], "--here"], **env)


def measure(options: argparse.Namespace) -> None:
    import django

    django.setup()
    servers = [options.only] if options.only else ["daphne", "uvicorn"]
    for load in [options.load] if options.load else ["frame", "badges"]:
        crowd = Crowd(load, options.clients)
        for server in servers:
            report(load, server, [(way, crowd.run(server, way, options.rounds)) for way in WAYS])
        report_stalled(crowd, servers[-1], options.rounds)


class Crowd:
    """The people of one load, and how to change what they see."""

    def __init__(self, load: str, clients: int) -> None:
        from django.contrib.auth import get_user_model

        self.load, self.clients = load, clients
        self.ids = stage.people(clients, load)
        users = get_user_model().objects.filter(pk__in=self.ids[: 1 if load == "frame" else None])
        self.cookies = sessions(users.order_by("pk"))
        self.announcement: Any = None

    def run(self, server: str, way: Way, rounds: int, stalled: bool = False) -> Figures:
        one = self.load == "frame"
        path = way.path.replace("{number}", "0") if one else way.path
        cookies = [""] * self.clients if way.peer else self.cookies * (self.clients if one else 1)
        with serving(server, way.peer) as (process, port):
            before = process.memory_info().rss
            with listeners(port, path, way, cookies) as tell:
                memory = (process.memory_info().rss - before) / self.clients
                with stalling(port, way, cookies[0], stalled):
                    return self.play(process, tell, self.writer(way), rounds, memory)

    def play(self, process: psutil.Process, tell: Tell, write: Write, rounds: int, memory: float) -> Figures:
        """The first round warms up and is not counted."""
        spent, took, p50s, p99s = 0.0, 0.0, [], []
        for turn in range(1, rounds + 2):
            # A broadcast comes and goes: own badges rise by one and fall back.
            delta = turn if self.load == "frame" else turn % 2
            self.prepare(delta)
            tell({"expect": delta})
            cpu, start = sum(process.cpu_times()[:2]), monotonic()
            write(delta)
            shown = tell({"wait": True})
            if turn > 1:
                spent += sum(process.cpu_times()[:2]) - cpu
                took += shown["last"] - start
                p50s.append((shown["p50"] - start) * 1000)
                p99s.append((shown["p99"] - start) * 1000)
        messages = self.clients * rounds
        return Figures(messages / took, stage.middle(p50s), stage.middle(p99s), spent / messages * 1e6, memory / 1000)

    def writer(self, way: Way) -> Write:
        if not way.peer:
            return self.send if self.load == "frame" else self.announce
        users = range(1 if self.load == "frame" else self.clients)
        publish = publishing.group_send if way.websocket else publishing.send_event
        return lambda number: publish(dict.fromkeys(users, number))

    def send(self, number: int) -> None:
        from inbox import services
        from inbox.models import FollowMessage

        services.send(self.ids[:1], FollowMessage)

    def prepare(self, number: int) -> None:
        """A draft, if one is published next: writing it is not what is measured."""
        from inbox.models import Broadcast

        if self.load == "badges" and number:
            self.announcement = Broadcast.objects.create(title="News")

    def announce(self, number: int) -> None:
        from inbox import services

        (services.publish if number else services.withdraw)(self.announcement)


def sessions(users: Any) -> list[str]:
    """Session keys of these users, made in bulk: what signing in leaves behind."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    backend, store, rows = settings.AUTHENTICATION_BACKENDS[-1], SessionStore(), []
    expiry = timezone.now() + timedelta(days=1)
    for user in users:
        known = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: backend}
        data = store.encode(known | {HASH_SESSION_KEY: user.get_session_auth_hash()})
        rows.append(Session(session_key=get_random_string(32), session_data=data, expire_date=expiry))
    return [row.session_key for row in Session.objects.bulk_create(rows)]


@contextmanager
def serving(server: str, peer: bool) -> Iterator[tuple[psutil.Process, int]]:
    """One server process on core 0."""
    port, directory = free_port(), new_directory("fanout")
    argv, env = commands.web(server, port), dict(os.environ)
    if peer:
        argv[-1] = PEERS
        env["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.settings"
    process = Process(server, argv, directory / "log", env)
    with stage.on_core(0):
        process.start()
    try:
        process.wait_ready(lambda: listening(port))
        yield psutil.Process(process.pid), port
    except Exception:
        print(process.logs()[-3000:])
        raise
    finally:
        process.kill()


@contextmanager
def listeners(port: int, path: str, way: Way, cookies: list[str]) -> Iterator[Tell]:
    """The clients, connected; a function that gives them a command and returns the answer."""
    argv = [*dies_with_parent(), sys.executable, "-m", "benchmarks.listeners"]
    child = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, stdout = child.stdin, child.stdout

    def tell(command: Any) -> Any:
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    try:
        silent = way.peer and not way.websocket
        opening = {"port": port, "path": path, "websocket": way.websocket, "cookies": cookies, "silent": silent}
        tell({"open": opening})
        yield tell
    finally:
        child.kill()
        child.communicate()


@contextmanager
def stalling(port: int, way: Way, cookie: str, wanted: bool) -> Iterator[None]:
    """One more client, if wanted, which connects and never reads."""
    with socket.socket() as client:
        if wanted:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", port))
            upgrade = WEBSOCKET.format(host=f"127.0.0.1:{port}") if way.websocket else ""
            head = f"GET {way.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{upgrade}Cookie: sessionid={cookie}\r\n\r\n"
            client.sendall(head.encode())
        yield


def report(load: str, server: str, found: list[tuple[Way, Figures]]) -> None:
    peers = {way.transport: figures for way, figures in found if way.peer}
    rows = [
        (
            f"{way.name}, {way.transport}",
            f"{figures.rate:,.0f}",
            f"{figures.p50:.0f}",
            f"{figures.p99:.0f}",
            f"{figures.cpu:.0f}",
            f"{figures.memory:.1f}",
            "" if way.peer else f"{figures.rate / peers[way.transport].rate:.1f}",
        )
        for way, figures in found
    ]
    title = f"{'one frame' if load == 'frame' else 'own badges'}, {server}"
    print()
    stage.table([title, "msg/s", "p50 ms", "p99 ms", "CPU µs/msg", "kB/conn", "ratio"], rows)


def report_stalled(crowd: Crowd, server: str, rounds: int) -> None:
    print()
    for way in (*(way for way in WAYS if not way.peer), IFRAME):
        alone, beside = (crowd.run(server, way, rounds, stalled=stalled).p99 for stalled in (False, True))
        ratio = f"{beside / alone:.2f} of {alone:.0f} ms"
        print(f"{way.transport} on {server}: p99 beside a stalled client {beside:.0f} ms, {ratio}", flush=True)


if __name__ == "__main__":
    main()
