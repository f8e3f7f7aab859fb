"""An index with columns beside its key, for databases that have such indexes, and without them for the others."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Index, Model


class CoveringIndex(Index):
    """`Index(…, include=[…])` without the warning (models.W040) on databases that leave out these columns.

    In migrations, and compared with them, it is Django's own index.
    """

    def __init__(self, *expressions: Any, include: Any = None, **options: Any) -> None:
        super().__init__(*expressions, include=include, **options)
        # Django warns about each index whose `include` is not empty.
        self.beside, self.include = self.include, ()

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        _path, expressions, options = super().deconstruct()
        return "django.db.models.Index", expressions, options | {"include": self.beside}

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **options: Any
    ) -> Statement:
        _path, expressions, own = self.deconstruct()
        return Index(*expressions, **own).create_sql(model, schema_editor, using, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]  # as Django's
