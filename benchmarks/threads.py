"""A page of threads against a page of items, and what one write costs in a thread of very many.

    python -m benchmarks.threads [--many 100000] [--rounds 100] [--before COMMIT]

One user has 60 threads of 1, 2, 5 and 60 messages by ten actors, over all event types. Both pages take turns in one
process, on PostgreSQL and on SQLite. With `--before`, a page of items of that commit is measured before and after.
Then one message of a thread of `--many` is read and deleted, against the same in a thread of ten. Prints medians in
milliseconds, and the ratios. Targets: a page of 20 threads at most as long as one of 20 items was before there were
threads; a thread of very many at most twice one of ten. What a send costs is in `benchmarks.send`, before and after.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import stage
from benchmarks.beside import worktree
from tools.processes import ROOT

SIZES = (1, 2, 5, 60)
THREADS = 60
FEW = 10


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds per page of threads")
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--before", metavar="COMMIT")
    parser.add_argument("--items", action="store_true", help="only the page of items")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.many, options.rounds, only_items=options.items)
        return
    print(f"Pages of 20, ms, median of {options.rounds} rounds; {stage.load_note()}", flush=True)
    if options.before:
        print_beside(options.before, options.rounds)
    for store in (stage.postgres, stage.sqlite):
        with store() as url:
            stage.run_child("benchmarks.threads", url, [*sys.argv[1:], "--here"])


def print_beside(commit: str, rounds: int) -> None:
    """A page of items of an older commit, this commit's of threads, and the older one's again."""
    with worktree(commit) as older:
        shutil.copy(__file__, older / "benchmarks" / "threads.py")
        before, now, after = (printed(tree, rounds) for tree in (older, ROOT, older))
    for vendor, found in now.items():
        items = (before[vendor]["20 items"] + after[vendor]["20 items"]) / 2
        threads = found["20 threads"]
        print(f"{vendor}: 20 items of {commit} {items:.2f}, 20 threads {threads:.2f}: {threads / items:.2f} (target 1)")


def printed(tree: Path, rounds: int) -> dict[str, dict[str, float]]:
    """By the vendor of the database, the milliseconds of each page that this checkout prints."""
    few = ["--rounds", str(rounds), "--many", str(FEW + rounds), *([] if tree == ROOT else ["--items"])]
    command = [sys.executable, "-m", "benchmarks.threads", *few]
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for line in subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout.splitlines():
        if vendor := re.match(r"(postgresql|sqlite)\b", line):
            name = vendor[0]
        elif page := re.match(r"(20 \w+) +([\d.]+)", line):
            found[name][page[1]] = float(page[2])
    return found


def measure(many: int, rounds: int, *, only_items: bool) -> None:
    import django

    django.setup()
    from django.db import connection

    from inbox import selectors

    reader, writer, *actors = stage.people(12)
    fill(reader, actors)
    if only_items:
        [items] = turns([partial(selectors.inbox_page, reader)], rounds)
        stage.table([connection.vendor, "ms"], [("20 items", f"{items:.2f}")])
        return
    items, threads = turns([partial(selectors.inbox_page, reader), partial(selectors.thread_page, reader)], rounds)
    fill_one(writer, "/few", FEW + rounds)
    fill_one(writer, "/many", many)
    few, lots = turns([partial(read_and_delete, writer, "/few"), partial(read_and_delete, writer, "/many")], rounds)
    rows = [
        ("20 items", f"{items:.2f}", ""),
        ("20 threads", f"{threads:.2f}", f"{threads / items:.2f} (target 1)"),
        (f"read and delete one of {FEW}", f"{few:.2f}", ""),
        (f"read and delete one of {many:,}", f"{lots:.2f}", f"{lots / few:.2f} (target 2)"),
    ]
    stage.table([connection.vendor, "ms", "ratio"], rows)


def fill(reader: int, actors: list[int]) -> None:
    from inbox.models import event_types

    columns = {"share": "resource_title", "system": "title"}
    for number in range(THREADS):
        name, model = list(event_types().items())[number % len(event_types())]
        given = {} if name == "follow" else {columns.get(name, "target_title"): "The quick brown fox"}
        size = SIZES[number % len(SIZES)]
        model.objects.bulk_create(
            [
                model(recipient_id=reader, actor_id=actors[n % len(actors)], url=f"/posts/{number}/", **given)
                for n in range(size)
            ]
        )


def fill_one(writer: int, url: str, size: int) -> None:
    from inbox.models import CommentMessage

    rows = [CommentMessage(recipient_id=writer, url=url, target_title="Tea") for _ in range(size)]
    CommentMessage.objects.bulk_create(rows, batch_size=1000)


def read_and_delete(writer: int, url: str) -> None:
    """The newest one, so that the thread has to find the one before."""
    from inbox import services
    from inbox.models import CommentMessage
    from inbox.models.thread import key_of

    rows = CommentMessage.objects.visible().filter(recipient=writer, thread=key_of(url))
    [newest] = rows.order_by("-seq")[:1]
    services.mark_read(writer, [newest.ref])
    services.delete(writer, [newest.ref])


def turns(ways: list[Callable[[], object]], rounds: int) -> list[float]:
    """Milliseconds of each way; the first round warms up and is not counted."""
    took: list[list[float]] = [[] for _way in ways]
    for turn in range(rounds + 1):
        for way, times in zip(ways, took, strict=True):
            elapsed = stage.seconds(way)
            if turn:
                times.append(elapsed * 1000)
    return [stage.middle(times) for times in took]


if __name__ == "__main__":
    main()
