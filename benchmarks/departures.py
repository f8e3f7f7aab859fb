"""What others wait while a person is deleted who acted in many mailboxes.

    python -m benchmarks.departures [--readers 20000] [--seconds 4]

One thread sends to one reader after the other, as fast as it can. First nobody disturbs it; then the person is deleted
by Django's `user.delete()`, and it goes on until no message names them any more. PostgreSQL, as durable as it comes.
Prints the longest and the median send of each phase in milliseconds, and their ratios.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

from benchmarks import stage


def main() -> None:
    parser = argparse.ArgumentParser(description="The longest send while a person is deleted")
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of sending undisturbed")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.readers, options.seconds)
        return
    print(f"Deleting a person named in {options.readers} mailboxes, ms; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.departures", url, [*sys.argv[1:], "--here"])


def measure(readers: int, seconds: float) -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    from inbox import services
    from inbox.models import FollowMessage

    actor, *ids = stage.people(readers + 1)
    services.send(ids, FollowMessage, actor=actor)
    person = get_user_model().objects.get(pk=actor)
    alone = sends_during(lambda: time.sleep(seconds), ids)
    took: list[float] = []

    def delete() -> None:
        took.append(stage.seconds(person.delete))
        while FollowMessage.objects.exclude(actor_id=None).exists():
            time.sleep(0.05)

    started = time.perf_counter()
    beside = sends_during(delete, ids)
    stage.table(
        ["", "longest send", "median send"],
        [row("undisturbed", alone), row("beside the deletion", beside), ratio(beside, alone)],
    )
    print(f"delete() took {took[0]:.2f} s, until nobody was named {time.perf_counter() - started:.2f} s")


def sends_during(work: Callable[[], Any], ids: Sequence[int]) -> list[float]:
    """Seconds that each send took from the beginning of `work` to its end."""
    from django.db import connection

    from inbox import services
    from inbox.models import FollowMessage

    took: list[float] = []
    over = threading.Event()

    def send() -> None:
        for pk in cycle(ids[:: max(1, len(ids) // 997)]):
            if over.is_set():
                break
            took.append(stage.seconds(services.send, [pk], FollowMessage))
        connection.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        work()
    finally:
        over.set()
        sender.join()
    return took


def row(name: str, took: Sequence[float]) -> tuple[str, str, str]:
    return name, f"{max(took) * 1000:,.0f}", f"{stage.middle(took) * 1000:,.1f}"


def ratio(beside: Sequence[float], alone: Sequence[float]) -> tuple[str, str, str]:
    longest, usual = max(beside) / max(alone), stage.middle(beside) / stage.middle(alone)
    return "ratio", f"{longest:.1f}", f"{usual:.1f}"


if __name__ == "__main__":
    main()
