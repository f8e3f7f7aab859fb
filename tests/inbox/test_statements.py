"""Compiled statements, as Django runs them, and prepared by PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from inbox import selectors, services
from inbox.core.choice import Choice
from inbox.core.lookups import BEFORE, KEYS, Among
from inbox.core.sql.compiled import Compiled
from inbox.core.sql.statements import run
from inbox.models import Broadcast, FollowMessage, Thread
from inbox.selectors.badges import version_of

from .people import live, people
from .scenes import Scene
from .test_plans import CHOICES
from .test_reads_only_read import SELECTORS, undone_scene
from .test_rules_reading import explained, nodes

__all__ = ["undone_scene"]
pytestmark = pytest.mark.django_db(transaction=True)
postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps plans by itself")
GENERIC = 7  # runs: PostgreSQL makes a plan for all values after five


@contextmanager
def options(**given: object) -> Iterator[None]:
    """A new connection with these options of the database."""
    connection.close()
    before = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = before | given
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = before


@pytest.fixture
def prepares() -> Iterator[None]:
    """Statements are prepared when they are run for the first time."""
    with options(prepare_threshold=0):
        yield


def prepared() -> dict[str, int]:
    """The statements that are prepared on this connection, and how often each has run with a plan for all values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans FROM pg_prepared_statements")
        return dict(cursor.fetchall())


@contextmanager
def elsewhere() -> Iterator[Any]:
    """A cursor of another connection."""
    other = connection.copy("other")
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


def pages(scene: Scene, choice: Choice) -> list[Any]:
    """Without their cursors, which are signed with the time."""
    first = selectors.inbox_page(scene.reader, choice=choice, limit=1)
    then = selectors.inbox_page(scene.reader, choice=choice, before=first.next)
    return [first.items, then.items, selectors.thread_page(scene.reader, choice=choice).threads]


READS: dict[str, Callable[[Scene], Any]] = {
    **SELECTORS,
    **{f"pages of {given}": partial(pages, choice=Choice(**given)) for given in CHOICES},
    "snapshots of some": lambda scene: selectors.snapshots([scene.reader, scene.actor]),
    "snapshots of many": lambda scene: selectors.snapshots([*range(60), scene.reader]),
    "version_of": lambda scene: version_of(scene.reader),
}


@postgres
def test_a_prepared_statement_finds_the_same(undone_scene: Scene) -> None:
    with options(prepare_threshold=None):
        plain = {name: read(undone_scene) for name, read in READS.items()}
        assert prepared() == {}
    with options(prepare_threshold=0):
        for _ in range(GENERIC):
            assert {name: read(undone_scene) for name, read in READS.items()} == plain
        runs = prepared().values()
    assert len(runs) > 20
    assert sum(1 for times in runs if times) > 20


@postgres
@pytest.mark.parametrize("count", [1, 2, 60])
@pytest.mark.usefixtures("prepares")
def test_badges_are_planned_once(count: int) -> None:
    users = people(count)
    services.send(users, FollowMessage)
    for _ in range(GENERIC):
        assert {each.unread for each in selectors.snapshots(users).values()} == {1}
    assert list(prepared().values()) == [GENERIC - 5]


@postgres
def test_without_a_live_broadcast_they_are_looked_for_once_and_not_for_each_user() -> None:
    users = people(5)
    Broadcast.objects.create(title="Not yet")
    assert times_read(users) == 1
    live(title="News")
    assert times_read(users) > len(users)


def times_read(users: list[int]) -> int:
    """How often a read of these badges looks into the table of broadcasts."""
    with CaptureQueriesContext(connection) as captured:
        selectors.snapshots(users)
    [((plan,),)] = [explained("EXPLAIN (ANALYZE, FORMAT JSON)", query["sql"]) for query in captured]
    read = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == Broadcast._meta.db_table]
    return sum(node["Actual Loops"] for node in read)


@postgres
@pytest.mark.usefixtures("prepares")
def test_a_prepared_statement_sees_what_was_written_since() -> None:
    [user] = people(1)
    for count in range(GENERIC):
        assert selectors.snapshot(user).unread == count
        FollowMessage.objects.create(recipient_id=user)


@postgres
@pytest.mark.usefixtures("prepares")
def test_integers_of_all_sizes_share_a_statement() -> None:
    compiled = Compiled(Thread.objects.filter(rank__lt=Value(BEFORE)).values_list("pk"))
    for number in (1, 2**20, 2**40):
        assert compiled.rows({BEFORE: number}) == []
    assert len(prepared()) == 1


@postgres
def test_nothing_is_prepared_before_the_site_says_so() -> None:
    [user] = people(1)
    for threshold in (None, 3):
        with options(prepare_threshold=threshold):
            for _ in range(3):
                selectors.snapshot(user)
            assert prepared() == {}


@postgres
@pytest.mark.usefixtures("prepares")
def test_nothing_is_prepared_in_a_transaction() -> None:
    [user] = people(1)
    with transaction.atomic():
        selectors.snapshot(user)
        assert prepared() == {}


@postgres
@pytest.mark.usefixtures("prepares")
def test_what_others_run_is_not_prepared() -> None:
    """A site may read something around each statement."""
    read = []

    def reads_first(execute: Any, *args: Any) -> Any:
        if not read:
            read.append(None)
            read[:] = User.objects.values_list("pk", flat=True)
        return execute(*args)

    [user] = people(1)
    with connection.execute_wrapper(reads_first):
        selectors.snapshot(user)
    assert read == [user]
    assert len(prepared()) == 1


@postgres
@pytest.mark.usefixtures("prepares")
def test_a_prepared_statement_is_shown_with_its_values() -> None:
    [user] = people(1)
    with CaptureQueriesContext(connection) as captured:
        selectors.snapshot(user)
    [query] = captured
    assert query["sql"].endswith(f'WHERE "{User._meta.db_table}"."id" = {user}')


@pytest.fixture
def titles(prepares: None) -> Iterator[Compiled[Any]]:
    """A prepared statement whose column has another type since."""
    live(title="News")
    compiled = Compiled(Broadcast.objects.values_list("title"))
    assert compiled.rows({}) == [("News",)]
    column = Broadcast._meta.get_field("title")
    alter = f"ALTER TABLE {Broadcast._meta.db_table} ALTER {column.column} TYPE"
    with elsewhere() as cursor:
        cursor.execute(f"{alter} text")
    yield compiled
    with elsewhere() as cursor:
        cursor.execute(f"{alter} {column.db_type(connection)}")


@postgres
def test_a_column_may_change_its_type(titles: Compiled[Any]) -> None:
    for _ in range(2):
        assert titles.rows({}) == [("News",)]
    assert len(prepared()) == 1


@postgres
def test_a_column_that_has_changed_its_type_aborts_no_transaction(titles: Compiled[Any]) -> None:
    with transaction.atomic():
        assert titles.rows({}) == [("News",)]
        assert Broadcast.objects.count() == 1


@postgres
@pytest.mark.usefixtures("prepares")
def test_prepared_statements_may_be_gone() -> None:
    [user] = people(1)
    before = selectors.snapshot(user)
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")  # psycopg does not see it
    assert selectors.snapshot(user) == before
    assert selectors.snapshot(user) == before
    assert len(prepared()) == 1


@postgres
@pytest.mark.usefixtures("prepares")
def test_a_statement_that_fails_is_not_run_again() -> None:
    failing = Compiled(User.objects.extra(select={"_bad": "1 / (id - id)"}).values_list("_bad"))
    people(1)
    with CaptureQueriesContext(connection) as captured, pytest.raises(DataError, match="division by zero"):
        failing.rows({})
    assert len(captured) == 1


@postgres
@pytest.mark.usefixtures("prepares")
def test_an_error_that_stays_is_raised() -> None:
    with pytest.raises(ProgrammingError, match="does not exist"):
        run("default", "EXECUTE nothing", [])


@postgres
@pytest.mark.usefixtures("prepares")
def test_a_rollback_forgets_no_statement_that_is_needed() -> None:
    [user] = people(1)
    before = selectors.snapshot(user)
    with transaction.atomic():
        FollowMessage.objects.create(recipient_id=user)
        transaction.set_rollback(True)
    assert selectors.snapshot(user) == before


@postgres
@pytest.mark.usefixtures("prepares")
def test_a_new_connection_prepares_again() -> None:
    [user] = people(1)
    before = selectors.snapshot(user)
    with elsewhere() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    with pytest.raises(OperationalError):
        selectors.snapshot(user)
    connection.close()
    assert selectors.snapshot(user) == before
    assert len(prepared()) == 1


@postgres
def test_a_pool_keeps_prepared_statements() -> None:
    [user] = people(1)
    with options(prepare_threshold=0, pool={"min_size": 0, "max_size": 1}):
        try:
            for _ in range(GENERIC):
                selectors.snapshot(user)
                connection.close()  # as at the end of a request
            assert list(prepared().values()) == [GENERIC - 5]
        finally:
            connection.close()
            connection.close_pool()


@pytest.mark.parametrize("threshold", [None, pytest.param(0, marks=postgres)])
def test_a_text_in_a_compiled_statement_is_quoted(threshold: int | None) -> None:
    titles = ["It's 100% of %s and %%s, isn't it?", "C:\\temp\\", "--"]
    for title in titles:
        live(title=title)
    with options(**({} if threshold is None else {"prepare_threshold": threshold})):
        for title in titles:
            rows = Broadcast.objects.filter(title=title, in_inbox=True, clock__gt=-1, pk__gt=Value(BEFORE))
            compiled = Compiled(rows.values_list("title", "in_inbox"))
            assert BEFORE in compiled.params
            assert True not in compiled.params
            assert compiled.rows({BEFORE: 0}) == [(title, True)]


Headline = Enum("Headline", {"NEWS": "News"}, type=str)  # not a StrEnum: `str()` gives "Headline.NEWS"


def test_a_member_of_an_enumeration_is_its_value() -> None:
    live(title="News")
    rows = Broadcast.objects.filter(title=Headline.NEWS)
    assert Compiled(rows.values_list("title")).rows({}) == [("News",)]


@pytest.mark.parametrize("threshold", [None, pytest.param(0, marks=postgres)])
def test_keys_of_all_types(threshold: int | None) -> None:
    """Texts are not cut off at the length of the column."""
    User.objects.create(username="a" * 150)
    names = Compiled(User.objects.filter(Among("username", KEYS)).values_list("username"))
    with options(**({} if threshold is None else {"prepare_threshold": threshold})):
        assert names.of_keys(["a" * 150, "b"]) == [("a" * 150,)]
        assert names.of_keys(["a" * 151]) == []
        assert names.of_keys([]) == []
