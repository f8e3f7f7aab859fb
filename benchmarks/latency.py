"""From the commit to the frame, at low load: one user, one WebSocket, a message now and then.

    python -m benchmarks.latency [--messages 200]

*Embedded*: one daphne process, SQLite, tasks on a thread of that process. *Stack*: two uvicorn processes, PostgreSQL,
Valkey, a Celery worker; written by a process beside them. Prints p50 and p99 in ms from the moment after the commit to
the frame's arrival (aims: p50 of 5 embedded, 10 on the stack).
"""

import argparse
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from websockets.sync.client import ClientConnection, connect

from benchmarks import stage
from benchmarks.embedded import PATH
from tools import commands
from tools.processes import Process, free_port, listening, wait_for
from tools.stores import new_directory

PAUSE = 0.02  # seconds between messages: low load
WARM_UP = 20  # messages


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds from commit to frame")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--here", choices=["embedded", "stack"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.here, options.messages)
        return
    print(f"{options.messages} messages to one WebSocket; {stage.load_note()}", flush=True)
    with stage.sqlite() as database:
        stage.run_child("benchmarks.latency", database, [*sys.argv[1:], "--here", "embedded"])
    with stage.postgres() as database, stage.valkey() as redis:
        env = {"REDIS_URL": redis, "CELERY_BROKER_URL": redis}
        stage.run_child("benchmarks.latency", database, [*sys.argv[1:], "--here", "stack"], **env)


def measure(shape: str, messages: int) -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    from benchmarks.fanout import sessions

    [user] = stage.people(1)
    [cookie] = sessions(get_user_model().objects.filter(pk=user))
    start = embedded if shape == "embedded" else stack
    with start(user) as (port, write), listen(port, cookie) as socket:
        shown = watch(socket)
        wait_for(lambda: 0 in shown, 10, "the first state")
        took = [one(shown, write, number) for number in range(1, WARM_UP + messages + 1)][WARM_UP:]
    took.sort()
    stage.table(
        [shape, "p50 ms", "p99 ms"], [("", *(f"{took[int(messages * part)] * 1000:.1f}" for part in (0.5, 0.99)))]
    )


def one(shown: dict[int, float], write: Callable[[], float], number: int, deadline: float = 10) -> float:
    """Seconds from the commit of one more message to the frame that shows it."""
    time.sleep(PAUSE)
    committed = write()
    wait_for(lambda: number in shown, deadline, f"the number {number}")
    return shown[number] - committed


def watch(socket: ClientConnection) -> dict[int, float]:
    """Number -> when a frame with it came in, noted by a thread that does nothing else."""
    shown: dict[int, float] = {}

    def read() -> None:
        for frame in socket:
            shown[json.loads(frame)["unread"]] = time.monotonic()

    Thread(target=read, daemon=True).start()
    return shown


@contextmanager
def embedded(user: int) -> Iterator[tuple[int, Callable[[], float]]]:
    """One daphne process that also writes."""
    port = free_port()
    argv = [*commands.web("daphne", port)[:-1], "benchmarks.embedded:application"]

    def write() -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}?{user}") as answer:
            return float(json.load(answer))

    with running({"web": argv}, [port]):
        yield port, write


@contextmanager
def stack(user: int) -> Iterator[tuple[int, Callable[[], float]]]:
    """Two web processes and a worker; this process writes."""
    from benchmarks.embedded import write

    ports = [free_port(), free_port()]
    argvs = {f"web{number}": commands.web("uvicorn", port) for number, port in enumerate(ports)}
    with running(argvs | {"worker": commands.worker()}, ports):
        yield ports[1], lambda: write(user)


@contextmanager
def running(argvs: dict[str, list[str]], ports: list[int]) -> Iterator[dict[str, Process]]:
    directory = new_directory("latency")
    processes = [Process(name, argv, directory / name, dict(os.environ)) for name, argv in argvs.items()]
    try:
        for process in processes:
            process.start()
        wait_for(lambda: all(map(listening, ports)), 60, "the web processes")
        wait_for(lambda: all(" ready." in each.logs() for each in processes if each.name == "worker"), 60, "the worker")
        yield {process.name: process for process in processes}
    except Exception:
        print(*(process.logs()[-3000:] for process in processes), sep="\n")
        raise
    finally:
        for process in processes:
            process.kill()


@contextmanager
def listen(port: int, cookie: str) -> Iterator[ClientConnection]:
    address = f"127.0.0.1:{port}"
    headers = {"Cookie": f"sessionid={cookie}"}
    with connect(f"ws://{address}/push/ws/", origin=f"http://{address}", additional_headers=headers) as socket:  # type: ignore[arg-type]
        yield socket


if __name__ == "__main__":
    main()
