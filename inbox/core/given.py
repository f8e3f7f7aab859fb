"""Many rows as one SQL parameter, as in `lookups`: a table that a statement joins with those of the database."""

import json
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field


def given(
    connection: BaseDatabaseWrapper, fields: "Sequence[Field[Any, Any]]", rows: Sequence[Sequence[object]]
) -> tuple[str, list[Any]]:
    """The SQL of a table `given` with the columns of these fields, and its one parameter."""
    values = [
        [field.get_db_prep_value(value, connection) for field, value in zip(fields, row, strict=True)] for row in rows
    ]
    names = [connection.ops.quote_name(str(field.column)) for field in fields]
    if connection.vendor == "postgresql":
        table = "jsonb_array_elements(%s::jsonb) each(value)"
        types = [field.cast_db_type(connection) for field in fields]
        selected = [f"(value->>{n})::{kind} AS {name}" for n, (name, kind) in enumerate(zip(names, types, strict=True))]
    else:
        table = "json_each(%s)"
        selected = [f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(names)]
    return f"(SELECT {', '.join(selected)} FROM {table}) AS given", [json.dumps(values, default=str)]
