"""Publishing an announcement to 200,000 people, beside a row for each of them.

    python -m benchmarks.publishing [--users 200000]

What is published is one row: for everyone, for staff and a group without another group, and again after a correction. A
product that fans out on write has to store a row per reader; here that is `bulk_create` of as many system messages,
without a version, a signal or a badge. PostgreSQL, as durable as it comes. Prints the statements that write, and their
time in the database and altogether. Target: less than a second of database time, whatever the number of people.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import stage

HOUR = 3600.0
BATCH = 5000  # rows of one statement of the peer
CROWD = """
    INSERT INTO auth_user
        (username, password, is_superuser, is_staff, is_active, date_joined, first_name, last_name, email)
    SELECT 'crowd' || n, '', false, n %% 100 = 0, true, now(), '', '', '' FROM generate_series(1, %(users)s) n;
    INSERT INTO inbox_mailbox (user_id, version, is_staff, audience_version, born_clock)
    SELECT id, 0, is_staff, 0, 0 FROM auth_user;
    INSERT INTO auth_group (name) VALUES ('operations'), ('trainees');
    INSERT INTO auth_user_groups (user_id, group_id)
    SELECT u.id, g.id FROM auth_user u, auth_group g WHERE u.id %% 10 = CASE g.name WHEN 'operations' THEN 3 ELSE 5 END
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes and seconds of a publication, whatever the number of people")
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.users)
        return
    print(f"Publishing to {options.users:,} users; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.publishing", url, [*sys.argv[1:], "--here"], HOUR)


def measure(users: int) -> None:
    import django

    django.setup()
    populate(users)
    rows = {
        "for everyone": timed(lambda: publish(audience="everyone")),
        "for staff and a group, without another": timed(publish_to_several),
        "a correction of it, shown again": timed(correct),
        "a row for each user": timed(lambda: row_for_each(users)),
    }
    shown = [[name, cost.writes, f"{cost.database:.3f}", f"{cost.wall:.3f}"] for name, cost in rows.items()]
    stage.table(["", "writes", "database, s", "altogether, s"], shown)
    peer, *ours = reversed(rows.values())
    slowest = max(ours, key=lambda cost: cost.wall)
    print(f"a row for each user takes {peer.wall / slowest.wall:,.0f} times as long as the slowest of the others")


@dataclass
class Cost:
    """`database`: seconds that the database took for all statements."""

    writes: int = 0
    database: float = 0.0
    wall: float = 0.0


def timed(work: Callable[[], object]) -> Cost:
    with counting() as cost:
        work()
    return cost


@contextmanager
def counting() -> Iterator[Cost]:
    from django.db import connection

    cost, start = Cost(), time.perf_counter()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        before = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            cost.database += time.perf_counter() - before
            cost.writes += sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))

    with connection.execute_wrapper(count):
        yield cost
    cost.wall = time.perf_counter() - start


def populate(users: int) -> None:
    """Also counts the rows, as a database of some age would have done."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in CROWD.split(";"):
            cursor.execute(statement, {"users": users})
        cursor.execute("VACUUM ANALYZE")


def publish(**aim: Any) -> None:
    from inbox import selectors, services
    from inbox.models import Broadcast

    groups = {name: aim.pop(name) for name in ("groups", "excluded_groups") if name in aim}
    broadcast = Broadcast.objects.create(title="Maintenance", body="On **Tuesday**.", **aim)
    for name, chosen in groups.items():
        getattr(broadcast, name).set(chosen)
    selectors.require_readers(broadcast)
    services.publish(broadcast)


def publish_to_several() -> None:
    from django.contrib.auth.models import Group

    named = {group.name: group for group in Group.objects.all()}
    groups, excluded = [named["operations"]], [named["trainees"]]
    publish(audience="several", with_staff=True, groups=groups, excluded_groups=excluded)


def correct() -> None:
    from inbox.models import Broadcast

    broadcast = Broadcast.objects.latest("pk")
    broadcast.title, broadcast.shows_again = "Maintenance on Wednesday", True
    broadcast.save()


def row_for_each(users: int) -> None:
    """Past every rule of ours, as Django writes any table."""
    from django.contrib.auth import get_user_model
    from django.db.models import QuerySet

    from inbox.models import SystemMessage

    keys = list(get_user_model().objects.values_list("pk", flat=True)[:users])
    rows = [SystemMessage(recipient_id=key, seq=1, title="Maintenance", body="On Tuesday.") for key in keys]
    QuerySet(SystemMessage).bulk_create(rows, BATCH)


if __name__ == "__main__":
    main()
