"""Public names of inbox items: `comment-123`, `broadcast-4`."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.validators import validate_text
from ..errors import NotFound
from .broadcast import Broadcast
from .message import event_types

BROADCAST = "broadcast"
# The primary key of a message or broadcast. For mypy an int; a site's event type may have another.
RowPk: TypeAlias = int


def parse(refs: Iterable[str]) -> dict[str, set[RowPk]]:
    """Sort refs by type: {"comment": {123}, "broadcast": {4}}. NotFound for what cannot be a ref."""
    found: dict[str, set[RowPk]] = defaultdict(set)
    for ref in refs:
        name, _dash, key = ref.partition("-")
        found[name].add(_key(ref, name, key))
    return found


def missing(ref: str) -> NotFound:
    return NotFound(_("No message %(ref)s in this inbox.") % {"ref": ref[:60]})


def _key(ref: str, name: str, key: str) -> RowPk:
    model = Broadcast if name == BROADCAST else event_types().get(name)
    try:
        if model is None:
            raise missing(ref)
        validate_text(key)
        value: Any = model._meta.pk.to_python(key)
        # Validators hold the database's own bounds: a 30-digit number is no row's key, and must not reach SQL.
        model._meta.pk.run_validators(value)
    except (ValidationError, ValueError):
        raise missing(ref) from None
    if str(value) != key:
        raise missing(ref)
    return value  # type: ignore[no-any-return]
