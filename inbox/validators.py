"""The validators of `core/validators.py` under the name that migrations of sites import: each event type has a link."""

from .core.validators import validate_link, validate_text

__all__ = ["validate_link", "validate_text"]
