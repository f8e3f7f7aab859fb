"""Public names of inbox items: `comment-123`, `broadcast-4`."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeAlias

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.validators import validate_text
from ..errors import NotFound
from .broadcasts.broadcast import Broadcast
from .message import event_types

BROADCAST = "broadcast"
BACK = "back:"  # before a type, in the `item` of the signal: items of it have come back (`signals.py`)
# The primary key of a message or broadcast. For mypy an int; a site's event type may have another.
RowPk: TypeAlias = int


def parse(refs: Iterable[str]) -> dict[str, set[RowPk]]:
    """Group refs by type: {"comment": {123}, "broadcast": {4}}. Raises NotFound for an invalid ref."""
    found: dict[str, set[RowPk]] = defaultdict(set)
    for ref in refs:
        name, _dash, key = ref.partition("-")
        found[name].add(_key(ref, name, key))
    return found


def missing(ref: str) -> NotFound:
    return NotFound(_("No message %(ref)s in this inbox.") % {"ref": ref[:60]})


def require(name: str, keys: Collection[RowPk], found: Collection[RowPk]) -> None:
    """Raise NotFound if one of the keys is not among those found."""
    if absent := sorted(set(keys) - set(found), key=str):
        raise missing(f"{name}-{absent[0]}")


def _key(ref: str, name: str, key: str) -> RowPk:
    model = Broadcast if name == BROADCAST else event_types().get(name)
    try:
        if model is None:
            raise missing(ref)
        validate_text(key)
        value: RowPk = model._meta.pk.to_python(key)
        # Validators know the bounds of the column: a number of 30 digits must not reach the database.
        model._meta.pk.run_validators(value)
    except (ValidationError, ValueError):
        raise missing(ref) from None
    if str(value) != key:
        raise missing(ref)
    return value
