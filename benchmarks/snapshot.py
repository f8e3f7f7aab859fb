"""Reading badges: one user with few and with very many unread, and a thousand users at once.

    python -m benchmarks.snapshot [--users 1000] [--many 100000] [--rounds 30]

Prints the median over the rounds, on PostgreSQL: wall time, CPU time spent in Python and in PostgreSQL, and what
that makes in users per second if Python had a core for itself. Targets: the user with very many at most twice the
one with ten; a thousand users within 30 ms.
"""

import argparse
import sys
from dataclasses import dataclass
from time import thread_time
from typing import Any

from benchmarks import stage

FEW = 10
BROADCASTS = (0, 1, 50)


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds per read of badges")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.users, options.many, options.rounds)
        return
    print(f"Reading snapshots, ms, median of {options.rounds} rounds; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.snapshot", url, [*sys.argv[1:], "--here"])


@dataclass
class Cost:
    """Milliseconds of one read."""

    wall: float
    python: float
    postgres: float

    def row(self, what: str, users: int) -> list[str]:
        rate = users / max(self.python, 0.001) * 1000
        return [what, f"{self.wall:.2f}", f"{self.python:.2f}", f"{self.postgres:.2f}", f"{rate:,.0f}"]


def measure(users: int, many: int, rounds: int) -> None:
    import django

    django.setup()
    ids = stage.people(users + 1)
    crowd, heavy = ids[:users], ids[users]
    fill(crowd, heavy, many)
    few, lots = costs([crowd[0]], 10 * rounds), costs([heavy], 10 * rounds)
    rows = [few.row(f"1 user, {FEW} unread", 1), lots.row(f"1 user, {many} unread", 1)]
    rows.append([f"ratio (target 2): {lots.wall / few.wall:.2f}", "", "", "", ""])
    for live in BROADCASTS:
        broadcast_until(live)
        rows.append(costs(crowd, rounds).row(f"{users} users, {FEW} unread each, {live} live broadcasts", users))
    see(crowd)
    rows.append(costs(crowd, rounds).row("the same, all but one of them seen", users))
    stage.table(["", "wall", "Python CPU", "PostgreSQL CPU", "users/s of a core of Python"], rows)


def fill(crowd: list[int], heavy: int, many: int) -> None:
    """`FEW` messages over all event types for everybody, `many` comments for one. Vacuumed, as a running site is."""
    from django.db import connection

    from inbox import services
    from inbox.models import event_types

    types = list(event_types().values())
    for turn in range(FEW):
        kind = types[turn % len(types)]
        services.send([*crowd, heavy], kind, actor=crowd[0], **stage.columns(kind))
    comments(heavy, many)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def comments(user: int, count: int) -> None:
    """Rows as `services.send` would leave them, written at once."""
    from django.db.models import QuerySet

    from inbox.models import CommentMessage, Mailbox

    start = Mailbox.objects.get(pk=user).version
    rows = [CommentMessage(recipient_id=user, seq=start + n) for n in range(1, count + 1)]
    QuerySet[Any](CommentMessage).bulk_create(rows, 5000)
    Mailbox.objects.filter(pk=user).update(version=start + count)


def broadcast_until(live: int) -> None:
    from inbox import services
    from inbox.models import Broadcast, State

    for _ in range(live - Broadcast.objects.filter(state=State.LIVE).count()):
        services.publish(Broadcast.objects.create(title="Maintenance on Sunday"))


def see(users: list[int]) -> None:
    """Everybody has seen what there is, and something has come since: the costliest case."""
    from django.db.models import F

    from inbox import services
    from inbox.models import BroadcastClock, FollowMessage, Mailbox

    clock = BroadcastClock.objects.get().value
    Mailbox.objects.filter(pk__in=users).update(seen_clock=clock, seen_version=F("version"))
    services.send(users, FollowMessage)


def costs(users: list[int], rounds: int) -> Cost:
    """The median of the wall time, means of the CPU times."""
    from inbox import selectors

    selectors.snapshots(users)
    server = server_process()
    before, python = stage.cpu_seconds(server), thread_time()
    wall = stage.middle([stage.seconds(selectors.snapshots, users) for _ in range(rounds)])
    python, database = thread_time() - python, stage.cpu_seconds(server) - before
    return Cost(wall * 1000, python * 1000 / rounds, database * 1000 / rounds)


def server_process() -> int:
    """The process in the server that serves this connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
