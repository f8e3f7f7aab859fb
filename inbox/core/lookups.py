"""Many keys in one condition, bound as one parameter."""

import json
from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Field, Func


class Parameter:
    """Stands in a statement for a value that is given at each run (`compiled.py`)."""


KEYS = Parameter()


def among(connection: BaseDatabaseWrapper, column: str, keys: Collection[Any] | Parameter) -> tuple[str, list[Any]]:
    """SQL and its one parameter for `column IN keys`; the keys as the database has them, or a `Parameter`.

    A thousand keys bound one by one cost Python five times as much. psycopg goes through a list one by one as well, so
    numbers are written into the array here.
    """
    postgres = connection.vendor == "postgresql"
    condition = f"{column} = ANY(%s)" if postgres else f"{column} IN (SELECT value FROM json_each(%s))"
    return condition, [keys if isinstance(keys, Parameter) else array(connection, keys)]


def array(connection: BaseDatabaseWrapper, keys: Collection[Any]) -> str | list[Any]:
    """The parameter that holds many keys."""
    if connection.vendor != "postgresql":
        return json.dumps(list(keys))
    return "{" + ",".join(map(str, keys)) + "}" if numbers(keys) else list(keys)


def prepared(field: "Field[Any, Any]", keys: Collection[Any], connection: BaseDatabaseWrapper) -> Collection[Any]:
    """Keys as the database has them. Numbers are the same there."""
    if numbers(keys):
        return keys
    return [field.get_db_prep_value(key, connection) for key in keys]


def numbers(keys: Collection[Any]) -> bool:
    return set(map(type, keys)) == {int}


class Among(Func):
    """The condition that a column is one of these keys: `filter(Among("pk", keys))`."""

    def __init__(self, column: str, keys: Collection[Any] | Parameter) -> None:
        super().__init__(column, output_field=BooleanField())
        self.keys = keys

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **kwargs: Any) -> Any:
        source = self.get_source_expressions()[0]
        column, before = compiler.compile(source)
        if isinstance(self.keys, Parameter):
            sql, params = among(connection, column, self.keys)
        elif self.keys:
            sql, params = among(connection, column, prepared(source.output_field, self.keys, connection))
        else:
            raise EmptyResultSet
        return sql, [*before, *params]


def existing_users(keys: Collection[Any]) -> set[Any]:
    """The keys that belong to users. On PostgreSQL no other transaction deletes those users until this one ends: the
    rows are locked as a foreign key would lock them, for columns without one."""
    model = get_user_model()
    alias = router.db_for_write(model)
    connection, field = connections[alias], model._meta.pk
    rows = model._base_manager.using(alias).filter(Among("pk", keys)).values_list("pk")
    sql, params = rows.query.get_compiler(alias).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR KEY SHARE" if connection.vendor == "postgresql" else sql, params)
        found = {row[0] for row in cursor.fetchall()}
    return {key for key in keys if field.get_db_prep_value(key, connection) in found}
