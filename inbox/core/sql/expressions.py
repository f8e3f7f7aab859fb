"""Expressions for counts, as cheap as the database and Python can have them."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Case, IntegerField, Subquery


class Unconverted:
    """An expression whose value is not converted: Django would convert each integer to an integer again."""

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        return []


class Plain(Unconverted, Subquery):
    """A subquery."""


class Either(Unconverted, Case):
    """A condition."""


class Rows(Plain):
    """The number of rows of a subquery. If it is sliced, counting stops at the end of the slice."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


class Counted(Plain):
    """The number of rows of a subquery + `UNIT` × the number of those in which the column `unseen` is not null. So the
    rows are read once. If the subquery is sliced, counting stops at the end of the slice."""

    UNIT = 2**32
    MASK = UNIT - 1  # `count & MASK` is `count % UNIT`, and takes Python less time
    template = f"(SELECT COUNT(*) + COUNT(counted.unseen) * {UNIT} FROM (%(subquery)s) counted)"
    output_field = BigIntegerField()
