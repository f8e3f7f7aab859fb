"""What unfinished and huge requests cost a process: the memory of a body, and the wait behind silent connections.

    python -m benchmarks.requests [--server uvicorn daphne] [--without-limits]

One web process (SQLite, 256 file descriptors). A row is one attack: the memory that the process gains and the bytes
that reach the disk, or how long somebody waits for an answer, and that as a ratio to the undisturbed wait just before.
`--without-limits` turns the limits off, which is how bodies were treated before (room for newcomers is always made).
"""

import argparse
import asyncio
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks import stage
from tests import raw
from tests.servers import Databases, Site

MIB = 1024 * 1024
BODY = 200 * MIB
SILENT = 300  # connections, more than the process has descriptors
DESCRIPTORS = 256
PATIENCE = 60.0  # seconds after which a wait is given up
LIMITS, NONE = {"PUSH_REQUEST_SECONDS": 5}, {"PUSH_MAX_BODY_BYTES": 0, "PUSH_REQUEST_SECONDS": 0}


def main() -> None:
    parser = argparse.ArgumentParser(description="What unfinished and huge requests cost")
    parser.add_argument("--server", nargs="+", default=["uvicorn", "daphne"])
    parser.add_argument("--without-limits", action="store_true")
    options = parser.parse_args()
    print(stage.load_note(), flush=True)
    databases = Databases()
    try:
        for server in options.server:
            limits = NONE if options.without_limits else LIMITS
            with TemporaryDirectory() as temporary:
                site = Site(databases.sqlite(), server=server, TMPDIR=temporary, **limits)
                try:
                    site.start()
                    bodies = [body(site, path, Path(temporary)) for path in ("/accounts/login/", "/push/sse/")]
                    silence = [] if options.without_limits else [silent(site)]
                finally:
                    site.close()
            stage.table([server, "memory gained, MiB", "on disk, MiB", "answer"], bodies)
            stage.table([server, "undisturbed ms", "answer after ms", "ratio"], silence)
    finally:
        databases.close()


def body(site: Site, path: str, temporary: Path) -> tuple[str, ...]:
    """200 MB, announced and sent by somebody who is nobody."""
    process = psutil.Process(site.web[0].pid)
    before, peak, disk = process.memory_info().rss, 0, 0

    async def watch() -> None:
        nonlocal peak, disk
        while True:
            peak = max(peak, process.memory_info().rss)
            disk = max(disk, on_disk(process.pid, temporary))
            await asyncio.sleep(0.01)

    async def attack() -> str:
        watching = asyncio.create_task(watch())
        head = raw.request(site, path, f"Content-Length: {BODY}", method="POST")
        try:
            async with asyncio.timeout(PATIENCE), raw.connect(site, head) as connection:
                with suppress(ConnectionError):
                    for _ in range(BODY // MIB):
                        connection.writer.write(b"x" * MIB)
                        await connection.writer.drain()
                return (await connection.reader.read(12)).decode("latin-1")
        except (ConnectionError, TimeoutError) as error:
            return type(error).__name__
        finally:
            watching.cancel()

    answer = asyncio.run(attack())
    return f"POST {path}", f"{(peak - before) / MIB:.0f}", f"{disk / MIB:.0f}", answer


def on_disk(pid: int, temporary: Path) -> int:
    """Bytes in the process's temporary files, which have no name any more."""
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if str(link.readlink()).startswith(str(temporary)):
                found += link.stat().st_size
    return found


def silent(site: Site) -> tuple[str, ...]:
    """Somebody asks while more connections are open, without a word, than the process has descriptors."""

    async def wait() -> float:
        start = time.perf_counter()
        head = raw.request(site, "/healthz", "Connection: close")
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(PATIENCE), raw.connect(site, head) as connection:
                await connection.rest()
                return (time.perf_counter() - start) * 1000
        return float("inf")

    async def attack() -> tuple[float, float]:
        undisturbed = await wait()
        psutil.Process(site.web[0].pid).rlimit(psutil.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        writers: list[Any] = []
        for _ in range(SILENT):
            with suppress(OSError):
                writers.append((await asyncio.open_connection("127.0.0.1", site.ports[0]))[1])
        took = await wait()
        for writer in writers:
            writer.close()
        return undisturbed, took

    undisturbed, took = asyncio.run(attack())
    shown = f"{took:.0f}" if took < float("inf") else f"none in {PATIENCE:.0f} s"
    return f"{SILENT} silent connections", f"{undisturbed:.1f}", shown, f"{took / undisturbed:.1f}"


if __name__ == "__main__":
    main()
