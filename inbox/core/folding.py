"""Text without regard to case, in every script.

Databases can't be asked: SQLite folds ASCII only, and PostgreSQL what the locale of the database knows, which may be
none. So a database gives the texts, and Python folds them.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField
from django.db.models.sql.compiler import SQLCompiler


def fold(text: str) -> str:
    """Lower case first, then upper case: only so are ß, ẞ and SS the same, and σ, ς and Σ."""
    return text.lower().upper()


class Lines(Func):
    """The texts of several columns, one on each line."""

    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        columns = [compiler.compile(column) for column in self.get_source_expressions()]
        sql = " || CHAR(10) || ".join(f"COALESCE({column}, '')" for column, _params in columns)
        return f"({sql})", [param for _column, params in columns for param in params]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="CONCAT_WS(E'\\n', %(expressions)s)", **extra)
