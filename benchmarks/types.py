"""The same mailbox over six event types and over 30.

    python -m benchmarks.types [--messages 600] [--rounds 3]

The other types are made as a site makes its own, each with a table. One process has six types, the next one 30; they
take turns, on PostgreSQL and on SQLite. A mailbox has one message of each type, then the next one of each, so that a
page shows many types. Prints medians in milliseconds, and the ratios. Target: 1.5.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks import stage
from tools.processes import ROOT

FEW, MANY, TURNS, USERS = 6, 30, 30, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds with six event types and with 30")
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(options.here, options.messages)))
        return
    print(f"{FEW} and {MANY} event types, ms, median of {options.rounds} rounds; {stage.load_note()}")
    for name, store in (("PostgreSQL", stage.postgres), ("SQLite", stage.sqlite)):
        took: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for turn in range(options.rounds):
            for types in (FEW, MANY) if turn % 2 else (MANY, FEW):
                with store() as url:
                    for what, ms in run(url, types, options.messages).items():
                        took[what][types].append(ms)
        rows = [(what, *(stage.middle(each[types]) for types in (FEW, MANY))) for what, each in took.items()]
        shown = [(what, f"{few:.2f}", f"{many:.2f}", f"{many / few:.2f}") for what, few, many in rows]
        stage.table([name, str(FEW), str(MANY), "ratio"], shown)


def run(url: str, types: int, messages: int) -> dict[str, float]:
    """What one process measures, by name."""
    command = [sys.executable, "-m", "benchmarks.types", "--here", str(types), "--messages", str(messages)]
    done = subprocess.run(
        command, cwd=ROOT, env=stage.environment(url), stdout=subprocess.PIPE, check=True, timeout=stage.CHILD_SECONDS
    )
    return dict(json.loads(done.stdout))


def measure(types: int, messages: int) -> dict[str, float]:
    import django

    django.setup()
    make_types(types)
    from benchmarks.search import vacuum

    reader, *others = stage.people(1 + USERS)
    fill([reader], messages)
    fill(others, MANY)  # one of each type, or five
    vacuum()
    found = {}
    for name, way in ways(reader, others).items():
        times = [stage.seconds(way) for _ in range(TURNS + 1)][1:]
        found[name] = stage.middle(times) * 1000
    return found


def make_types(count: int) -> None:
    """With those that ship, so many event types."""
    from django.db import connection, models

    from inbox.models import Message, event_types

    for number in range(count - len(event_types())):
        meta = type("Meta", (Message.Meta,), {"app_label": "inbox"})
        own = {"place": models.CharField(max_length=200), "title_format": "{actor} was at {place}"}
        model: Any = type(f"Visit{number}Message", (Message,), own | {"__module__": "inbox.models", "Meta": meta})
        with connection.schema_editor() as editor:
            editor.create_model(model)


def fill(users: list[int], messages: int) -> None:
    from inbox.models import event_types

    models = list(event_types().values())
    for number in range(messages):
        model = models[number % len(models)]
        given = {"actor_id": users[0], "url": f"/{number // len(models)}/", **stage.columns(model)}
        model.objects.bulk_create([model(recipient_id=user, **given) for user in users], batch_size=1000)


def ways(reader: int, others: list[int]) -> dict[str, Callable[[], object]]:
    from inbox import selectors, services
    from inbox.models import CommentMessage

    def mark_all() -> None:
        with services.recording(reader) as act:
            services.mark_all_read(reader, selectors.snapshot(reader).version)
        services.undo(reader, act.undo or "")

    return {
        "one snapshot": lambda: selectors.snapshot(reader),
        f"{USERS} snapshots": lambda: selectors.snapshots(others),
        "20 items": lambda: selectors.inbox_page(reader),
        "20 threads": lambda: selectors.thread_page(reader),
        "send to one": lambda: services.send([others[0]], CommentMessage, target_title="Tea"),
        f"send to {USERS}": lambda: services.send(others, CommentMessage, target_title="Tea"),
        "mark all, and undo": mark_all,
    }


if __name__ == "__main__":
    main()
