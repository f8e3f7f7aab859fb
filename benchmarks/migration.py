"""How long `migrate` and `count_threads` take with a million messages, and how long an old process beside them waits.

    python -m benchmarks.migration [--rows 1000000] [--mailboxes 10000] [--from 0031_visible_texts] [--to …]

PostgreSQL, as durable as it comes. The rows are follows, a tenth of them unread. Two writers insert and update with the
columns of the old version, as fast as they can; a third keeps a transaction open for two seconds at a time. Prints the
times, the longest and the median write beside nothing and beside each, every count before and after, and whether the
counts of threads are those of their messages.
"""

import argparse
import itertools
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks import stage
from tools.commands import manage
from tools.processes import ROOT
from tools.stores import Postgres

CROWD = """
    INSERT INTO auth_user
        (username, password, is_superuser, is_staff, is_active, date_joined, first_name, last_name, email)
    SELECT 'crowd' || n, '', false, false, true, now(), '', '', '' FROM generate_series(1, %(mailboxes)s) n;
    INSERT INTO inbox_mailbox (user_id, version, is_staff, audience_version, born_clock)
    SELECT id, %(each)s, false, 0, 0 FROM auth_user;
    INSERT INTO inbox_followmessage (recipient_id, seq, url, created_at, read_at)
    SELECT user_id, n, '/people/' || n %% 50 || '/', now(), CASE WHEN n %% 10 > 0 THEN now() END
    FROM generate_series(1, %(each)s) n, inbox_mailbox;
"""
ADVANCE = "UPDATE inbox_mailbox SET version = version + 1 WHERE user_id = %s RETURNING version"
INSERT = "INSERT INTO inbox_followmessage (recipient_id, seq, url, created_at) VALUES (%s, %s, '', now())"
READ = """
    UPDATE inbox_followmessage SET read_at = now() WHERE id = (
        SELECT id FROM inbox_followmessage
        WHERE recipient_id = %s AND read_at IS NULL AND deleted_at IS NULL ORDER BY seq LIMIT 1)
"""
COUNTS = {
    "rows": "SELECT count(*) FROM inbox_followmessage",
    "unread": "SELECT count(*) FROM inbox_followmessage WHERE read_at IS NULL AND deleted_at IS NULL",
    "mailboxes": "SELECT count(*) FROM inbox_mailbox",
    "sum of seq": "SELECT sum(seq) FROM inbox_followmessage",
    "invalid indexes": "SELECT count(*) FROM pg_index WHERE NOT indisvalid",
}
# Of mailboxes whose threads are counted and no old process has written since.
THREADS = """
    SELECT count(*), count(*) FILTER (WHERE counted <> (
        SELECT (count(*), count(*) FILTER (WHERE read_at IS NULL))::text
        FROM inbox_followmessage WHERE recipient_id = user_id AND deleted_at IS NULL))
    FROM (
        SELECT user_id, (coalesce(sum(items), 0), coalesce(sum(unread), 0))::text counted
        FROM inbox_mailbox LEFT JOIN inbox_thread ON recipient_id = user_id
        WHERE threads_version = version GROUP BY user_id) counts
"""
ALONE_SECONDS, HOLD_SECONDS, PAUSE_SECONDS = 5.0, 2.0, 1.0
OLD = "0031_visible_texts"


def main() -> None:
    parser = argparse.ArgumentParser(description="migrate beside a writer")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--mailboxes", type=int, default=10_000)
    parser.add_argument("--from", dest="old", default=OLD, help="migration of inbox that old processes have")
    parser.add_argument("--to", dest="new", default="", help="the newest by default")
    given = parser.parse_args()
    print(stage.load_note(), flush=True)
    server = Postgres()
    try:
        server.start()
        measure(server.url(), given.rows, given.mailboxes, given.old, given.new)
    finally:
        server.close()


def measure(url: str, rows: int, mailboxes: int, old: str, new: str) -> None:
    migrate(url, old, everything=True)
    execute(url, CROWD, mailboxes=mailboxes, each=rows // mailboxes)
    works = {f"migrate from {old} to {new or 'the newest'}": lambda: migrate(url, new)}
    if not new:
        works["count_threads"] = lambda: run(url, "count_threads")
    alone = Writers(url)
    alone.during(lambda: time.sleep(ALONE_SECONDS))
    before, took, writers = counts(url), [row("nothing", alone)], list[Writers]()
    for name, work in works.items():
        writers.append(Writers(url))
        writers[-1].during(work)
        took.append(row(name, writers[-1]))
    after = counts(url)
    stage.table(["beside", "seconds", "longest write, ms", "median", "writes"], took)
    wanted = expected(before, writers)
    stage.table(["counts", "before", "expected", "after"], [(n, before[n], wanted[n], after[n]) for n in COUNTS])
    assert wanted == after, "lost or doubled"
    if not new:
        counted, wrong = check_threads(url)
        print(f"threads of {counted:,} mailboxes are counted, of {wrong:,} wrongly")
        assert not wrong


def expected(before: dict[str, int], writers: "list[Writers]") -> dict[str, int]:
    """What `before` has become by the writes alone."""
    inserted = sum(each.inserted for each in writers)
    return {
        "rows": before["rows"] + inserted,
        "unread": before["unread"] + inserted - sum(each.read for each in writers),
        "mailboxes": before["mailboxes"],
        "sum of seq": before["sum of seq"] + sum(each.seqs for each in writers),
        "invalid indexes": 0,
    }


def migrate(url: str, target: str, *, everything: bool = False) -> None:
    if everything:  # other apps need the users' tables only
        run(url, "migrate", "auth", "--no-input", "-v", "0")
    run(url, "migrate", *(["inbox", target] if target else []), "--no-input", "-v", "0")


def run(url: str, *arguments: str) -> None:
    """A command in a process of its own, as in a deploy."""
    command, environment = manage(*arguments), stage.environment(url)
    limit = 6 * stage.CHILD_SECONDS
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=limit, stdout=subprocess.DEVNULL)


def connected(url: str) -> Any:
    import psycopg

    return psycopg.connect(url.replace("postgres://", "postgresql://", 1), autocommit=True)


def execute(url: str, statements: str, **numbers: int) -> None:
    with connected(url) as connection:
        for statement in statements.split(";")[:-1]:
            connection.execute(statement, numbers)
        connection.execute("VACUUM ANALYZE")


def counts(url: str) -> dict[str, int]:
    with connected(url) as connection:
        return {name: int(connection.execute(sql).fetchone()[0]) for name, sql in COUNTS.items()}


def check_threads(url: str) -> tuple[int, int]:
    """Mailboxes with counted threads, and those of them whose counts differ from their messages."""
    with connected(url) as connection:
        counted, wrong = connection.execute(THREADS).fetchone()
    return counted, wrong


class Writers:
    """Old processes: plain SQL with the columns that they know."""

    def __init__(self, url: str) -> None:
        self.url, self.over = url, threading.Event()
        self.inserted = self.read = self.seqs = 0
        self.took: list[float] = []
        self.seconds = 0.0
        self.lock = threading.Lock()

    def during(self, work: Callable[[], Any]) -> None:
        """`took`: the seconds of each transaction that began during the work; `seconds`: those of the work."""
        with connected(self.url) as connection:
            people = [pk for [pk] in connection.execute("SELECT user_id FROM inbox_mailbox ORDER BY 1").fetchall()]
        threads = [
            threading.Thread(target=self.write, args=(people[0::3],)),
            threading.Thread(target=self.write, args=(people[1::3],)),
            threading.Thread(target=self.hold, args=(people[2::3],)),
        ]
        for thread in threads:
            thread.start()
        started = time.perf_counter()
        try:
            work()
        finally:
            self.seconds = time.perf_counter() - started
            self.over.set()
            for thread in threads:
                thread.join()

    def write(self, people: list[int]) -> None:
        with connected(self.url) as connection:
            for pk in itertools.cycle(people):
                if self.over.is_set():
                    return
                started = time.perf_counter()
                with connection.transaction():
                    self.step(connection, pk)
                self.took.append(time.perf_counter() - started)

    def hold(self, people: list[int]) -> None:
        """A transaction that stays open for some time, as a long request or report does."""
        with connected(self.url) as connection:
            for pk in itertools.cycle(people):
                if self.over.wait(PAUSE_SECONDS):
                    return
                with connection.transaction():
                    self.step(connection, pk)
                    self.over.wait(HOLD_SECONDS)

    def step(self, connection: Any, pk: int) -> None:
        [seq] = connection.execute(ADVANCE, [pk]).fetchone()
        connection.execute(INSERT, [pk, seq])
        read = connection.execute(READ, [pk]).rowcount
        with self.lock:
            self.inserted, self.read, self.seqs = self.inserted + 1, self.read + read, self.seqs + seq


def row(name: str, writers: Writers) -> tuple[str, str, str, str, str]:
    longest, middle = max(writers.took) * 1000, stage.middle(writers.took) * 1000
    return name, f"{writers.seconds:.1f}", f"{longest:,.0f}", f"{middle:,.1f}", f"{len(writers.took):,}"


if __name__ == "__main__":
    main()
