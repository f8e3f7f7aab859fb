"""System checks: a wrong setting or user model is said at start-up, with what to do about it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks

from .conf import DEFAULT_REQUESTS_PER_MINUTE, DEFAULT_UNREAD_CAP

NUMBERS = {"INBOX_UNREAD_CAP": DEFAULT_UNREAD_CAP, "INBOX_REQUESTS_PER_MINUTE": DEFAULT_REQUESTS_PER_MINUTE}


def check_numbers(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for name, default in NUMBERS.items():
        number = getattr(settings, name, default)
        if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
            hint = f"Set it to a positive whole number, such as {default}, or leave it out."
            found.append(checks.Error(f"{name} is {number!r}.", hint=hint, id="inbox.E001"))
    return found


def check_user_model(**kwargs: Any) -> list[checks.CheckMessage]:
    missing = [name for name in ("is_staff", "groups") if not hasattr(get_user_model(), name)]
    if not missing:
        return []
    message = f"The user model has no {' and no '.join(missing)}: broadcasts for such an audience reach nobody."
    return [checks.Warning(message, hint="Derive it from AbstractUser or PermissionsMixin.", id="inbox.W001")]


def register() -> None:
    checks.register(check_numbers)
    checks.register(check_user_model)
