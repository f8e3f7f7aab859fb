"""Querysets that are compiled once and run often: building the SQL takes Django longer than the database to run it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from django.contrib.auth import get_user_model
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from ..lookups import KEYS, RECIPIENT, Parameter, array, prepared
from ..users import UserPk
from .statements import run, with_constants

Row = TypeVar("Row", bound=Model)

FEW = 50  # keys; for as many PostgreSQL never uses JIT

# Connections with JIT compilation off. PostgreSQL takes a thousand short look-ups for one long query, and spends 35 ms
# on compiling a query that then runs in 10.
_without_jit: WeakSet[object] = WeakSet()

# Changes nothing if the site has configured JIT itself: in the connection's options, or for its database or user.
JIT_OFF = (
    "SELECT set_config('jit', 'off', false) FROM pg_settings WHERE name = 'jit'"
    " AND source NOT IN ('client', 'database', 'user', 'database user', 'session')"
)


class Converters:
    """What makes Python's values of the database's, in some columns of a row."""

    def __init__(self, columns: Sequence[Any], connection: BaseDatabaseWrapper) -> None:
        self._columns = [(n, each) for n, each in enumerate(columns) if _converters(each, connection)]

    def of(self, connection: BaseDatabaseWrapper) -> list[tuple[int, Any, list[Any]]]:
        """Positions in a row, expressions and functions. Not kept: functions of one connection are of one thread."""
        return [(n, each, _converters(each, connection)) for n, each in self._columns]


def _converters(column: Any, connection: BaseDatabaseWrapper) -> list[Any]:
    return [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]


class Compiled(Generic[Row]):
    """The SQL of a queryset. Each run gives values to the `Parameter`s in it.

    The caller caches it (`functools.cache`) by everything that the SQL depends on, the database alias included.
    """

    def __init__(self, rows: "QuerySet[Row, Any]") -> None:
        self.model, self.alias = rows.model, rows.db
        compiler = rows.query.get_compiler(self.alias)
        sql, params = compiler.as_sql()
        sql, params = with_constants(connections[self.alias], str(sql), params)
        self.sql, self.params = sql, tuple(params)
        columns = [column for column, _sql, _name in compiler.select]
        self._converters = Converters(columns, connections[self.alias])
        # Of instances: the names of their columns, and the positions of what the queryset has annotated beside them.
        own = compiler.klass_info["select_fields"] if compiler.klass_info else []
        self._names = [str(columns[position].target.attname) for position in own]
        self._annotated = list((compiler.annotation_col_map or {}).items())

    def bound(self, values: Mapping[Parameter, object]) -> list[Any]:
        """The SQL parameters of one run. `values` are prepared for the database adapter."""
        return [values[param] if isinstance(param, Parameter) else param for param in self.params]

    def of_users(self, keys: Collection[UserPk]) -> list[tuple[Any, ...]]:
        """Run a `values_list` queryset with `Among("pk", KEYS)` for the keys of these users; or one with
        `pk=Value(RECIPIENT)` for the key of one user. One statement."""
        return self.of_keys(prepared(get_user_model()._meta.pk, keys, connections[self.alias]))

    def of_keys(self, keys: Collection[object]) -> list[tuple[Any, ...]]:
        """The same for keys that are prepared for the database."""
        connection = connections[self.alias]
        if len(keys) > FEW and connection.vendor == "postgresql":
            _switch_jit_off(connection)
        return self.rows({KEYS: array(connection, keys), RECIPIENT: next(iter(keys), None)})

    def rows(self, values: Mapping[Parameter, object]) -> list[tuple[Any, ...]]:
        """The rows as tuples. One statement."""
        return self.converted(run(self.alias, self.sql, self.bound(values)))

    def converted(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Rows of the database with Python's values."""
        connection = connections[self.alias]
        converters = self._converters.of(connection)
        return [tuple(converted(row, converters, connection)) for row in rows] if converters else rows

    def instances(self, values: Mapping[Parameter, object]) -> list[Row]:
        """Instances of the queryset's model, without related objects. One statement."""
        return [self._instance(row) for row in self.rows(values)]

    def _instance(self, row: Sequence[Any]) -> Row:
        made = self.model.from_db(self.alias, self._names, row[: len(self._names)])
        for name, position in self._annotated:
            setattr(made, name, row[position])
        return made


def converted(
    row: Sequence[Any], converters: Sequence[tuple[int, Any, list[Any]]], connection: BaseDatabaseWrapper
) -> list[Any]:
    """The row with the values that `converters` make."""
    values = list(row)
    for position, column, functions in converters:
        for function in functions:
            values[position] = function(values[position], column, connection)
    return values


def _switch_jit_off(connection: BaseDatabaseWrapper) -> None:
    connection.ensure_connection()
    if connection.connection not in _without_jit:
        with connection.cursor() as cursor:
            cursor.execute(JIT_OFF)
        _without_jit.add(connection.connection)
