"""System checks: a wrong setting or user model is said at start-up, with what to do about it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks

from . import conf
from .models import event_types

# The default, and the least that is allowed.
NUMBERS = {
    "INBOX_UNREAD_CAP": (conf.DEFAULT_UNREAD_CAP, 1),
    "INBOX_REQUESTS_PER_MINUTE": (conf.DEFAULT_REQUESTS_PER_MINUTE, 1),
    "INBOX_RETENTION_DAYS": (conf.DEFAULT_RETENTION_DAYS, 0),
    "INBOX_MAX_MESSAGES_PER_USER": (conf.DEFAULT_MAX_MESSAGES_PER_USER, 0),
}

RESERVED = {"type", "recipients", "audience", "groups", "strict"}  # of the REST API


def check_numbers(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for name, (default, least) in NUMBERS.items():
        number = getattr(settings, name, default)
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            kind = "a whole number from 0 (without limit)" if least == 0 else "a positive whole number"
            hint = f"Set it to {kind}, such as {default}, or leave it out."
            found.append(checks.Error(f"{name} is {number!r}.", hint=hint, id="inbox.E001"))
    return found


def check_columns(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for model in event_types().values():
        for name in sorted(RESERVED & {field.name for field in model._meta.concrete_fields}):
            message = f"{model._meta.label} has a column “{name}”, which means something else in the body of a send."
            found.append(checks.Error(message, hint="Rename it.", obj=model, id="inbox.E002"))
    return found


def check_user_model(**kwargs: Any) -> list[checks.CheckMessage]:
    missing = [name for name in ("is_staff", "groups") if not hasattr(get_user_model(), name)]
    if not missing:
        return []
    message = f"The user model has no {' and no '.join(missing)}: broadcasts for such an audience reach nobody."
    return [checks.Warning(message, hint="Derive it from AbstractUser or PermissionsMixin.", id="inbox.W001")]


def register() -> None:
    checks.register(check_numbers)
    checks.register(check_columns)
    checks.register(check_user_model)
