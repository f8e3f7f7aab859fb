"""A search in one mailbox: the first page of 20, on PostgreSQL and on SQLite.

    python -m benchmarks.search [--messages 10000] [--rounds 20]

The messages are of six types, by a thousand actors, among 20,000 users. Prints medians. Target: below 50 ms each.
"""

import argparse
import sys
from typing import Any

from benchmarks import stage

ACTORS, USERS, BATCH = 1000, 20_000, 1000
SEARCHES = {
    "no search": {},
    "a word in every tenth": {"q": "ГРЮН"},
    "a word in none": {"q": "nowhere"},
    "eight words": {"q": "number is about tea and milk n m"},
    "the name of an actor": {"q": "bench-7"},
    "what a type says": {"q": "liked"},
    "a word, unread, without likes": {"q": "грюн", "unread": True, "not_types": ("like",)},
    "a rare word": {"q": "needle"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds of a search in one mailbox")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.messages, options.rounds)
        return
    print(f"A page of a search in {options.messages} messages, ms, median of {options.rounds}; {stage.load_note()}")
    for name, database in (("PostgreSQL", stage.postgres), ("SQLite", stage.sqlite)):
        print(name, flush=True)
        with database() as url:
            stage.run_child("benchmarks.search", url, [*sys.argv[1:], "--here"])


def measure(messages: int, rounds: int) -> None:
    import django

    django.setup()
    from inbox import selectors
    from inbox.core.choice import Choice

    user, *others = stage.people(USERS)
    fill(user, others[:ACTORS], messages)
    vacuum()
    rows = []
    for name, wanted in SEARCHES.items():
        choice = Choice(**wanted)
        found = len(selectors.inbox_page(user, choice=choice).items)
        times = [stage.seconds(lambda choice=choice: selectors.inbox_page(user, choice=choice)) for _ in range(rounds)]
        rows.append([name, f"{stage.middle(times) * 1000:.1f}", str(found)])
    stage.table(["search", "ms", "items"], rows)


def fill(user: int, actors: list[int], messages: int) -> None:
    from inbox.models import event_types

    types = list(event_types().values())
    for first in range(0, messages, BATCH):
        for number, model in enumerate(types):
            made = range(first + number, min(first + BATCH, messages), len(types))
            model.objects.bulk_create([row(model, n, user, actors[n % len(actors)]) for n in made])


def row(model: Any, n: int, user: int, actor: int) -> Any:
    text = "needle" if n == 0 else f"Number {n} is Грюн" if n % 10 == 0 else f"Number {n} is about tea and milk"
    given = dict.fromkeys(stage.columns(model), text)
    return model(recipient_id=user, actor_id=actor, **given)


def vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


if __name__ == "__main__":
    main()
