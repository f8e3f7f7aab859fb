"""Validators of text and links. They run before a value reaches the database."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..rendering.links import is_link

# PostgreSQL refuses NUL. A lone surrogate can't be encoded as UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The same for JSON Schema (ECMA-262). JSON has no lone surrogates.
TEXT_PATTERN = r"^[^\x00]*$"


def validate_text(value: str) -> None:
    """Raise ValidationError for characters that UTF-8 or a database can't store."""
    if _UNSTORABLE.search(value):
        raise ValidationError(_("Null characters and lone surrogates are not allowed."), code="unstorable")


def validate_link(value: str) -> None:
    """Raise ValidationError unless the link is http(s) or a path on this site (see `rendering/links.py`)."""
    if not is_link(value):
        raise ValidationError(_("Enter an http(s) address or a path that starts with one slash."), code="link")
