"""Many keys in one condition, and statements over them that are compiled once."""

import json
from collections.abc import Collection
from typing import Any
from weakref import WeakSet

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import BooleanField, Func, QuerySet

FEW = 50  # keys; a statement for so many never looks expensive

# Connections that compile nothing: PostgreSQL takes a thousand short look-ups for one long query, and spends 35 ms on
# machine code for what then runs in 10.
_interpreting: WeakSet[Any] = WeakSet()


# Unless the site has said itself what it wants: in the connection's options, or for its database or user.
JIT_OFF = (
    "SELECT set_config('jit', 'off', false) FROM pg_settings WHERE name = 'jit'"
    " AND source NOT IN ('client', 'database', 'user', 'database user', 'session')"
)


class Keys:
    """Stands in a statement for keys that are given later."""


KEYS: Any = Keys()


def among(connection: Any, column: str, keys: Any) -> tuple[str, list[Any]]:
    """SQL and its one parameter for `column IN keys`; the keys as the database has them, or `KEYS`.

    A thousand keys bound one by one cost Python five times as much. psycopg goes through a list one by one as well, so
    numbers are written into the array here.
    """
    postgres = connection.vendor == "postgresql"
    condition = f"{column} = ANY(%s)" if postgres else f"{column} IN (SELECT value FROM json_each(%s))"
    return condition, [keys if keys is KEYS else array(connection, keys)]


def array(connection: Any, keys: Collection[Any]) -> Any:
    """The parameter that holds many keys."""
    if connection.vendor != "postgresql":
        return json.dumps(list(keys))
    return "{" + ",".join(map(str, keys)) + "}" if numbers(keys) else list(keys)


def prepared(field: Any, keys: Collection[Any], connection: Any) -> Collection[Any]:
    """Keys as the database has them. Numbers are the same there."""
    if numbers(keys):
        return keys
    return [field.get_db_prep_value(key, connection) for key in keys]


def numbers(keys: Collection[Any]) -> bool:
    return set(map(type, keys)) == {int}


class Among(Func):
    """The condition that a column is one of these keys: `filter(Among("pk", keys))`."""

    def __init__(self, column: str, keys: Any) -> None:
        super().__init__(column, output_field=BooleanField())
        self.keys = keys

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        source = self.get_source_expressions()[0]
        column, before = compiler.compile(source)
        if self.keys is KEYS:
            sql, params = among(connection, column, KEYS)
        elif self.keys:
            sql, params = among(connection, column, prepared(source.output_field, self.keys, connection))
        else:
            raise EmptyResultSet
        return sql, [*before, *params]


def existing_users(keys: Collection[Any]) -> set[Any]:
    """Which of these are keys of users. On PostgreSQL they stay so until this transaction ends: the same lock as a
    foreign key takes, for those columns that have none."""
    model = get_user_model()
    alias = router.db_for_write(model)
    connection, field = connections[alias], model._meta.pk
    rows = model._base_manager.using(alias).filter(Among("pk", keys)).values_list("pk")
    sql, params = rows.query.get_compiler(alias).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR KEY SHARE" if connection.vendor == "postgresql" else sql, params)
        found = {row[0] for row in cursor.fetchall()}
    return {key for key in keys if field.get_db_prep_value(key, connection) in found}


class Compiled:
    """A `values_list` queryset with `Among("pk", KEYS)` of mailboxes in it: SQL once, rows for any users."""

    def __init__(self, rows: "QuerySet[Any, Any]") -> None:
        self.query, self.alias = rows.query, rows.db
        compiler = self.query.get_compiler(self.alias)
        self.sql, self.params = compiler.as_sql()
        self.columns = [column for column, _sql, _name in compiler.select]

    def rows(self, keys: Collection[Any]) -> list[Any]:
        """Of existing users, in no order. One statement."""
        connection = connections[self.alias]
        if len(keys) > FEW and connection.vendor == "postgresql":
            _without_jit(connection)
        these = array(connection, prepared(get_user_model()._meta.pk, keys, connection))
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [these if param is KEYS else param for param in self.params])
            rows = cursor.fetchall()
        compiler = self.query.get_compiler(self.alias)
        converters = compiler.get_converters(self.columns)
        return list(compiler.apply_converters(rows, converters)) if converters else rows


def _without_jit(connection: Any) -> None:
    connection.ensure_connection()
    if connection.connection not in _interpreting:
        with connection.cursor() as cursor:
            cursor.execute(JIT_OFF)
        _interpreting.add(connection.connection)
