"""What others notice of a client that sends without a pause: from a request to the frame, beside each kind of flood.

    python -m benchmarks.floods [--server uvicorn daphne] [--kinds sync …] [--seconds 5] [--behind nginx]

One web process (SQLite, tasks on a thread), one user whose socket is watched, and another whose sockets flood; each
comes back as soon as it is cut off. Kinds are the floods of `tests.raw`, the loops of opening and closing of
`tests.openings`, "hung up while shut out" and "busy" (a process that only computes: what the machine itself does to the
figures). A row is one kind: p50 and p99 in ms from asking the process for a message to its frame, p99 as a ratio to the
undisturbed run just before, how many connections the client ended or lost, and the CPU that the web process used, in %
of one core (which a busy machine does not change much). `--without-budget` raises the limits beyond what can be sent.
With `--behind`, the floods go through a proxy as deploy/ has it, and the watched user is connected directly.
"""

import argparse
import asyncio
import multiprocessing
import os
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from benchmarks import stage
from tests import openings, raw
from tests.clients import connect
from tests.proxies import SHIPPED, run_proxy, shipped
from tests.servers import Databases, Site, free_port

PAUSE = 0.02  # seconds between messages
UNLIMITED = {
    "PUSH_FRAMES_PER_SECOND": 1_000_000,
    "PUSH_FRAMES_PER_SECOND_PER_USER": 1_000_000,
    "PUSH_MAX_CONNECTIONS_PER_USER": 10_000,
}
BUSY, SHUT_OUT = "busy", "hung up while shut out"
KINDS = [*raw.FLOODS, *openings.LOOPS, SHUT_OUT, BUSY]


def main() -> None:
    parser = argparse.ArgumentParser(description="What others notice of a flood")
    parser.add_argument("--server", nargs="+", default=["uvicorn", "daphne"])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--sockets", type=int, default=10)
    parser.add_argument("--without-budget", action="store_true")
    parser.add_argument("--behind", choices=SHIPPED)
    options = parser.parse_args()
    through = f" through {options.behind}" if options.behind else ""
    print(f"{options.sockets} sockets that flood{through}; {stage.load_note()}", flush=True)
    databases = Databases()
    try:
        for server in options.server:
            limits = UNLIMITED if options.without_budget else {}
            site = Site(databases.sqlite(), server=server, **limits)
            try:
                site.start()
                port = free_port() if options.behind else site.ports[0]
                proxy = (
                    run_proxy(options.behind, shipped(options.behind, site, port), port) if through else nullcontext()
                )
                with proxy:
                    rows = [row(site, port, kind, options.seconds, options.sockets) for kind in options.kinds]
            finally:
                site.close()
            stage.table(
                [server, "p50 ms", "p99 ms", "undisturbed p99 ms", "ratio", "connections", "CPU %", "undisturbed"], rows
            )
    finally:
        databases.close()


def row(site: Site, port: int, kind: str, seconds: float, sockets: int) -> tuple[str, ...]:
    for name in ("watched", kind):
        site.call("user", name)
    undisturbed, _, cpu_before = asyncio.run(measure(site, port, "", seconds, 0))
    took, cut, cpu = asyncio.run(measure(site, port, kind, seconds, sockets))
    p99, before = quantile(took, 0.99), quantile(undisturbed, 0.99)
    figures = f"{quantile(took, 0.5):.1f}", f"{p99:.1f}", f"{before:.1f}", f"{p99 / before:.2f}", str(cut)
    return kind, *figures, f"{cpu:.0f}", f"{cpu_before:.0f}"


async def measure(site: Site, port: int, kind: str, seconds: float, sockets: int) -> tuple[list[float], int, float]:
    """Milliseconds of each message to the watched user; meanwhile: connections cut off, and % of a core used."""
    if not kind:
        took, cpu = await watch(site, seconds)
        return took, 0, cpu
    cookies = await asyncio.to_thread(site.cookies, kind)
    spawn = multiprocessing.get_context("spawn")
    cut = spawn.Value("i", 0)
    floods = spawn.Process(target=flood, args=(port, cookies, kind, sockets, cut), daemon=True)
    floods.start()
    try:
        await asyncio.sleep(1.5)  # Python starts, and the sockets open
        took, cpu = await watch(site, seconds)
        return took, cut.value, cpu
    finally:
        floods.kill()
        floods.join()


class Address:
    """What the flood needs to know of a site, in a process of its own: its CPU is not the watcher's."""

    def __init__(self, port: int) -> None:
        self.ports = [port]

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.ports[0]}{path}"


def flood(port: int, cookies: dict[str, str], kind: str, sockets: int, cut: Any) -> None:
    while kind == BUSY:
        pass

    async def all_of_them() -> None:
        await asyncio.gather(*(come_again(Address(port), cookies, kind, cut) for _ in range(sockets)))

    asyncio.run(all_of_them())


async def watch(site: Site, seconds: float) -> tuple[list[float], float]:
    took, pid = [], site.web[0].pid
    async with connect("websocket", site, "watched") as client:
        await client.next(60)
        began, used = time.monotonic(), cpu_seconds(pid)
        end = began + seconds
        while time.monotonic() < end or len(took) < 5:
            await asyncio.sleep(PAUSE)
            start = time.perf_counter()
            await asyncio.to_thread(site.call, "send", "comment", ["watched"], target_title="Tea")
            await client.next(60)
            took.append((time.perf_counter() - start) * 1000)
        return took, 100 * (cpu_seconds(pid) - used) / (time.monotonic() - began)


def cpu_seconds(pid: int) -> float:
    """Of a process, in user and kernel (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def come_again(site: Any, cookies: dict[str, str], kind: str, cut: Any) -> None:
    if kind == SHUT_OUT:
        await raw.flood(site, cookies, "WebSocket pings")
    turn = openings.hang_up if kind == SHUT_OUT else openings.LOOPS.get(kind)
    while True:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            await (turn(site, cookies) if turn else raw.flood(site, cookies, kind))
            with cut.get_lock():
                cut.value += 1


def quantile(took: list[float], part: float) -> float:
    return sorted(took)[min(int(len(took) * part), len(took) - 1)]


if __name__ == "__main__":
    main()
