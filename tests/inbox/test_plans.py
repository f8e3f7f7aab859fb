"""No statement for one user looks through the messages, threads or receipts of everybody. SQLite's plans show it:
without statistics, it plans for large tables, whatever they hold."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.core.choice import Choice
from inbox.core.snapshots import CLOCK_UNIT
from inbox.core.sql.compiled import Compiled
from inbox.core.sql.statements import named
from inbox.models import Broadcast, BroadcastReceipt, Thread, message_models

from .scenes import MAILBOX_WRITES, Scene
from .test_reads_only_read import SELECTORS, undone_scene
from .test_rules_reading import explained

__all__ = ["undone_scene"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans for what its tables hold"),
]
CHOICES = [
    {},
    *({name: True} for name in ("unread", "read", "archived", "starred", "snoozed", "important")),
    {"types": ("like",)},
    {"q": "tea"},
    {"actor": 1},
    {"subject": "blog.post:7"},
    {"thread": "s1"},
    {"since": timezone.now()},
]
PLANNED = re.compile(r"\W*(SELECT|WITH|INSERT|UPDATE|DELETE)\b")
LATER = 10 * CLOCK_UNIT + 10


def choosing(scene: Scene, choice: Choice) -> None:
    page = selectors.inbox_page(scene.reader, choice=choice, limit=1)
    selectors.inbox_page(scene.reader, choice=choice, before=page.next)
    selectors.thread_page(scene.reader, choice=choice)
    services.change_chosen(scene.reader, choice, {"read": True, "archived": True}, LATER)


def undoing(scene: Scene) -> None:
    with services.recording(scene.reader) as act:
        services.mark_all_read(scene.reader, LATER)
    services.undo(scene.reader, act.undo or "")


WORK: dict[str, Callable[[Scene], Any]] = {
    **SELECTORS,
    **{name: write for name, write in MAILBOX_WRITES.items() if hasattr(services, name)},
    **{f"choosing {given}": partial(choosing, choice=Choice(**given)) for given in CHOICES},
    "mend": lambda scene: services.mend(is_due=True, users=[scene.reader]),
    "read_about": lambda scene: services.read_about(scene.reader, "blog.post:7", LATER),
    "undo": undoing,
    "wake_due": lambda scene: services.wake_due(),
}


def scans(sql: str) -> Iterator[str]:
    """The steps of the plan that look through all of a table with rows of users."""
    tables = {model._meta.db_table for model in (*message_models(), Thread, BroadcastReceipt)}
    known = defaultdict(set)
    for table, alias in re.findall(r'(?:FROM|JOIN) "(\w+)" ?"?(\w*)', sql):
        known[table].add(table)
        known[alias].add(table)
    of_another_table = {index.name for index in Broadcast._meta.indexes}  # an alias may stand for several tables
    for *_numbers, step in explained("EXPLAIN QUERY PLAN", sql):
        scan = re.match(r"SCAN (\w+)", step)
        if scan and tables & known[scan[1]] and not of_another_table & {*step.split()}:
            yield step


def test_nothing_looks_through_the_rows_of_everybody(undone_scene: Scene) -> None:
    found = {}
    for name, work in WORK.items():
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            work(undone_scene)
            transaction.set_rollback(True)
        taken = {
            query["sql"] for query in captured if re.match(r"\W*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", query["sql"])
        }
        if seen := [step for sql in taken for step in scans(sql)]:
            found[name] = seen
    assert found == {}


def test_a_compiled_statement_is_not_compiled_again_by_the_database(
    undone_scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted(compiled: Compiled[Any], values: Any) -> Any:
        ran.add(re.sub(r"%\((\w+)\)s", r":\1", named(compiled.sql)).replace("%%", "%"))
        return rows(compiled, values)

    rows, ran, kept = Compiled.rows, set[str](), dict[str, bool]()
    monkeypatch.setattr(Compiled, "rows", noted)
    for read in SELECTORS.values():
        for _ in range(3):
            read(undone_scene)
        kept |= compiled_again()  # at once: Python keeps the last 128 statements
    assert len(ran & kept.keys()) > 5
    assert [sql for sql in ran if kept.get(sql)] == []


def compiled_again() -> dict[str, bool]:
    """The statements of this connection, and whether SQLite has compiled them more than twice: once to run them, and
    once when the tables have changed."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT sql, reprep > 1 FROM sqlite_stmt")
        except OperationalError:
            pytest.skip("this SQLite is built without SQLITE_ENABLE_STMTVTAB")
        return {sql: bool(is_again) for sql, is_again in cursor}


def test_a_scan_is_noticed() -> None:
    table = message_models()[0]._meta.db_table
    assert [*scans(f'SELECT 1 FROM "{table}" U0 WHERE U0."url" = \'\'')] == ["SCAN U0"]
    assert [*scans(f'SELECT 1 FROM "{table}" WHERE "id" = 1')] == []
