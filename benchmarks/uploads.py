"""Uploading a list of people for an announcement: 200,000 user names, as many e-mail addresses, a copy of the
announcement, a reminder, and the removal of the list. Then a saved filter that finds as many, beside the ORM, which
writes a row for each of them.

    python -m benchmarks.uploads [--users 200000] [--only lists|filter]

Prints seconds on PostgreSQL, and for how long the broadcast clock was locked meanwhile.
"""

import argparse
import sys
from datetime import date
from time import perf_counter
from typing import Any

from benchmarks import stage


def main() -> None:
    parser = argparse.ArgumentParser(description="Seconds for a list of people")
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--only", choices=["lists", "filter"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.users, options.only)
        return
    print(f"{options.users:,} people; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.uploads", url, [*sys.argv[1:], "--here"])


def measure(users: int, only: str | None) -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    model = get_user_model()
    rows = [model(username=f"user-{n}", email=f"user-{n}@example.org", password="!") for n in range(users)]
    model.objects.bulk_create(rows, 5000)
    parts = {"lists": lambda: of_lists(rows), "filter": of_a_filter}
    stage.table(["", "s", "clock locked, ms"], [row for name in parts if only in {None, name} for row in parts[name]()])


def of_lists(rows: list[Any]) -> list[list[str]]:
    from django.contrib.auth import get_user_model

    from inbox import services
    from inbox.models import Broadcast

    news = Broadcast.objects.create(title="Tea", audience="several")
    author = get_user_model().objects.create_user("author")
    figures = []
    for what, column in (("e-mail addresses", "email"), ("user names", "username")):
        services.remove_list(news)
        text = "\n".join(getattr(row, column) for row in rows)
        figures.append(timed(what, services.upload_list, news, text))
    figures.append(timed("the same again", services.upload_list, news, text))
    figures.append(timed("a copy", services.duplicate_broadcast, author, news))
    figures.append(timed("a reminder", services.remind, author, news))
    figures.append(timed("removal", services.remove_list, news))
    return figures


def of_a_filter() -> list[list[str]]:
    """Both ways read the same users and fill the same table; then the announcement is published."""
    from inbox import selectors, services
    from inbox.models import AudienceFilter, Broadcast, BroadcastMember

    everybody = AudienceFilter.objects.create(name="all", joined_after=date(2000, 1, 1))
    news, other = (Broadcast.objects.create(title=title, audience="several") for title in ("Tea", "Milk"))
    news.filters.add(everybody)

    def by_the_orm() -> None:
        keys = selectors.found_by([everybody]).values_list("pk", flat=True)
        rows = [BroadcastMember(broadcast=other, user_id=pk, source="filter") for pk in keys]
        BroadcastMember.objects.bulk_create(rows, 1000)

    rows = [
        timed("a saved filter", services.freeze, news.pk),
        timed("publishing to them", services.publish_frozen, news),
        timed("a row for each by the ORM", by_the_orm),
    ]
    return [*rows, ["ratio of the ORM to the filter", f"{float(rows[2][1]) / float(rows[0][1]):.1f}", ""]]


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
