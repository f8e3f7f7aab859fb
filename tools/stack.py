"""`make stack`: the production shape on one machine, until Ctrl-C.

Two uvicorn and one daphne on PORT (8000) and the two after it, two Celery workers (one for nudges alone) and beat,
Valkey, PostgreSQL and RabbitMQ (or Mosquitto) for MQTT. What ends by itself is started again. REDIS_URL, DATABASE_URL
and MQTT_URL, where set, are used instead of servers of our own; without any PostgreSQL it is SQLite, without any broker
there is no MQTT. Our own servers live in temporary directories and are gone afterwards.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import FrameType

from tools import commands
from tools.brokers import Broker, Mosquitto, RabbitMq
from tools.processes import ROOT, Process, chosen_port, listening, port_taken, raise_descriptor_limit
from tools.stores import MissingServerError, Postgres, Valkey, new_directory

SERVERS = ("uvicorn", "uvicorn", "daphne")
ENDS, ENDS_SECONDS = 5, 60


def main() -> None:
    first = chosen_port()
    ports = range(first, first + len(SERVERS))
    if taken := [port for port in ports if port_taken(port)]:
        sys.exit(f"Port {taken[0]} is taken. Stop what listens there, or: make stack PORT={first + 100}")
    raise_descriptor_limit()
    for number in (signal.SIGINT, signal.SIGTERM):  # a background job inherits SIGINT ignored
        signal.signal(number, interrupt)
    with ExitStack() as stack:
        try:
            children = start(stack, ports)
            announce(ports)
            announce_mqtt(children)
            watch(children)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not cut the clean-up short
            print("\nStopping …", flush=True)


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def start(stack: ExitStack, ports: range) -> list[Process]:
    """Everything, in order; stopped in the opposite order when `stack` closes."""
    directory = new_directory("stack")
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    children = start_stores(stack)
    children += start_broker(stack, asks=ports[0])
    env = {"DATABASE_URL": f"sqlite:///{directory / 'db.sqlite3'}", **stores_env(children)}
    for command in (["migrate", "--no-input", "-v", "0"], ["seed_demo"]):
        subprocess.run(commands.manage(*command), cwd=ROOT, env={**os.environ, **env}, check=True)
    logs = ROOT / ".stack"
    logs.mkdir(exist_ok=True)
    argvs = {
        "nudges": commands.worker(1, "nudges"),
        "worker": commands.worker(2, "sends", "housekeeping", "celery"),
        "beat": commands.beat(directory),
    }
    argvs |= {f"web-{port}": commands.web(server, port) for server, port in zip(SERVERS, ports, strict=True)}
    for name, argv in argvs.items():
        (logs / f"{name}.log").unlink(missing_ok=True)
        children.append(Process(name, argv, logs / f"{name}.log", env))
        children[-1].start()
        stack.callback(children[-1].stop)
    for process, port in zip(children[-len(ports) :], ports, strict=True):
        process.wait_ready(partial(listening, port))
    return children


def start_stores(stack: ExitStack) -> list[Process]:
    stores: list[Process] = []
    for variable, make in (("REDIS_URL", Valkey), ("DATABASE_URL", Postgres)):
        if os.environ.get(variable):
            continue
        try:
            store = make()
        except MissingServerError as missing:
            if make is Valkey:
                sys.exit(str(missing))
            print(f"SQLite is used: {missing}", flush=True)
            continue
        stack.callback(store.close)
        store.start()
        stores.append(store)
    return stores


def start_broker(stack: ExitStack, asks: int) -> list[Process]:
    """RabbitMQ, which asks the web process on that port who may connect, or Mosquitto, or none."""
    makes: list[Callable[[], Broker]] = [partial(RabbitMq, asks), Mosquitto]
    for make in [] if os.environ.get("MQTT_URL") else makes:
        try:
            broker = make()
        except MissingServerError as missing:
            print(f"For MQTT: {missing}", flush=True)
            continue
        stack.callback(broker.close)
        broker.start()
        return [broker]
    return []


def stores_env(stores: list[Process]) -> dict[str, str]:
    env = {key: os.environ[key] for key in ("REDIS_URL", "DATABASE_URL") if os.environ.get(key)}
    for store in stores:
        if isinstance(store, Broker):
            env |= store.site_env
        elif isinstance(store, Valkey):
            env["REDIS_URL"] = store.url
        elif isinstance(store, Postgres):
            env["DATABASE_URL"] = store.site_url()
    return env


def announce(ports: range) -> None:
    print("\n  Red Dot, the production shape; the same site and session at each address:\n")
    for server, port in zip(SERVERS, ports, strict=True):
        print(f"    http://127.0.0.1:{port}/   ({server})")
    print("\n  Sign in as alice, bob, carol or admin; the password is reddot-demo.")
    print("  Logs: .stack/*.log   Ctrl-C stops all of it.\n", flush=True)


def announce_mqtt(children: list[Process]) -> None:
    for broker in children:
        if isinstance(broker, Broker):
            print(f"  MQTT ({broker.name}): 127.0.0.1:{broker.port}, for browsers {broker.site_env['MQTT_WS_URL']}\n")


def watch(children: list[Process]) -> None:
    """Until Ctrl-C; what ends by itself is started again."""
    ends: dict[str, deque[float]] = {child.name: deque(maxlen=ENDS) for child in children}
    while True:
        for child in children:
            if not child.alive:
                start_again(child, ends[child.name])
        time.sleep(0.5)


def start_again(child: Process, ends: deque[float]) -> None:
    """Give up, with the end of its log, on what ends again and again: that is no accident."""
    ends.append(time.monotonic())
    if len(ends) == ENDS and ends[-1] - ends[0] < ENDS_SECONDS:
        sys.exit(f"{child.name} ended {ENDS} times in {ENDS_SECONDS} s:\n{child.logs()[-2000:]}")
    print(f"{child.name} ended by itself and is started again; its log: {child.log}", flush=True)
    child.start()


if __name__ == "__main__":
    main()
