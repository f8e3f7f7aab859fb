"""What one user does in a mailbox of 100,000 messages, against the same in one of 100.

    python -m benchmarks.many [--few 100] [--many 100000] [--rounds 30]

Both mailboxes have messages of six types in threads of ten, of which twelve are starred, snoozed, archived and
important each, and the oldest ones at that: what looks for them from the newest on has to pass all others. Each has a
database of its own, so that what looks through whole tables shows. They take turns, on PostgreSQL and on SQLite. Prints
medians in milliseconds, and the ratios. Target: 2; not of the snapshot, which counts unread messages up to the cap.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import stage
from tools.processes import ROOT

THREAD, SPECIAL, BATCH = 10, 12, 5000
WAYS = (
    "snapshot",
    "first page",
    "second page",
    "page of threads",
    "important",
    "starred",
    "snoozed",
    "archived",
    "unread of one type",
    "open a thread",
    "mark one",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds in a mailbox of very many messages")
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--here", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        answer(options.here)
        return
    few, many, rounds = options.few, options.many, options.rounds
    print(f"{few:,} and {many:,} messages, ms, median of {rounds}; {stage.load_note()}")
    for name, store in (("PostgreSQL", stage.postgres), ("SQLite", stage.sqlite)):
        with store() as one, store() as other, mailbox(one, few) as small, mailbox(other, many) as large:
            took = {way: turns(small, large, way, rounds) for way in WAYS}
        rows = [
            (way, f"{first:.2f}", f"{second:.2f}", f"{second / first:.2f}") for way, (first, second) in took.items()
        ]
        stage.table([name, f"{few:,}", f"{many:,}", "ratio"], rows)


@contextmanager
def mailbox(url: str, messages: int) -> Iterator[Callable[[str], float]]:
    """A process with a mailbox of so many messages, as a function that says how many seconds a way takes there."""
    command = [sys.executable, "-m", "benchmarks.many", "--here", str(messages)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=stage.environment(url), stdin=pipe, stdout=pipe, text=True) as child:

        def ask(way: str) -> float:
            assert child.stdin is not None
            assert child.stdout is not None
            print(way, file=child.stdin, flush=True)
            return float(child.stdout.readline())

        yield ask


def turns(small: Callable[[str], float], large: Callable[[str], float], way: str, rounds: int) -> tuple[float, float]:
    """Milliseconds of each; the first round warms up and is not counted."""
    took = [(small(way), large(way)) for _ in range(rounds + 1)][1:]
    first, second = zip(*took, strict=True)
    return stage.middle(first) * 1000, stage.middle(second) * 1000


def answer(messages: int) -> None:
    import django

    django.setup()
    from benchmarks.search import vacuum

    user, *actors = stage.people(11)
    fill(user, messages, actors)
    vacuum()
    known = dict(zip(WAYS, ways(), strict=True))
    for line in sys.stdin:
        print(stage.seconds(known[line.strip()], user), flush=True)


def fill(user: int, count: int, actors: list[int]) -> None:
    """Rows as the services would leave them, written at once. The oldest are system messages."""
    from datetime import timedelta

    from django.db.models import QuerySet
    from django.utils import timezone

    from inbox import services
    from inbox.models import Mailbox, SystemMessage, event_types
    from inbox.models.thread import key_of

    now, types = timezone.now(), list(event_types().values())
    marks: list[dict[str, Any]] = [
        {"starred_at": now},
        {"snoozed_until": now + timedelta(days=9)},
        {"archived_at": now, "read_at": now},
        {"level": "critical"},
    ]
    special = [mark for mark in marks for _ in range(SPECIAL)]
    made: dict[Any, list[Any]] = {model: [] for model in types}
    for n in range(count):
        model = SystemMessage if n < len(special) else types[n % len(types)]
        own = stage.columns(model) | (special[n] if n < len(special) else {})
        url = f"/{user}/{n // THREAD}/"
        actor = actors[n % len(actors)]
        made[model].append(model(recipient_id=user, seq=n + 1, url=url, thread=key_of(url), actor_id=actor, **own))
    for model, rows in made.items():
        QuerySet[Any](model).bulk_create(rows, BATCH)
    Mailbox.objects.filter(pk=user).update(version=count)
    for _counted in services.count_threads():
        pass


def ways() -> list[Callable[[int], object]]:
    from inbox import selectors
    from inbox.core.choice import Choice

    page = selectors.inbox_page
    return [
        selectors.snapshot,
        page,
        lambda user: page(user, before=page(user).next),
        selectors.thread_page,
        lambda user: page(user, important=True),
        lambda user: page(user, starred=True),
        lambda user: page(user, snoozed=True),
        lambda user: page(user, archived=True),
        lambda user: page(user, choice=Choice(unread=True, types=("comment",))),
        lambda user: selectors.thread_items(user, selectors.thread_page(user, limit=1).threads[0].key),
        mark_one,
    ]


def mark_one(user: int) -> None:
    from inbox import selectors, services

    [item] = selectors.inbox_page(user, limit=1).items
    services.mark_read(user, [item.ref])
    services.mark_unread(user, [item.ref])


if __name__ == "__main__":
    main()
