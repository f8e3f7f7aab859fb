"""From the commit to the frame, with the Celery worker well, busy, frozen and dead.

    python -m benchmarks.workers [--messages 100]

Two uvicorn processes, PostgreSQL, Valkey and one worker, the resync every 25 s; written by a process beside them, shown
on one WebSocket. Prints the median and the slowest in ms, and the ratio of the medians to that with a worker that is
well (aims: a ratio of 1.5, and none above 1,000 ms).
"""

import argparse
import sys
from collections.abc import Callable
from itertools import count, islice
from statistics import median

from benchmarks import stage
from benchmarks.latency import WARM_UP, listen, one, running, watch
from tools import commands
from tools.processes import Process, free_port, wait_for

DEADLINE = 40.0  # seconds: the resync, and more

HARMS: dict[str, Callable[[Process], None]] = {
    "well": lambda worker: None,
    "busy": Process.freeze_children,
    "frozen": Process.freeze,
    "dead": Process.kill,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds from commit to frame, by the state of the worker")
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.messages)
        return
    print(f"{options.messages} messages to one WebSocket; {stage.load_note()}", flush=True)
    with stage.postgres() as database, stage.valkey() as redis:
        env = {"REDIS_URL": redis, "CELERY_BROKER_URL": redis}
        stage.run_child("benchmarks.workers", database, [*sys.argv[1:], "--here"], **env)


def measure(messages: int) -> None:
    import django

    django.setup()
    from benchmarks.embedded import write

    [user] = stage.people(1)
    [cookie] = stage.cookies([user])
    ports = [free_port(), free_port()]
    argvs = {f"web{number}": commands.web("uvicorn", port) for number, port in enumerate(ports)}
    rows: list[tuple[str, float, float]] = []
    with running(argvs | {"worker": commands.worker()}, ports) as processes, listen(ports[1], cookie) as socket:
        shown = watch(socket)
        wait_for(lambda: 0 in shown, 10, "the first state")
        numbers = count(1)
        for state, harm in HARMS.items():
            processes["worker"].thaw()
            harm(processes["worker"])
            least = messages if rows else WARM_UP + messages
            took = [one(shown, lambda: write(user), number, DEADLINE) for number in islice(numbers, least)][-messages:]
            rows.append((state, median(took), max(took)))
    stage.table(["worker", "median ms", "slowest ms", "ratio"], [figures(row, rows[0]) for row in rows])


def figures(row: tuple[str, float, float], well: tuple[str, float, float]) -> tuple[str, str, str, str]:
    state, middle, slowest = row
    return state, f"{middle * 1000:.1f}", f"{slowest * 1000:.1f}", f"{middle / well[1]:.2f}"


if __name__ == "__main__":
    main()
