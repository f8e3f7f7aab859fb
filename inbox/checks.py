"""System checks: a wrong setting or user model is said at start-up, with what to do about it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks

from .conf import DEFAULT_UNREAD_CAP


def check_unread_cap(**kwargs: Any) -> list[checks.CheckMessage]:
    cap = getattr(settings, "INBOX_UNREAD_CAP", DEFAULT_UNREAD_CAP)
    if isinstance(cap, int) and not isinstance(cap, bool) and cap > 0:
        return []
    hint = "Set it to a positive whole number, such as 999, or leave it out."
    return [checks.Error(f"INBOX_UNREAD_CAP is {cap!r}.", hint=hint, id="inbox.E001")]


def check_user_model(**kwargs: Any) -> list[checks.CheckMessage]:
    missing = [name for name in ("is_staff", "groups") if not hasattr(get_user_model(), name)]
    if not missing:
        return []
    message = f"The user model has no {' and no '.join(missing)}: broadcasts for such an audience reach nobody."
    return [checks.Warning(message, hint="Derive it from AbstractUser or PermissionsMixin.", id="inbox.W001")]


def register() -> None:
    checks.register(check_unread_cap)
    checks.register(check_user_model)
