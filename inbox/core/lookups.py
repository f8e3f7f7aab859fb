"""Conditions on many keys, which are bound as one SQL parameter."""

import json
import re
from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Field, Func
from django.db.models.sql.compiler import SQLCompiler

from .users import UserPk

_SIZE = re.compile(r"\([^()]*\)")  # varchar(200)


class Parameter:
    """A placeholder in a compiled statement; each run gives it a value (`compiled.py`)."""


KEYS, RECIPIENT, BEFORE, THREAD = Parameter(), Parameter(), Parameter(), Parameter()


def among(connection: BaseDatabaseWrapper, column: str, keys: Collection[object] | Parameter) -> tuple[str, list[Any]]:
    """SQL and its one parameter for `column IN keys`. `keys` are prepared for the database, or a `Parameter`.

    A thousand keys bound one by one take Python five times as long. psycopg would convert the items of a list one by
    one as well, so integers are written as the text of an array here.
    """
    postgres = connection.vendor == "postgresql"
    condition = f"{column} = ANY(%s)" if postgres else f"{column} IN (SELECT value FROM json_each(%s))"
    return condition, [keys if isinstance(keys, Parameter) else array(connection, keys)]


def _among_given(
    connection: BaseDatabaseWrapper, column: str, field: "Field[Any, Any]", keys: Parameter
) -> tuple[str, list[Any]]:
    """The same for keys that each run gives. PostgreSQL can't see how many there are, so that it expects as many of a
    plan for all runs as of one for these keys. Else it would keep no plan for fewer than it expects."""
    if connection.vendor != "postgresql":
        return among(connection, column, keys)
    return f"{column} = ANY((SELECT %s)::{type_of(field, connection)}[])", [keys]


def type_of(field: "Field[Any, Any]", connection: BaseDatabaseWrapper) -> str:
    """Of its column, without a size: text is not cut off, and numbers are not rounded."""
    return _SIZE.sub("", field.db_type(connection) or "")


def array(connection: BaseDatabaseWrapper, keys: Collection[object]) -> str | list[object]:
    """The one SQL parameter that holds all keys."""
    if connection.vendor != "postgresql":
        return json.dumps(list(keys), default=str)  # of decimal numbers, as in `given`
    return "{" + ",".join(map(str, keys)) + "}" if are_integers(keys) else list(keys)


def prepared(field: "Field[Any, Any]", keys: Collection[object], connection: BaseDatabaseWrapper) -> Collection[object]:
    """Keys prepared for the database. Integers need no preparation."""
    if are_integers(keys):
        return keys
    return [field.get_db_prep_value(key, connection) for key in keys]


def are_integers(keys: Collection[object]) -> bool:
    return set(map(type, keys)) == {int}


class Among(Func):
    """The condition that a column is one of these keys: `filter(Among("pk", keys))`."""

    def __init__(self, column: str, keys: Collection[object] | Parameter) -> None:
        super().__init__(column, output_field=BooleanField())
        self.keys = keys

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **kwargs: Any
    ) -> tuple[str, Any]:
        source = self.get_source_expressions()[0]
        column, before = compiler.compile(source)
        if isinstance(self.keys, Parameter):
            sql, params = _among_given(connection, column, source.output_field, self.keys)
        elif self.keys:
            sql, params = among(connection, column, prepared(source.output_field, self.keys, connection))
        else:
            raise EmptyResultSet
        return sql, [*before, *params]


def existing_users(keys: Collection[UserPk]) -> set[UserPk]:
    """The keys that belong to users. On PostgreSQL, it locks these users as a foreign key does (`FOR KEY SHARE`), so
    that no other transaction can delete them before this one ends. For columns without a constraint."""
    model = get_user_model()
    alias = router.db_for_write(model)
    connection, field = connections[alias], model._meta.pk
    rows = model._base_manager.using(alias).filter(Among("pk", keys)).values_list("pk")
    sql, params = rows.query.get_compiler(alias).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR KEY SHARE" if connection.vendor == "postgresql" else sql, params)
        found = {row[0] for row in cursor.fetchall()}
    return {key for key in keys if field.get_db_prep_value(key, connection) in found}
