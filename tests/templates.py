"""Migrated databases, kept from one run to the next: to migrate one takes seconds of CPU time, to copy it none.

They are in pytest's cache (`--cache-clear` removes them), under names that change with any code of the site. What is
copied is migrated all the same, which then has nothing to do. A kept PostgreSQL database is a dump.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from fcntl import LOCK_EX, flock
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import django
from django.apps import apps
from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.migrating import fields_are_copied
from tools.processes import ROOT
from tools.stores import postgres_binary

KEPT = ROOT / ".pytest_cache" / "d" / "databases"
CODE = ("inbox", "push", "notify_site", "tests/site", "tests/inbox/abroad")
A_WEEK = 7 * 24 * 3600  # seconds; older templates are of code that is gone


def template(name: str, make: Callable[[Path], None]) -> Path:
    """The file of that name, made by `make` unless there is one; other processes wait for it meanwhile."""
    path = KEPT / f"{name}-{fingerprint()}"
    if path.exists():
        return path
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not path.exists():
            _remove_old()
            unfinished = path.with_suffix(f".{os.getpid()}")
            make(unfinished)
            unfinished.rename(path)
    return path


@cache
def fingerprint() -> str:
    """Of all that a migrated database depends on."""
    found = sha256(f"{django.VERSION} {sys.version} {sqlite3.sqlite_version}".encode())
    files = sorted(path for directory in CODE for path in (ROOT / directory).rglob("*.py"))
    for path in [ROOT / "requirements.lock", *files]:
        found.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _remove_old() -> None:
    for path in KEPT.iterdir():
        with suppress(FileNotFoundError):  # another process has finished it meanwhile, under another name
            if path.stat().st_mtime < time.time() - A_WEEK:
                path.unlink()


@contextmanager
def copied() -> Iterator[None]:
    """Meanwhile whoever migrates an empty database gets a copy of one."""
    handle = migrate.Command.handle

    def copy_and_handle(command: migrate.Command, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]

        def make(path: Path) -> None:
            with fields_are_copied():
                handle(command, *args, **options)
            save(connection, path)

        if can_be_kept(connection.vendor):
            load(connection, template(f"migrated-{_kind(connection)}", make))
        handle(command, *args, **options)

    with patch.object(migrate.Command, "handle", copy_and_handle):
        yield


def can_be_kept(vendor: str) -> bool:
    """Whether the program that dumps databases is that of their server."""
    return vendor == "sqlite" or "TEST_DATABASE_URL" not in os.environ


def _kind(connection: BaseDatabaseWrapper) -> str:
    """Which tables there are follows from the apps and the model of users."""
    shape = f"{[app.name for app in apps.get_app_configs()]} {settings.AUTH_USER_MODEL}"
    return f"{connection.vendor}-{sha256(shape.encode()).hexdigest()[:8]}"


def save(connection: BaseDatabaseWrapper, path: Path) -> None:
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(path)) as file:
            connection.connection.backup(file)
    else:
        at = connection.settings_dict
        url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        path.write_text(dump(url))


def load(connection: BaseDatabaseWrapper, path: Path) -> None:
    """Into a database without tables, or with the same ones."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(path)) as file:
            file.backup(connection.connection)
    elif not connection.introspection.table_names():
        connection.connection.execute(path.read_bytes())
        connection.close()  # its search path is empty now


def dump(url: str) -> str:
    """All of a PostgreSQL database as SQL."""
    argv = [postgres_binary("pg_dump"), "--inserts", "--no-owner", url]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return "\n".join(line for line in lines if not line.startswith("\\"))  # commands of psql
