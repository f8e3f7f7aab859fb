"""The HTTP API of one uvicorn process on PostgreSQL, beside django-notifications-hq doing the same.

    python -m benchmarks.api [--rounds 5] [--seconds 3] [--connections 1 16] [--only unread]

Four requests: the badge, a page of 20 of the inbox, one message to one user, and a batch of 500. The peer reads with
its own views and sends with a small view of Django REST framework (benchmarks/peers/hq), on the last Django LTS that
it runs on. Both have 1,000 users with 10 unread each, the one who reads has 200, in databases of one PostgreSQL, and
both are served by the same uvicorn with the same options. They take turns. Servers on core 0; the load and PostgreSQL
on core 1.

Prints medians of the rounds: requests per second, p50 and p99 in ms, CPU of the web process per request in ms, and how
many times the peer's rate ours is.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle, islice
from typing import Any

from benchmarks import stage
from benchmarks.load import Played, play
from benchmarks.peers import venv
from tools import commands
from tools.processes import ROOT, Process, free_port, listening
from tools.stores import database_at, new_directory, run_sql

USERS, EACH, OWN, PAGE, BATCH = 1000, 10, 200, 20, 500
CHILD_SECONDS = 3600  # on a busy machine a round of batches alone may take a minute
PER_MINUTE = 100_000_000  # the throttle counts every request and refuses none
TITLE, TEXT = "The quick brown fox", "jumps over the lazy dog"
WHATS = {"unread": "badge", "inbox": f"page of {PAGE}", "send": "one message", "batch": f"batch of {BATCH}"}
# index_together, which its models have, went with Django 5.1. Server and driver are ours.
PEER = ["django-notifications-hq==1.8.3", "Django==4.2.30", "djangorestframework==3.17.2", "setuptools<81"]
SAME = ("uvicorn", "uvloop", "httptools", "psycopg", "psycopg-binary")


@dataclass(frozen=True)
class Side:
    """One of the two: where it listens, and how each request is put to it."""

    name: str
    process: Process
    port: int
    requests: dict[str, Iterator[bytes]]


@dataclass(frozen=True)
class Turn:
    """One round of one side, and the CPU of its process, ms per request."""

    played: Played
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Requests per second of the HTTP API, beside django-notifications-hq")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--only", choices=WHATS)
    parser.add_argument("--here", metavar="PYTHON", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options)
        return
    python = venv.python("hq", [*PEER, *(f"{name}=={version(name)}" for name in SAME)])
    print(f"{options.rounds} rounds of {options.seconds:g} s; {stage.load_note()}", flush=True)
    with stage.on_core(1), stage.postgres() as database:
        env = {"INBOX_REQUESTS_PER_MINUTE": PER_MINUTE}
        stage.run_child("benchmarks.api", database, [*sys.argv[1:], "--here", python], CHILD_SECONDS, **env)


def measure(options: argparse.Namespace) -> None:
    import django

    django.setup()
    with ours() as red_dot, peer(options.here) as hq:
        sides = (red_dot, hq)
        for what in [options.only] if options.only else WHATS:
            for connections in options.connections:
                report(what, connections, take_turns(sides, what, connections, options))


def take_turns(sides: Sequence[Side], what: str, connections: int, options: argparse.Namespace) -> list[list[Turn]]:
    """The rounds of each side; the first warms up and is not counted."""
    turns: list[list[Turn]] = [[] for _ in sides]
    for number in range(options.rounds + 1):
        for side, done in zip(sides, turns, strict=True):
            seconds = options.seconds if number else min(1, options.seconds)
            turn = one_turn(side, what, connections, seconds)
            if number:
                done.append(turn)
    return turns


def one_turn(side: Side, what: str, connections: int, seconds: float) -> Turn:
    before = stage.cpu_seconds(side.process.pid)
    played = play(side.port, side.requests[what], connections, seconds)
    spent = stage.cpu_seconds(side.process.pid) - before
    if played.refused:
        print(f"{side.name}, {WHATS[what]}: refused {dict(played.refused)}", flush=True)
    return Turn(played, spent * 1000 / max(1, len(played.took)))


@contextmanager
def ours() -> Iterator[Side]:
    from django.contrib.auth import get_user_model

    from inbox import services
    from inbox.models import Scope

    ids = stage.people(USERS)
    fill(ids)
    owner = get_user_model().objects.get(pk=ids[1])
    token = services.create_token("benchmark", owner, [Scope.MESSAGES_WRITE])
    message = {"type": "comment", "target_title": TITLE, "excerpt": TEXT}
    bodies = [message | {"recipients": [pk]} for pk in ids[1:]]
    port = free_port()
    [cookie] = stage.cookies(ids[:1])
    requests = {
        "unread": get(port, "/api/v1/unread/", cookie),
        "inbox": get(port, f"/api/v1/inbox/?limit={PAGE}", cookie),
    }
    requests |= posts(port, "/api/v1/messages/", f"Bearer {token}", bodies)
    with serving("Red Dot", commands.uvicorn(port), port, dict(os.environ)) as process:
        yield Side("Red Dot", process, port, requests)


def fill(ids: list[int]) -> None:
    """Unread messages over all event types: `EACH` for everybody, for the first `OWN` in all."""
    from django.db import connection

    from inbox import services
    from inbox.models import event_types

    types = list(event_types().values())
    for turn in range(OWN):
        kind = types[turn % len(types)]
        services.send(ids if turn < EACH else ids[:1], kind, actor=ids[1 + turn % 10], **stage.columns(kind))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def peer(python: str) -> Iterator[Side]:
    url = database_at(os.environ["DATABASE_URL"], "hq")
    run_sql(os.environ["DATABASE_URL"], "CREATE DATABASE hq")
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.peers.hq.settings"}
    command = [python, "-W", "ignore", "-m", "benchmarks.peers.hq.people", *map(str, (USERS, EACH, OWN))]
    known = json.loads(subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE).stdout)
    message = {"verb": f"commented on “{TITLE}”", "description": TEXT}
    bodies = [message | {"recipient": pk} for pk in known["users"][1:]]
    port = free_port()
    views = "/inbox/notifications/api"
    requests = {
        "unread": get(port, f"{views}/unread_count/", known["cookie"]),
        "inbox": get(port, f"{views}/all_list/?max={PAGE}", known["cookie"]),
    }
    requests |= posts(port, "/api/messages/", f"Token {known['token']}", bodies)
    argv = [python, *commands.uvicorn(port)[1:-1], "benchmarks.peers.hq.asgi:application"]
    with serving("django-notifications-hq", argv, port, env) as process:
        yield Side("django-notifications-hq", process, port, requests)


def get(port: int, path: str, cookie: str) -> Iterator[bytes]:
    return cycle([f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: sessionid={cookie}\r\n\r\n".encode()])


def posts(port: int, path: str, authorization: str, bodies: list[Any]) -> dict[str, Iterator[bytes]]:
    """Messages to one user after the other, and batches to one half of them after the other."""

    def post(path: str, body: Any) -> bytes:
        content = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {authorization}\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    batches = [list(islice(cycle(bodies), start, start + BATCH)) for start in (0, BATCH)]
    return {
        "send": cycle([post(path, body) for body in bodies]),
        "batch": cycle([post(f"{path}batch/", {"messages": batch}) for batch in batches]),
    }


@contextmanager
def serving(name: str, argv: list[str], port: int, env: dict[str, str]) -> Iterator[Process]:
    directory = new_directory("api")
    process = Process(name, argv, directory / "log", env)
    with stage.on_core(0):
        process.start()
    try:
        process.wait_ready(lambda: listening(port))
        yield process
    except Exception:
        print(process.logs()[-3000:])
        raise
    finally:
        process.kill()
        shutil.rmtree(directory, ignore_errors=True)


def report(what: str, connections: int, turns: list[list[Turn]]) -> None:
    def pair(value: Any, form: str) -> tuple[list[float], str]:
        middles = [stage.middle(value(turn) for turn in side) for side in turns]
        return middles, " / ".join(format(middle, form) for middle in middles)

    rates, shown = pair(lambda turn: turn.played.rate, ",.0f" if what != "batch" else ".1f")
    row = [
        shown,
        " / ".join(f"{rate * BATCH:,.0f}" for rate in rates) if what == "batch" else "",
        f"{rates[0] / rates[1]:.1f}",
        pair(lambda turn: turn.played.quantile(0.5), ".1f")[1],
        pair(lambda turn: turn.played.quantile(0.99), ".1f")[1],
        pair(lambda turn: turn.cpu, ".2f")[1],
    ]
    title = f"{WHATS[what]}, {connections} connection{'s' * (connections > 1)}"
    print()
    stage.table([title, "requests/s", "messages/s", "ratio", "p50 ms", "p99 ms", "CPU ms"], [["ours / peer", *row]])


if __name__ == "__main__":
    main()
