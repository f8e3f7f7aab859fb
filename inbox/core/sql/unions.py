"""Rows of several models by one statement, a `UNION ALL`: with 30 tables the database is asked as often as with one.

The columns of all models share places in the rows of the statement. A place is for one type of the database:
PostgreSQL lets no others meet there, and Python's adapter of SQLite converts by the declared type of the first table.
A model leaves NULL in the places that it does not need.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from ..isolation import log_failure
from ..lookups import Parameter, type_of
from .compiled import Compiled, Converters, converted
from .statements import run, with_constants

AHEAD = 1  # what stands in a row before the first place: the number of the part

Values = Mapping[Parameter, object]


class Layout:
    """Which place each column of some querysets has, of a model each; and each annotation, which a manager may add. The
    column by which rows are ordered has the first one."""

    def __init__(self, alias: str, every: "Iterable[QuerySet[Any, Any]]", order: str) -> None:
        self.alias, self.types = alias, list[str]()
        connection = connections[alias]
        self._places = {rows.model: self._place(rows, order, connection) for rows in every}

    def place(self, model: type[Model], name: str) -> int:
        """That of the column with this `attname`, or of the annotation with this name."""
        return self._places[model][name]

    def _place(self, rows: "QuerySet[Any, Any]", order: str, connection: BaseDatabaseWrapper) -> dict[str, int]:
        columns = {field.attname: field for field in rows.model._meta.concrete_fields}
        columns |= {name: each.output_field for name, each in rows.query.annotation_select.items()}
        places: dict[str, int] = {}
        for column in sorted(columns, key=lambda name: name != order):
            kind = type_of(columns[column], connection)
            free = [n for n, name in enumerate(self.types) if name == kind and n not in places.values()]
            places[column] = free[0] if free else len(self.types)
            if not free:
                self.types.append(kind)
        return places


class Part:
    """The rows of one model, as a part of a statement. Raises EmptyResultSet if there can be none."""

    def __init__(self, layout: Layout, rows: "QuerySet[Any, Any]", safe: Collection[str]) -> None:
        """`safe` are the columns that can be read always. If another one of a row can't be, that row has all others
        deferred, so that only what needs them fails."""
        self.model, self.alias = rows.model, layout.alias
        self._safe = {*safe, rows.model._meta.pk.attname}
        compiler = rows.query.get_compiler(self.alias)
        sql, params = compiler.as_sql(with_col_aliases=True)
        columns = [column for column, _sql, _name in compiler.select]
        annotations = {position: name for name, position in (compiler.annotation_col_map or {}).items()}
        self._names = [annotations.get(n) or str(column.target.attname) for n, column in enumerate(columns)]
        self._annotated = {*annotations.values()}
        self._positions = [AHEAD + layout.place(self.model, name) for name in self._names]
        self._converters = Converters(columns, connections[self.alias])
        quote = connections[self.alias].ops.quote_name
        here = {
            place: quote(name) for place, (_column, _sql, name) in zip(self._positions, compiler.select, strict=True)
        }
        null = "CAST(NULL AS %s)" if connections[self.alias].vendor == "postgresql" else "NULL"
        selected = [
            f"part.{here[n]}" if n in here else null.replace("%s", kind) for n, kind in enumerate(layout.types, AHEAD)
        ]
        sql, params = with_constants(connections[self.alias], str(sql), params)
        self.params = tuple(params)
        self.sql = f"{', '.join(selected)} FROM ({sql}) part"

    def instances(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        connection = connections[self.alias]
        converters = self._converters.of(connection)
        return [self._instance(row, converters, connection) for row in rows]

    def _instance(self, row: Sequence[Any], converters: Sequence[Any], connection: BaseDatabaseWrapper) -> Any:
        values = [row[position] for position in self._positions]
        try:
            return self._made(self._names, converted(values, converters, connection))
        except Exception:  # noqa: BLE001 (logged there)
            log_failure(f"Reading a row of {self.model._meta.label}")
            safe = [each for each in converters if self._names[each[0]] in self._safe]
            values = converted(values, safe, connection)
            kept = [(name, value) for name, value in zip(self._names, values, strict=True) if name in self._safe]
            return self._made([name for name, _ in kept], [value for _, value in kept])

    def _made(self, names: Sequence[str], values: Sequence[Any]) -> Any:
        if not self._annotated:
            return self.model.from_db(self.alias, names, values)
        given = dict(zip(names, values, strict=True))
        own = [name for name in names if name not in self._annotated]
        made = self.model.from_db(self.alias, own, [given[name] for name in own])
        for name in self._annotated & given.keys():
            setattr(made, name, given[name])
        return made


def read(parts: Sequence[tuple[Part, Values]], most: int | None = None) -> list[Any]:
    """The instances of all parts, at most so many, those with the greatest value of the first place first. One
    statement, or none."""
    if not parts:
        return []
    sql = " UNION ALL ".join(f"SELECT {n}, {part.sql}" for n, (part, _values) in enumerate(parts))
    params: list[Any] = [
        values[param] if isinstance(param, Parameter) else param for part, values in parts for param in part.params
    ]
    limit = "" if most is None else f" LIMIT {int(most)}"
    rows = run(parts[0][0].alias, f"{sql} ORDER BY {AHEAD + 1} DESC{limit}", params)
    of_parts, made = defaultdict[int, list[int]](list), dict[int, Any]()
    for place, row in enumerate(rows):
        of_parts[row[0]].append(place)
    for n, here in of_parts.items():
        made.update(zip(here, parts[n][0].instances(rows[place] for place in here), strict=True))
    return [made[place] for place in range(len(rows))]


def tuples(parts: Sequence[tuple[Compiled[Any], Values]], order: int, most: int | None = None) -> list[tuple[Any, ...]]:
    """The rows of several statements with the same columns, each behind the index of its statement; in the order of the
    column with this number, counted from 1; at most so many. One statement, or none."""
    if not parts:
        return []
    first = parts[0][0]
    sql = " UNION ALL ".join(f"SELECT {n}, part.* FROM ({each.sql}) part" for n, (each, _values) in enumerate(parts))
    params = [param for compiled, values in parts for param in compiled.bound(values)]
    limit = "" if most is None else f" LIMIT {int(most)}"
    rows = run(first.alias, f"{sql} ORDER BY {AHEAD + order}{limit}", params)
    found = first.converted([row[AHEAD:] for row in rows])
    return [(number, *row) for (number, *_), row in zip(rows, found, strict=True)]
