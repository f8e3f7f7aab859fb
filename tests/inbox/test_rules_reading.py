"""docs/ARCHITECTURE.md, rule 3, and what reading costs: statements, whatever the number of users or messages."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import selectors, services
from inbox.models import Broadcast, CommentMessage, FollowMessage, Mailbox, births, event_types

from .listening import Heard
from .people import mend, people

pytestmark = pytest.mark.django_db
MANY = 5_000


# Rule 3: one statement


def test_a_snapshot_is_one_statement(django_assert_num_queries: Any) -> None:
    users = people(1000)
    services.send(users, FollowMessage)
    selectors.snapshots(users)  # a connection's first read of many sets it up for that
    with django_assert_num_queries(1):
        assert len(selectors.snapshots(users)) == 1000
    with django_assert_num_queries(1):
        selectors.snapshot(users[0])
    with django_assert_num_queries(1):
        selectors.versions(users)
    with django_assert_num_queries(2):
        selectors.snapshots([*users, users[0]])


def test_mending_takes_few_statements(django_assert_max_num_queries: Any) -> None:
    users = people(100)
    with django_assert_max_num_queries(20):
        mend(*users)
    assert Mailbox.objects.count() == 100
    User.objects.filter(pk__in=users).update(is_staff=True)
    with django_assert_max_num_queries(20):
        mend(*users)
    Broadcast.objects.create(title="Soon", audience="staff", state="scheduled", publish_at=timezone.now())
    with django_assert_max_num_queries(50):
        mend(*users)
    assert {snapshot.unread for snapshot in selectors.snapshots(users).values()} == {1}


# What it costs


def statements(work: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def test_a_send_to_a_thousand_takes_as_many_statements_as_one_to_ten() -> None:
    users = people(1000)
    mend(*users)
    few = statements(lambda: services.send(users[:10], FollowMessage, actor=users[0]))
    assert statements(lambda: services.send(users, FollowMessage, actor=users[0])) == few
    assert few <= 7  # a savepoint, lock and advance, the actor, the rows, the end; in SQLite the lock on its own


def test_a_page_takes_as_many_statements_however_full_the_inbox() -> None:
    [user] = people(1)
    services.send([user], FollowMessage)
    page = lambda: selectors.inbox_page(user, limit=10)  # noqa: E731
    page()
    few = statements(page)
    for model in event_types().values():
        columns = {"target_title", "resource_title", "title"} & {field.name for field in model._meta.fields}
        model.objects.bulk_create(model(recipient_id=user, **dict.fromkeys(columns, "Tea")) for _ in range(30))
    Broadcast.objects.bulk_create(Broadcast(title="News", state="live") for _ in range(30))
    assert statements(page) == few == 4  # the snapshot, messages of all types, broadcasts, and what is important


def test_marking_takes_as_many_statements_for_one_item_as_for_fifty() -> None:
    [user] = people(1)
    FollowMessage.objects.bulk_create(FollowMessage(recipient_id=user) for _ in range(60))
    refs = [row.ref for row in FollowMessage.objects.all()]
    one = statements(lambda: services.mark_read(user, refs[:1]))
    assert statements(lambda: services.mark_read(user, refs[10:])) == one


# Many thousand unread


@pytest.fixture
def swamped(transactional_db: None) -> int:
    """A user with very many unread comments, among others with some, committed and vacuumed."""
    users = people(500)
    user = users[-1]
    services.send(users, CommentMessage, target_title="Tea")
    multiply(CommentMessage, None, 9)
    multiply(CommentMessage, CommentMessage.objects.filter(recipient=user).latest("seq").pk, MANY - 10)
    Mailbox.objects.filter(pk__in=users).update(version=F("version") + MANY)
    return user


def multiply(model: Any, pk: int | None, times: int) -> None:
    """One row, or each, again and again, by the database itself."""
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    copied = ", ".join("seq + number" if column == "seq" else column for column in columns)
    numbers = "WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < %s)"
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # else VACUUM may find the commit not flushed, and the pages not visible
            cursor.execute("SET synchronous_commit = on")
        insert = f"INSERT INTO {table} ({', '.join(columns)})"
        cursor.execute(f"{insert} {numbers} SELECT {copied} FROM n, {table} WHERE id = coalesce(%s, id)", [times, pk])
        cursor.execute("VACUUM" if connection.vendor == "sqlite" else f"VACUUM ANALYZE {table}")


def reading_the_badge(user: int) -> str:
    """The statement that does it, with its values in it."""
    selectors.snapshot(user)
    with CaptureQueriesContext(connection) as captured:
        selectors.snapshot(user)
    [query] = captured.captured_queries
    return str(query["sql"])


def explained(how: str, sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {sql}")
        return cursor.fetchall()


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def test_the_badge_of_a_swamped_user_costs_what_its_cap_allows(swamped: int) -> None:
    snapshot = selectors.snapshot(swamped)
    assert (snapshot.unread, snapshot.capped, snapshot.by_type) == (999, True, {"comment": 999})
    sql = reading_the_badge(swamped)
    if connection.vendor == "sqlite":
        assert any("INDEX commentmessage_came" in row[-1] for row in explained("EXPLAIN QUERY PLAN", sql))
        return
    [[[explanation]]] = explained("EXPLAIN (ANALYZE, FORMAT JSON)", sql)
    scans = [node for node in nodes(explanation["Plan"]) if node.get("Relation Name") == "inbox_commentmessage"]
    [scan] = [node for node in scans if node.get("Index Name") != "commentmessage_snooze"]  # when the next one ends
    assert (scan["Node Type"], scan["Index Name"]) == ("Index Only Scan", "commentmessage_came")
    assert scan["Actual Rows"] == 1000
    assert scan["Heap Fetches"] < 10  # a page that another process reads during VACUUM need not count as visible


def test_the_page_of_a_swamped_user_sorts_nothing(swamped: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert len(selectors.inbox_page(swamped, limit=20).items) == 20
    [sql] = [query["sql"] for query in captured if query["sql"].startswith("SELECT 0, part")]
    if connection.vendor == "sqlite":
        plan = [row[-1] for row in explained("EXPLAIN QUERY PLAN", sql)]
        assert any("MERGE" in step for step in plan)
        assert not [step for step in plan if "TEMP B-TREE" in step]
        return
    [[[explanation]]] = explained("EXPLAIN (ANALYZE, FORMAT JSON)", sql)
    read = [(node["Node Type"], node["Actual Rows"]) for node in nodes(explanation["Plan"])]
    assert sum(rows for kind, rows in read if kind == "Sort") == 0  # an empty table may be sorted
    assert max(rows for _kind, rows in read) <= 21


def test_when_users_registered_is_read_from_an_index() -> None:
    """However many announcements came out before: the first entry is the answer."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which scans a table that is nearly empty
            cursor.execute("SET LOCAL enable_seqscan = off")
    plans = [User.objects.annotate(born=births.of_user()).values_list("born").explain()]
    for read in (births.newest, births.next_moment):
        with CaptureQueriesContext(connection) as captured:
            read("default")
        how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        plans.append("\n".join(str(row[-1]) for row in explained(how, captured[0]["sql"])))
    assert ["inbox_broadcast_first" in plan for plan in plans] == [True] * 3, plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "Sort" in plan]


def test_marking_a_swamped_inbox_goes_by_thousands(swamped: int) -> None:
    with Heard() as heard:
        assert services.mark_all_read(swamped, selectors.snapshot(swamped).version) == MANY
    assert len(heard.mailboxes) == MANY / 1000
    assert selectors.snapshot(swamped).unread == 0
