"""What the benchmarks stand on: fresh databases with people in them, one child process per database, tables of figures.

Everything is on the loopback interface, in temporary directories, and ends with the command that started it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

from tools.commands import manage
from tools.processes import ROOT
from tools.stores import Postgres, Valkey, new_directory

SECRET_KEY = "only-for-benchmarks-" + "x" * 50
CHILD_SECONDS = 600  # a run that takes longer hangs


def environment(database_url: str, **env: Any) -> dict[str, str]:
    """The whole environment of a process that uses that database; nothing of the caller's site is left."""
    given = {"REDIS_URL": "", "CELERY_BROKER_URL": "", "DEBUG": 0, "HTTPS": 0, **env}
    own = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, "DJANGO_SETTINGS_MODULE": "notify_site.settings"}
    return {**os.environ, **own, **{name: str(value) for name, value in given.items()}}


@contextmanager
def postgres() -> Iterator[str]:
    """A migrated database on a PostgreSQL of its own, as durable as it comes (every commit is on disk)."""
    server = Postgres()
    try:
        server.start()
        migrate(server.url())
        yield server.url()
    finally:
        server.close()


@contextmanager
def sqlite() -> Iterator[str]:
    """A migrated SQLite file."""
    directory = new_directory("benchmark")
    try:
        url = f"sqlite:///{directory / 'db.sqlite3'}"
        migrate(url)
        yield url
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def valkey() -> Iterator[str]:
    server = Valkey()
    try:
        server.start()
        yield server.url
    finally:
        server.close()


def migrate(url: str) -> None:
    command = manage("migrate", "--no-input", "-v", "0")
    subprocess.run(command, cwd=ROOT, env=environment(url), check=True, timeout=CHILD_SECONDS)


def run_child(module: str, database_url: str, arguments: Sequence[str], **env: Any) -> None:
    """`python -m module …` with Django on that database: settings can be chosen once per process only."""
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(database_url, **env), check=True, timeout=CHILD_SECONDS)


def people(count: int) -> list[int]:
    """Ids of so many new users with empty mailboxes."""
    from django.contrib.auth import get_user_model

    from inbox.models import Mailbox

    users = get_user_model().objects
    made = users.bulk_create([users.model(username=f"bench-{n}", password="!") for n in range(count)], 1000)
    Mailbox.objects.bulk_create([Mailbox(pk=user.pk) for user in made], 1000)
    return [user.pk for user in made]


def columns(event_type: Any) -> dict[str, str]:
    """Something for every text that this event type requires."""
    fields = event_type._meta.concrete_fields
    return {field.name: "Tea" for field in fields if field.max_length and not field.blank and not field.has_default()}


def seconds(work: Any, *args: Any) -> float:
    """How long one call takes."""
    start = perf_counter()
    work(*args)
    return perf_counter() - start


def middle(values: Iterable[float]) -> float:
    return median(values)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, to the nanosecond: clock_getcpuclockid(3), which Python has for threads only."""
    return time.clock_gettime((~pid << 3) | 2)


def load_note() -> str:
    """Figures taken beside other work are worth little: say so with them."""
    load = os.getloadavg()[0]
    return f"load average before the run {load:.1f} on {os.cpu_count()} cores" + (" (NOT QUIET)" if load > 0.7 else "")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print columns, the first to the left, the others to the right."""
    lines = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join([line[0].ljust(widths[0]), *cells[1:]]).rstrip(), flush=True)
