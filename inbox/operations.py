"""Migration operations for tables in use: old processes insert, update and delete while they run.

A site's own event types get such migrations, too. Wrap what `makemigrations` wrote:

    class Migration(migrations.Migration):
        atomic = False
        operations = without_long_locks([…])

Columns are added with a lock that is held for milliseconds and waited for at most half a second at a time. Indexes are
built and dropped concurrently on PostgreSQL, new ones first. An interrupted run can be started again.
`django.contrib.postgres.operations` needs psycopg; these operations also run on SQLite, without concurrency.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from django.db import NotSupportedError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddField, AddIndex, AlterField, RemoveIndex
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Index, Model
from django.db.transaction import atomic

LOCK_SECONDS = 0.5  # how long others may have to wait behind an operation that waits for its own lock
PAUSE_SECONDS = 2.0  # after a lock timeout: those who waited behind it go first
ATTEMPTS = 300  # ten minutes and more; then a transaction has been open for as long
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"  # PostgreSQL, Appendix A

VALIDITY = """
    SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relname = %s AND i.indrelid = %s::regclass
"""


def without_long_locks(operations: Sequence[Operation]) -> list[Operation]:
    """The same operations, so that no table in use is locked for long; for a migration with `atomic = False`.

    Indexes are dropped last, after their successors are built. Operations of other kinds keep their place.
    """
    made: list[Operation] = []
    for operation in sorted(operations, key=lambda each: isinstance(each, RemoveIndex)):
        kind, model = _kind_for(operation), getattr(operation, "model_name_lower", "")
        last = made[-1] if made else None
        if kind is None:
            made.append(operation)
        elif isinstance(last, kind) and last.model == model:
            made[-1] = kind([*last.operations, operation])
        else:
            made.append(kind([operation]))
    return made


def _kind_for(operation: Operation) -> type[Grouped] | None:
    if isinstance(operation, AddField | AlterField):
        return Briefly
    return Concurrently if isinstance(operation, AddIndex | RemoveIndex) else None


class Grouped(Operation):
    """Operations on one model, whose state is rendered once: that takes a tenth of a second each time."""

    atomic = False

    def __init__(self, operations: Sequence[Any]) -> None:
        self.operations = list(operations)
        self.model: str = self.operations[0].model_name_lower

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__qualname__, [self.operations], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        rendered = vars(state).pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if rendered is not None:
            vars(state)["apps"] = rendered
            state.reload_model(app_label, self.model, delay=not any(map(_is_relation, self.operations)))

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)

    @property
    def migration_name_fragment(self) -> str:
        return "_".join(operation.migration_name_fragment for operation in self.operations)


def _is_relation(operation: Operation) -> bool:
    return isinstance(operation, AddField | AlterField) and operation.field.is_relation


class Briefly(Grouped):
    """Operations that lock one table for a moment: added columns without a rewrite of the table, dropped constraints.

    They are one transaction, which is rolled back and tried again if it does not get its locks at once. A waiting
    `ALTER TABLE` would make everybody wait who uses the table. Columns that exist already are passed over.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _not_in_transaction(self, schema_editor)
        states = self._states(app_label, from_state, to_state)

        def run() -> None:
            for operation, (before, after) in zip(self.operations, states, strict=True):
                if not _is_done(operation, app_label, schema_editor, after):
                    operation.database_forwards(app_label, schema_editor, before, after)

        _retrying(schema_editor, run)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _not_in_transaction(self, schema_editor)
        states = self._states(app_label, to_state, from_state)

        def run() -> None:
            for operation, (before, after) in zip(self.operations[::-1], states[::-1], strict=True):
                if not isinstance(operation, AddField) or _is_done(operation, app_label, schema_editor, after):
                    operation.database_backwards(app_label, schema_editor, after, before)

        _retrying(schema_editor, run)

    def _states(
        self, app_label: str, first: ProjectState, last: ProjectState
    ) -> list[tuple[ProjectState, ProjectState]]:
        """Before and after each of the operations. Columns that may be null need nothing of each other."""
        if len(self.operations) == 1 or all(map(_is_nullable, self.operations)):
            return [(first, last)] * len(self.operations)
        states = [first]
        for operation in self.operations:
            states.append(states[-1].clone())
            operation.state_forwards(app_label, states[-1])
        return list(pairwise(states))


def _is_nullable(operation: Operation) -> bool:
    return isinstance(operation, AddField) and operation.field.null and not operation.field.has_default()


class Concurrently(Grouped):
    """Indexes that are built and dropped while others write. One that an interrupted build left invalid is dropped and
    built again; one that is there already, or gone already, stays so."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _not_in_transaction(self, schema_editor)
        for operation in self.operations:
            _change_index(operation, app_label, schema_editor, from_state, to_state, adds=AddIndex)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _not_in_transaction(self, schema_editor)
        for operation in reversed(self.operations):
            _change_index(operation, app_label, schema_editor, from_state, to_state, adds=RemoveIndex)


def _change_index(
    operation: Any,
    app_label: str,
    schema_editor: BaseDatabaseSchemaEditor,
    before: ProjectState,
    after: ProjectState,
    *,
    adds: type[Operation],
) -> None:
    """Build the index if the operation is of the class `adds`, else drop it."""
    state, change = (after, _add) if isinstance(operation, adds) else (before, _remove)
    name = operation.index.name if isinstance(operation, AddIndex) else operation.name
    model = state.apps.get_model(app_label, operation.model_name)
    if operation.allow_migrate_model(schema_editor.connection.alias, model):
        change(schema_editor, model, state.models[app_label, operation.model_name_lower].get_index_by_name(name))


def _not_in_transaction(operation: Operation, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.in_atomic_block:
        name = type(operation).__name__
        raise NotSupportedError(f"{name} can't run in a transaction: set atomic = False on the migration.")


def _add(schema_editor: BaseDatabaseSchemaEditor, model: type[Model], index: Index) -> None:
    if (valid := _validity(schema_editor.connection, model, index.name)) is True:
        return
    with _patient(schema_editor.connection):
        if valid is False:
            schema_editor.remove_index(model, index, **_how(schema_editor.connection))
        schema_editor.add_index(model, index, **_how(schema_editor.connection))


def _remove(schema_editor: BaseDatabaseSchemaEditor, model: type[Model], index: Index) -> None:
    if _validity(schema_editor.connection, model, index.name) is not None:
        with _patient(schema_editor.connection):
            schema_editor.remove_index(model, index, **_how(schema_editor.connection))


def _how(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    return {"concurrently": True} if connection.vendor == "postgresql" else {}


def _validity(connection: BaseDatabaseWrapper, model: type[Model], name: str) -> bool | None:
    """Whether the index can be used; None if there is none."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(VALIDITY, [name, connection.ops.quote_name(table)])
            row = cursor.fetchone()
            return bool(row[0]) if row else None
        if connection.vendor == "sqlite":  # introspection would parse every constraint of the table
            cursor.execute("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = %s", [name])
            return True if cursor.fetchone() else None
        return True if name in connection.introspection.get_constraints(cursor, table) else None


@contextmanager
def _patient(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Concurrent operations wait for every older transaction, and nobody waits for them: without timeouts, which would
    leave an invalid index."""
    if connection.vendor != "postgresql":
        yield
        return
    with _settings(connection, lock_timeout="0", statement_timeout="0"):
        yield


@contextmanager
def _settings(connection: BaseDatabaseWrapper, **wanted: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        before = {name: _shown(cursor, name) for name in wanted}
        for name, value in wanted.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
    yield
    with connection.cursor() as cursor:  # after an error the command ends
        for name, value in before.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])


def _shown(cursor: Any, name: str) -> str:
    cursor.execute("SELECT current_setting(%s)", [name])
    return str(cursor.fetchone()[0])


def _is_done(
    operation: Operation, app_label: str, schema_editor: BaseDatabaseSchemaEditor, after: ProjectState
) -> bool:
    """Whether an interrupted run has added this column already."""
    if not isinstance(operation, AddField):
        return False
    model = after.apps.get_model(app_label, operation.model_name)
    connection, column = schema_editor.connection, model._meta.get_field(operation.name).column
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, model._meta.db_table)
    return column in {each.name for each in found}


def _retrying(schema_editor: BaseDatabaseSchemaEditor, run: Callable[[], None]) -> None:
    connection = schema_editor.connection
    for attempt in range(1, ATTEMPTS + 1):
        deferred = list(schema_editor.deferred_sql)
        try:
            with atomic(using=connection.alias):
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute(f"SET LOCAL lock_timeout = {int(LOCK_SECONDS * 1000)}")
                run()
            return
        except OperationalError as error:
            if attempt == ATTEMPTS or getattr(error.__cause__, "sqlstate", None) not in {LOCK_NOT_AVAILABLE, DEADLOCK}:
                raise
            schema_editor.deferred_sql[:] = deferred
            time.sleep(PAUSE_SECONDS)
