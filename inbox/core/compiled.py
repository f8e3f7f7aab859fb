"""Querysets that are compiled once and run often: building the SQL takes Django longer than the database to run it."""

from collections.abc import Collection, Mapping
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from django.contrib.auth import get_user_model
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from .lookups import KEYS, Parameter, array, prepared
from .users import UserPk

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


class Compiled(Generic[Row]):
    """The SQL of a queryset. Each run gives values to the `Parameter`s in it.

    The caller caches it (`functools.cache`) by everything that the SQL depends on, the database alias included.
    """

    def __init__(self, rows: "QuerySet[Row, Any]") -> None:
        self.queryset, self.alias = rows, rows.db
        compiler = rows.query.get_compiler(self.alias)
        sql, params = compiler.as_sql()
        self.sql, self.params = str(sql), tuple(params)
        self.columns = [column for column, _sql, _name in compiler.select]

    def bound(self, values: Mapping[Parameter, object]) -> list[Any]:
        """The SQL parameters of one run. `values` are prepared for the database adapter."""
        return [values[param] if isinstance(param, Parameter) else param for param in self.params]

    def of_users(self, keys: Collection[UserPk]) -> list[tuple[Any, ...]]:
        """Run a `values_list` queryset with `Among("pk", KEYS)` for the keys of these users. One statement."""
        connection = connections[self.alias]
        if len(keys) > FEW and connection.vendor == "postgresql":
            _switch_jit_off(connection)
        given = array(connection, prepared(get_user_model()._meta.pk, keys, connection))
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.bound({KEYS: given}))
            rows = cursor.fetchall()
        compiler = self.queryset.query.get_compiler(self.alias)
        converters = compiler.get_converters(self.columns)
        return list(compiler.apply_converters(rows, converters)) if converters else rows

    def instances(self, values: Mapping[Parameter, object]) -> list[Row]:
        """Instances of the queryset's model, without related objects. One statement."""
        return list(self.queryset.raw(self.sql, self.bound(values)))


def _switch_jit_off(connection: BaseDatabaseWrapper) -> None:
    connection.ensure_connection()
    if connection.connection not in _without_jit:
        with connection.cursor() as cursor:
            cursor.execute(JIT_OFF)
        _without_jit.add(connection.connection)
