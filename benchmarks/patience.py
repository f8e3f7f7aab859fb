"""How long one request takes to say 503: with a lock held by somebody else, and with the database away.

    python -m benchmarks.patience

One PostgreSQL, one process with the pool of a web process, requests by Django's test client. A wait for a lock ends
after one second here (five in production), so that hopeless retries can be counted by their seconds.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from benchmarks import stage
from tools.stores import Postgres

HOLD = {
    "its mailbox is locked": "SELECT 1 FROM inbox_mailbox WHERE user_id = {} FOR UPDATE",
    "its mailbox is being made": (
        "INSERT INTO inbox_mailbox (user_id, version, is_staff, audience_version, born_clock)"
        " VALUES ({}, 0, false, 0, 0)"
    ),
}


def main() -> None:
    print(f"One request until its answer; {stage.load_note()}")
    server = Postgres()
    try:
        server.start()
        stage.migrate(server.url())
        measure(server)
    finally:
        server.close()


def measure(server: Postgres) -> None:
    os.environ.update(stage.environment(server.url()))
    import notify_site.asgi  # noqa: F401 (the pool is a web process's)
    from inbox.models import Mailbox, ledger

    *held, other = stage.people(len(HOLD) + 1)
    ledger.ensure([held[0]])
    Mailbox.objects.filter(pk=held[1]).delete()
    rows = [answered("GET", "unread/", "nothing is wrong", nothing(other))]
    for pk, (name, sql) in zip(held, HOLD.items(), strict=True):
        rows.append(answered("PUT", "preferences/", name, hold(server.url(), pk, sql)))
    server.kill()
    for method, path in (("GET", "unread/"), ("PUT", "preferences/")):
        rows.append(answered(method, path, "the database is away", nothing(other)))
    stage.table(["", "request", "status", "seconds"], rows)


@contextmanager
def hold(url: str, pk: int, sql: str) -> Iterator[int]:
    with psycopg.connect(url) as other:
        other.execute(sql.format(pk).encode())
        yield pk
        other.rollback()


@contextmanager
def nothing(pk: int) -> Iterator[int]:
    yield pk


_browsers: dict[int, Any] = {}


def browser(pk: int) -> Any:
    """Signed in while there is a database."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    if pk not in _browsers:
        _browsers[pk] = Client(raise_request_exception=False, SERVER_NAME="localhost")
        _browsers[pk].force_login(get_user_model().objects.get(pk=pk))
    return _browsers[pk]


def answered(method: str, path: str, name: str, held: Any) -> tuple[str, str, str, str]:
    from django.db import connection

    with held as pk:
        client = browser(pk)
        if "away" not in name:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
        else:
            connection.close()  # back into the pool: each request begins without one
        started = time.perf_counter()
        answer = client.generic(method, f"/api/v1/{path}", '{"muted": ["like"]}', content_type="application/json")
        took = time.perf_counter() - started
    return name, f"{method} {path}", str(answer.status_code), f"{took:.2f}"


if __name__ == "__main__":
    main()
