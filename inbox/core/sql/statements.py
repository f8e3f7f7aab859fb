"""Statements whose text stays the same from run to run, so that a database can keep their plans.

SQLite keeps them for each connection. PostgreSQL plans a statement again for each run, unless it is prepared: for the
badge of one user, planning takes several times as long as reading. Statements are prepared if the site allows it, with
psycopg's `prepare_threshold` in the OPTIONS of the database. psycopg then binds parameters on the server, prepares a
statement in the run after so many, and keeps the last 100 of each connection.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_PLACEHOLDER = re.compile("%%|%s")
# What PostgreSQL says of a prepared statement whose columns have another type since a migration, and of one that is
# gone (`DISCARD ALL`). psycopg would get the same answer for every further run.
_OUTDATED = {"0A000", "26000"}


def run(alias: str, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement. One statement; if the prepared one is outdated, it is run once more without it."""
    connection = connections[alias]
    if not _prepares(connection):
        return _rows(connection, sql, params)
    try:
        return _rows(connection, sql, params, is_bound_on_server=True)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _OUTDATED:
            raise
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")  # psycopg forgets them, too
    return _rows(connection, sql, params)


def _prepares(connection: BaseDatabaseWrapper) -> bool:
    """Not within a transaction: the error for an outdated statement would abort it."""
    if connection.vendor != "postgresql" or not connection.get_autocommit():
        return False
    return getattr(connection.connection, "prepare_threshold", None) is not None  # psycopg 2 has none


def _rows(
    connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any], *, is_bound_on_server: bool = False
) -> list[tuple[Any, ...]]:
    given = {f"p{n}": value for n, value in enumerate(params)} if connection.vendor == "sqlite" else params
    with _bound_on_server(connection) if is_bound_on_server else connection.cursor() as cursor:
        cursor.execute(sql if given is params else named(sql), given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@lru_cache(maxsize=200)
def named(sql: str) -> str:
    """The statement with a name for each placeholder, p0, p1 and so on.

    Names are put into a statement by formatting it; without them, Django looks through all of it with a regular
    expression for SQLite. For the tables of 30 event types that takes five times as long as to read a page of them.
    """
    numbers = count()
    return _PLACEHOLDER.sub(lambda found: "%%" if found[0] == "%%" else f"%(p{next(numbers)})s", sql)


def _bound_on_server(connection: BaseDatabaseWrapper) -> Any:
    """Django's cursor around one of psycopg that binds parameters on the server: only such statements are prepared."""
    from .binding import BindingCursor  # not where SQLite is all there is

    raw: Any = connection.connection
    before, raw.cursor_factory = raw.cursor_factory, BindingCursor
    try:
        return connection.cursor()
    finally:
        raw.cursor_factory = before


def with_constants(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> tuple[str, list[Any]]:
    """The same with numbers and texts written into the SQL.

    SQLite compiles a statement again for each run in which a value is bound that a partial index has a condition on.
    PostgreSQL uses no such index in a plan for all values.
    """
    left, bound = iter(params), list[Any]()
    is_postgres = connection.vendor == "postgresql"

    def written(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%%"
        if (literal := _literal(value := next(left), is_postgres=is_postgres)) is None:
            bound.append(value)
        return literal or "%s"

    return _PLACEHOLDER.sub(written, sql), bound


def _literal(value: object, *, is_postgres: bool) -> str | None:
    if isinstance(value, bool) and is_postgres:
        return "true" if value else "false"
    if isinstance(value, int):
        return f" {int(value)}"  # of True, 1; and no "--" where it is subtracted
    if isinstance(value, str) and "\0" not in value and not (is_postgres and "\\" in value):  # an escape, if so set
        text = str.__str__(value)  # of a member of `class State(str, Enum)`, its value
        return "'" + text.replace("'", "''").replace("%", "%%") + "'"
    return None
