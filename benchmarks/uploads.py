"""Uploading a list of people for an announcement: 200,000 user names, as many e-mail addresses, a copy of the
announcement, a reminder, and the removal of the list.

    python -m benchmarks.uploads [--users 200000]

Prints seconds on PostgreSQL, and for how long the broadcast clock was locked meanwhile.
"""

import argparse
import sys
from time import perf_counter

from benchmarks import stage


def main() -> None:
    parser = argparse.ArgumentParser(description="Seconds for a list of people")
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.users)
        return
    print(f"Uploading {options.users:,} names; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.uploads", url, [*sys.argv[1:], "--here"])


def measure(users: int) -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    from inbox import services
    from inbox.models import Broadcast

    model = get_user_model()
    rows = [model(username=f"user-{n}", email=f"user-{n}@example.org", password="!") for n in range(users)]
    model.objects.bulk_create(rows, 5000)
    news = Broadcast.objects.create(title="Tea", audience="several")
    author = model.objects.create_user("author")
    figures = []
    for what, column in (("e-mail addresses", "email"), ("user names", "username")):
        services.remove_list(news)
        text = "\n".join(getattr(row, column) for row in rows)
        figures.append(timed(what, services.upload_list, news, text))
    figures.append(timed("the same again", services.upload_list, news, text))
    figures.append(timed("a copy", services.duplicate_broadcast, author, news))
    figures.append(timed("a reminder", services.remind, author, news))
    figures.append(timed("removal", services.remove_list, news))
    stage.table(["", "s", "clock locked, ms"], figures)


def timed(what: str, work: object, *args: object) -> list[str]:
    """The seconds of one call, and the milliseconds from its first lock on the clock to its end."""
    from inbox.models import ledger

    locked: list[float] = []
    lock = ledger.locked_clock

    def noting() -> object:
        locked.append(perf_counter())
        return lock()

    ledger.locked_clock = noting  # type: ignore[assignment]
    begun = perf_counter()
    work(*args)  # type: ignore[operator]
    ended = perf_counter()
    ledger.locked_clock = lock
    return [what, f"{ended - begun:.2f}", f"{(ended - locked[0]) * 1000:.0f}"]


if __name__ == "__main__":
    main()
