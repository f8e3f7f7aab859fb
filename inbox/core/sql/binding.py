"""A cursor of psycopg. Imported only where psycopg is in use."""

from typing import Any, NamedTuple, cast

from psycopg import ClientCursor, Connection, Cursor
from psycopg.types.numeric import Int8

BIGINT = range(-(2**63), 2**63)


class BindingCursor(Cursor[Any]):
    """Binds parameters on the server, so that psycopg can prepare the statement.

    Integers are bound as `bigint`: psycopg gives each the smallest type that holds it, and would prepare a statement
    for each combination of types.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> "BindingCursor":
        try:
            super().execute(query, params and [Int8(each) if _is_bigint(each) else each for each in params], **options)
        finally:
            self._query = cast("Any", _Shown(self.connection, query, params))
        return self


class _Shown(NamedTuple):
    """What `connection.queries` shows of a statement, if Django asks for it: psycopg has no text of a prepared one."""

    connection: "Connection[Any]"
    sql: Any
    params: Any

    @property
    def query(self) -> bytes:
        return ClientCursor(self.connection).mogrify(self.sql, self.params).encode()


def _is_bigint(value: object) -> bool:
    return type(value) is int and value in BIGINT
