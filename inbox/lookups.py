"""Many keys in one condition, cheaply."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Func


def among(connection: Any, column: str, keys: Collection[Any]) -> tuple[str, list[Any]]:
    """SQL and parameters of `column IN keys`; the keys as the database has them.

    On PostgreSQL it is one array: a thousand keys as `IN` cost Python five times as much to bind. Numbers are written
    into it by ourselves, as psycopg goes through a list one by one.
    """
    if connection.vendor != "postgresql":
        return f"{column} IN ({', '.join(['%s'] * len(keys))})", list(keys)
    if set(map(type, keys)) == {int}:
        return f"{column} = ANY(%s)", ["{" + ",".join(map(str, keys)) + "}"]
    return f"{column} = ANY(%s)", [list(keys)]


def prepared(field: Any, keys: Collection[Any], connection: Any) -> Collection[Any]:
    """Keys as the database has them. Numbers are the same there."""
    if set(map(type, keys)) == {int}:
        return keys
    return [field.get_db_prep_value(key, connection) for key in keys]


class Among(Func):
    """The condition that a column is one of these keys: `filter(Among("pk", keys))`."""

    def __init__(self, column: str, keys: Collection[Any]) -> None:
        super().__init__(column, output_field=BooleanField())
        self.keys = keys

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.keys:
            raise EmptyResultSet
        source = self.get_source_expressions()[0]
        column, before = compiler.compile(source)
        sql, params = among(connection, column, prepared(source.output_field, self.keys, connection))
        return sql, [*before, *params]
