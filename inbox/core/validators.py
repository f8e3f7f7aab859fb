"""What text and links may hold, checked at the edge so that no database has to."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..rendering.links import is_link

# NUL is refused by PostgreSQL; a lone surrogate cannot be encoded as UTF-8 at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The same for JSON Schema (ECMA-262), where JSON itself has no lone surrogates.
TEXT_PATTERN = r"^[^\x00]*$"


def validate_text(value: str) -> None:
    """Raise ValidationError for characters that UTF-8 or a database cannot hold."""
    if _UNSTORABLE.search(value):
        raise ValidationError(_("Null characters and lone surrogates are not allowed."), code="unstorable")


def validate_link(value: str) -> None:
    """Raise ValidationError unless the link is http(s) or a path on this site, as every browser reads it."""
    if not is_link(value):
        raise ValidationError(_("Enter an http(s) address or a path that starts with one slash."), code="link")
