"""Tables that a site has beside ours, for the duration of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, models


def a_model(name: str, *bases: Any, meta: dict[str, Any] | None = None, **attributes: Any) -> Any:
    """A model that is installed, as one of the app `inbox`. Pass it to `installed`, which takes it away again."""
    options = type("Meta", (), {"app_label": "inbox", **(meta or {})})
    return type(name, bases or (models.Model,), {"__module__": __name__, "Meta": options, **attributes})


@contextmanager
def installed(*tables: Any) -> Iterator[None]:
    """The tables exist in the body. In the order in which they refer to each other."""
    stored = [each for each in tables if not each._meta.proxy]
    try:
        with connection.schema_editor() as editor:
            for each in stored:
                editor.create_model(each)
        yield
    finally:
        connection.close_if_unusable_or_obsolete()
        with connection.schema_editor() as editor:
            for each in reversed(stored):
                editor.delete_model(each)
        for each in tables:
            del apps.all_models["inbox"][each._meta.model_name]
        apps.clear_cache()
