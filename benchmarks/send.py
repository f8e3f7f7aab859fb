"""Writing one event to many mailboxes, with every lock, against `bulk_create` under the same rules.

    python -m benchmarks.send [--users 10000] [--rounds 5]

Both ways lock the mailboxes of 1,000 recipients in order, advance their versions, write the same rows into the same
table with the same indexes, commit, and announce it. They take turns in one process, on PostgreSQL and on SQLite.
Prints the median of the rounds in rows per second, and the ratio (target on PostgreSQL: 3).
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import stage

COLUMNS = {"target_title": "The quick brown fox", "excerpt": "jumps over the lazy dog", "url": "/posts/1/"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Rows per second of one event to many mailboxes")
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.users, options.rounds)
        return
    print(f"One event to {options.users} mailboxes, rows/s, median of {options.rounds}; {stage.load_note()}")
    for store in (stage.postgres, stage.sqlite):
        with store() as url:
            stage.run_child("benchmarks.send", url, [*sys.argv[1:], "--here"])


def measure(users: int, rounds: int) -> None:
    import django

    django.setup()
    from django.db import connection

    ids = stage.people(users)
    ways = {"services.send": send, "bulk_create, same rules": create_in_bulk}
    rates = compare(ways, ids, rounds)
    ratio = rates["services.send"] / rates["bulk_create, same rules"]
    rows = [(name, f"{rate:,.0f}") for name, rate in rates.items()]
    stage.table([connection.vendor, "rows/s"], [*rows, ("ratio", f"{ratio:.1f}")])


def compare(ways: Mapping[str, Callable[[list[int], int], None]], ids: list[int], rounds: int) -> dict[str, float]:
    """Rows per second of each way; the first round warms up and is not counted."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            elapsed = stage.seconds(way, ids, ids[0])
            if turn:
                took[name].append(elapsed)
    return {name: len(ids) / stage.middle(times) for name, times in took.items()}


def send(ids: list[int], actor: int) -> None:
    from inbox import services
    from inbox.models import CommentMessage

    services.send(ids, CommentMessage, actor=actor, **COLUMNS)


def create_in_bulk(ids: list[int], actor: int) -> None:
    from inbox.models import ledger

    for chunk in ledger.chunks(ids):
        _create_chunk(chunk, actor)


def _create_chunk(ids: Sequence[int], actor: int) -> None:
    """The shortest correct way with Django's own means: no ensuring, no counting of several rows per mailbox."""
    from django.db import transaction
    from django.db.models import F, QuerySet

    from inbox.models import CommentMessage, Mailbox, ledger

    with transaction.atomic():
        locked = Mailbox.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        versions = dict(locked.values_list("pk", "version"))
        Mailbox.objects.filter(pk__in=ids).update(version=F("version") + 1)
        values: dict[str, Any] = {"actor_id": actor, **COLUMNS}
        rows = [CommentMessage(recipient_id=pk, seq=version + 1, **values) for pk, version in versions.items()]
        QuerySet[Any](CommentMessage).bulk_create(rows)
        ledger.announce(list(versions), "comment")


if __name__ == "__main__":
    main()
