"""What others wait while a person is deleted who acted in many messages, or who has many of their own.

    python -m benchmarks.departures [--messages 20000] [--mailboxes 20000] [--own 0] [--seconds 4]

One thread sends to one reader after the other, as fast as it can. With `--own`, another sends to a thousand at a time,
four times a second, the person among them: it waits for their mailbox while it holds the others'. First nobody disturbs
them; then the person is deleted in the admin, and they go on until no message names them any more. PostgreSQL, as
durable as it comes. Prints the longest and the median send of each phase in milliseconds, and their ratios.
"""

import argparse
import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

from benchmarks import stage

CROWD = """
    INSERT INTO auth_user
        (username, password, is_superuser, is_staff, is_active, date_joined, first_name, last_name, email)
    SELECT 'crowd' || n, '', false, false, true, now(), '', '', '' FROM generate_series(1, %(mailboxes)s) n;
    INSERT INTO inbox_mailbox (user_id, version, is_staff, audience_version, born_clock)
    SELECT id, %(each)s, false, 0, 0 FROM auth_user;
"""
MESSAGES = """
    INSERT INTO inbox_followmessage (recipient_id, seq, actor_id, url, created_at)
    SELECT user_id, n, %(actor)s, '', now() FROM generate_series(1, %(each)s) n, inbox_mailbox
    WHERE user_id <> %(actor)s;
    INSERT INTO inbox_followmessage (recipient_id, seq, url, created_at)
    SELECT %(actor)s, n, '', now() FROM generate_series(1, %(own)s) n;
    UPDATE inbox_mailbox SET version = %(own)s WHERE user_id = %(actor)s;
"""
HOUR = 3600.0
PAUSE = 0.25  # seconds between two sends to a thousand


def main() -> None:
    parser = argparse.ArgumentParser(description="The longest send while a person is deleted")
    parser.add_argument("--messages", type=int, default=20_000, help="of others, in which they act")
    parser.add_argument("--mailboxes", type=int, help="that those are in; as many as messages by default")
    parser.add_argument("--own", type=int, default=0, help="messages in their own mailbox")
    parser.add_argument("--seconds", type=float, default=4.0, help="of sending undisturbed")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    mailboxes = min(options.mailboxes or options.messages, options.messages)
    if options.here:
        measure(options.messages, mailboxes, options.own, options.seconds)
        return
    print(
        f"Deleting a person named in {options.messages} messages in {mailboxes} mailboxes, with {options.own} of their"
    )
    print(f"own; ms; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.departures", url, [*sys.argv[1:], "--here"], HOUR)


def measure(messages: int, mailboxes: int, own: int, seconds: float) -> None:
    import django

    django.setup()
    run(CROWD, mailboxes=mailboxes, each=-(-messages // mailboxes))
    [actor] = stage.people(1)  # the last whose mailbox is locked: whoever waits for it holds the others
    run(MESSAGES, actor=actor, each=-(-messages // mailboxes), own=own)
    readers = sample(mailboxes)
    lists = [[[pk] for pk in readers]]
    if own:
        lists.append([[actor, *readers[:999]]])
    alone, _failed = sends_during(lambda: time.sleep(seconds), lists)
    before, took = peak_memory(), Took(actor)
    beside, failed = sends_during(took.run, lists)
    names = ["send to one", "send to a thousand, the person among them"]
    for name, undisturbed, disturbed in zip(names, alone, beside, strict=False):
        rows = [row("undisturbed", undisturbed), row("beside the deletion", disturbed), ratio(disturbed, undisturbed)]
        stage.table([name, "longest", "median"], rows)
    print(f"confirmation page {took.page:.2f} s, deletion in the admin {took.answer:.2f} s, until nobody was named")
    print(
        f"{took.whole:.2f} s; peak memory {before:,.0f} MiB before, {peak_memory():,.0f} MiB after; sends that failed"
    )
    print(f"with a lock timeout: {failed}")


def run(statements: str, **numbers: int) -> None:
    """Also counts the rows, as a database of some age would have done."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements.split(";")[:-1]:
            cursor.execute(statement, numbers)
        cursor.execute("VACUUM ANALYZE")


def sample(mailboxes: int) -> list[int]:
    """The owners of some of them."""
    from django.db.models import F

    from inbox.models import Mailbox

    some = Mailbox.objects.exclude(pk=Mailbox.objects.latest("pk").pk).annotate(
        rest=F("pk") % max(1, mailboxes // 1499)
    )
    return list(some.filter(rest=0).order_by("pk").values_list("pk", flat=True))


class Took:
    """A deletion in the admin, and how many seconds its steps took."""

    def __init__(self, actor: int) -> None:
        from django.contrib.auth import get_user_model
        from django.test import Client

        self.path = f"/admin/auth/user/{actor}/delete/"
        self.client = Client(headers={"host": "localhost"}, raise_request_exception=True)
        self.client.force_login(get_user_model().objects.create_superuser("root", password="!"))
        self.page = self.answer = self.whole = 0.0

    def run(self) -> None:
        from inbox.models import DeletedUser

        self.page = stage.seconds(self.status, self.client.get, 200)
        started = time.perf_counter()
        self.answer = stage.seconds(self.status, self.client.post, 302)
        while DeletedUser.objects.filter(finished_at=None).exists():
            time.sleep(0.05)
        self.whole = time.perf_counter() - started

    def status(self, method: Callable[..., Any], expected: int) -> None:
        response = method(self.path, {"post": "yes"})
        assert response.status_code == expected, response


def sends_during(work: Callable[[], Any], lists: Sequence[Sequence[list[int]]]) -> tuple[list[list[float]], int]:
    """Seconds that each send took from the beginning of `work` to its end; for each list by a thread of its own, which
    sends to one entry after the other. And how many failed."""
    from django.db import OperationalError, connection

    from inbox import services
    from inbox.models import FollowMessage

    took: list[list[float]] = [[] for _ in lists]
    over, failures = threading.Event(), []

    def attempt(ids: list[int]) -> None:
        try:
            services.send(ids, FollowMessage)
        except OperationalError as error:
            failures.append(error)

    def send(entries: Sequence[list[int]], seconds: list[float]) -> None:
        for ids in cycle(entries):
            if over.is_set():
                break
            seconds.append(stage.seconds(attempt, ids))
            if len(ids) > 1:
                over.wait(PAUSE)
        connection.close()

    senders = [threading.Thread(target=send, args=pair) for pair in zip(lists, took, strict=True)]
    for sender in senders:
        sender.start()
    try:
        work()
    finally:
        over.set()
        for sender in senders:
            sender.join()
    return took, len(failures)


def peak_memory() -> float:
    """Of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def row(name: str, took: Sequence[float]) -> tuple[str, str, str]:
    return name, f"{max(took) * 1000:,.0f}", f"{stage.middle(took) * 1000:,.1f}"


def ratio(beside: Sequence[float], alone: Sequence[float]) -> tuple[str, str, str]:
    longest, usual = max(beside) / max(alone), stage.middle(beside) / stage.middle(alone)
    return "ratio", f"{longest:.1f}", f"{usual:.1f}"


if __name__ == "__main__":
    main()
