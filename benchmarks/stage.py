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
    """A migrated database on a PostgreSQL of its own, as durable as it comes (every commit is on disk). Statements are
    prepared."""
    server = Postgres()
    try:
        server.start()
        migrate(server.site_url())
        yield server.site_url()
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


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """This process and what it starts meanwhile run on that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def migrate(url: str) -> None:
    command = manage("migrate", "--no-input", "-v", "0")
    subprocess.run(command, cwd=ROOT, env=environment(url), check=True, timeout=CHILD_SECONDS)


def run_child(
    module: str, database_url: str, arguments: Sequence[str], seconds: float = CHILD_SECONDS, **env: Any
) -> None:
    """`python -m module …` with Django on that database: settings can be chosen once per process only."""
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(database_url, **env), check=True, timeout=seconds)


def people(count: int, name: str = "bench") -> list[int]:
    """Ids of so many new users with empty mailboxes."""
    from django.contrib.auth import get_user_model

    from inbox.models import Mailbox

    users = get_user_model().objects
    made = users.bulk_create([users.model(username=f"{name}-{n}", password="!") for n in range(count)], 1000)
    Mailbox.objects.bulk_create([Mailbox(pk=user.pk, threads_version=0) for user in made], 1000)
    return [user.pk for user in made]


def cookies(ids: Iterable[int]) -> list[str]:
    """Session cookies of these users, in their order."""
    from datetime import timedelta

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils.timezone import now

    backend, store, keys = "django.contrib.auth.backends.ModelBackend", SessionStore(), []
    users, rows = get_user_model().objects.in_bulk(ids), []
    for pk in ids:
        data = {SESSION_KEY: str(pk), BACKEND_SESSION_KEY: backend, HASH_SESSION_KEY: users[pk].get_session_auth_hash()}
        keys.append(f"{pk:032d}")
        rows.append(Session(session_key=keys[-1], session_data=store.encode(data), expire_date=now() + timedelta(1)))
    Session.objects.bulk_create(rows, 1000)
    return keys


def columns(event_type: Any) -> dict[str, str]:
    """Something for every text that this event type requires."""
    fields = [field for field in event_type._meta.concrete_fields if field.editable]
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
