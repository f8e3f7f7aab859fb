"""System check: the formats of all event types can be filled with their columns, in every language of the site.

Without it, the first reader of a language would find the error of a translator.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import checks
from django.utils.translation import override

from ..models import Message, event_types
from ..rendering.wording import fill, parse

FORMATS = {
    "title_format": "render_title",
    "title_format_of_several": "render_title_of_several",
    "body_format": "render_body",
}  # format -> the method that fills it
HINT = "Use only columns of the type and {actor}, without attributes or indexes, and formats that fit the columns."

# Internal type of a field -> a sample value. For any other, the sample is text.
SAMPLES: dict[str, object] = {
    "AutoField": 1,
    "BigAutoField": 1,
    "BigIntegerField": 1,
    "BooleanField": True,
    "DateField": date(2030, 1, 2),
    "DateTimeField": datetime(2030, 1, 2, tzinfo=UTC),
    "DecimalField": Decimal(1),
    "DurationField": timedelta(hours=1),
    "FloatField": 1.0,
    "IntegerField": 1,
    "JSONField": {},
    "PositiveBigIntegerField": 1,
    "PositiveIntegerField": 1,
    "PositiveSmallIntegerField": 1,
    "SmallAutoField": 1,
    "SmallIntegerField": 1,
    "TimeField": time(12),
    "UUIDField": UUID(int=1),
}


def check_formats(**kwargs: object) -> list[checks.CheckMessage]:
    found: dict[tuple[type[Message], str, str], checks.CheckMessage] = {}  # one error for all languages with that text
    unread: list[checks.CheckMessage] = []
    for language, _name in settings.LANGUAGES:
        try:
            with override(language):
                for model, name, form, fault in _faults():
                    message = f"{model._meta.label}.{name} can't be filled in language {language}, “{form}”: {fault}."
                    error = checks.Error(message, hint=HINT, obj=model, id="inbox.E003")
                    found.setdefault((model, name, form), error)
        except Exception as error:  # noqa: BLE001 (whatever reading a catalog raises)
            unread.append(checks.Error(f"The translations of {language} can't be read: {error!r}.", id="inbox.E004"))
    return [*unread, *found.values()]


def _faults() -> Iterator[tuple[type[Message], str, str, str]]:
    """Event type, attribute, its text, and what is wrong with it, in the active language."""
    for model in event_types().values():
        for name, method in FORMATS.items():
            is_ours = getattr(model, method) is getattr(Message, method)
            if is_ours and (fault := _fault(model, form := str(getattr(model, name)))):
                yield model, name, form, fault


def _fault(model: type[Message], form: str) -> str:
    fields: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
    usual = {name: _sample(field) for name, field in fields.items()} | {"actor": "Alice"}
    try:
        fill(form, usual)
        for piece in parse(form):
            if piece.name in fields and fields[piece.name].null:
                fill(form, usual | {piece.name: None})
    except KeyError as error:
        return f"there is no column {error}"
    except Exception as error:  # noqa: BLE001 (whatever the values' own formatting raises)
        return str(error)
    return ""


def _sample(field: Any) -> object:
    return _sample(field.target_field) if field.is_relation else SAMPLES.get(field.get_internal_type(), "x")
