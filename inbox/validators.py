"""The validators of `core/validators.py`, for migrations of sites, which import them from here: every event type has a
link."""

from .core.validators import validate_link, validate_text

__all__ = ["validate_link", "validate_text"]
