"""System checks: a wrong setting or user model is said at start-up, with what to do about it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.db.models import SET_DEFAULT

from . import addresses, conf, format_checks
from .models import Message, event_types, message_models
from .names import RESERVED as RESERVED_NAMES
from .names import TYPE_NAME

DEFAULTS = {
    "INBOX_UNREAD_CAP": conf.DEFAULT_UNREAD_CAP,
    "INBOX_REQUESTS_PER_MINUTE": conf.DEFAULT_REQUESTS_PER_MINUTE,
    "INBOX_FAILED_CHECKS_PER_MINUTE": conf.DEFAULT_FAILED_CHECKS_PER_MINUTE,
    "INBOX_TICKETS_PER_MINUTE": conf.DEFAULT_TICKETS_PER_MINUTE,
    "INBOX_RETENTION_DAYS": conf.DEFAULT_RETENTION_DAYS,
    "INBOX_MAX_MESSAGES_PER_USER": conf.DEFAULT_MAX_MESSAGES_PER_USER,
}

RESERVED = {"type", "recipients", "audience", "groups", "strict"}  # of the REST API


def check_numbers(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for name, default in DEFAULTS.items():
        number, (low, high) = getattr(settings, name, default), conf.BOUNDS[name]
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            hint = f"Set it to a whole number from {low} to {high}, such as {default}, or leave it out."
            found.append(checks.Error(f"{name} is {number!r}.", hint=hint, id="inbox.E001"))
    return found


def check_proxies(**kwargs: Any) -> list[checks.CheckMessage]:
    proxies = getattr(settings, "INBOX_TRUSTED_PROXIES", [])
    hint = 'Set it to a list of addresses or networks, such as ["10.0.0.0/8", "::1"], or leave it out.'
    if isinstance(proxies, str):
        return [checks.Error("INBOX_TRUSTED_PROXIES is a string.", hint=hint, id="inbox.E008")]
    return [
        checks.Error(f"INBOX_TRUSTED_PROXIES names {proxy!r}, which is no address.", hint=hint, id="inbox.E008")
        for proxy in proxies
        if not addresses.is_network(proxy)
    ]


def check_columns(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for model in event_types().values():
        for name in sorted(RESERVED & {field.name for field in model._meta.concrete_fields}):
            message = f"{model._meta.label} has a column “{name}”, which means something else in the body of a send."
            found.append(checks.Error(message, hint="Rename it.", obj=model, id="inbox.E002"))
    return found


def check_shadows(**kwargs: Any) -> list[checks.CheckMessage]:
    """No column takes the place of what every message has: its `ref`, its `save()`."""
    ours = set(dir(Message)) - {field.attname for field in Message._meta.concrete_fields} - {"level"}
    found: list[checks.CheckMessage] = []
    for model in message_models():
        for name in sorted(ours & {field.attname for field in model._meta.concrete_fields if not field.primary_key}):
            message = f"{model._meta.label} has a column “{name}”, which means something else in every message."
            found.append(checks.Error(message, hint="Rename it.", obj=model, id="inbox.E009"))
    return found


def check_deletions(**kwargs: Any) -> list[checks.CheckMessage]:
    """Django writes `SET_DEFAULT` past every manager, so that versions would not advance."""
    found: list[checks.CheckMessage] = []
    for model in message_models():
        for field in model._meta.concrete_fields:
            if field.remote_field and field.remote_field.on_delete is SET_DEFAULT:
                message = f"Deleting what {model._meta.label}.{field.name} points to would change messages unnoticed."
                hint = "Use CASCADE, SET_NULL or SET(…) in place of SET_DEFAULT."
                found.append(checks.Error(message, hint=hint, obj=model, id="inbox.E010"))
    return found


def check_type_names(**kwargs: Any) -> list[checks.CheckMessage]:
    """The public names of event types: usable in refs and in the API, and nobody else's."""
    found: list[checks.CheckMessage] = []
    taken: dict[str, str] = dict.fromkeys(RESERVED_NAMES, "something else")
    for model in message_models():
        fault = ""
        if not isinstance(model.inbox_type, str):
            fault = "has a column “inbox_type”, where its public name is expected"
        elif not TYPE_NAME.fullmatch(name := model.event_type()):
            fault = f"has the public name “{name}”, which is not of up to 50 lower-case letters, digits and underscores"
        elif name in taken:
            fault = f"has the public name “{name}”, which means {taken[name]}"
        else:
            taken[name] = model._meta.label
        if fault:
            hint = "Set another one, which begins with a letter, as `inbox_type` of the class."
            found.append(checks.Error(f"{model._meta.label} {fault}.", hint=hint, obj=model, id="inbox.E005"))
    return found


def check_user_model(**kwargs: Any) -> list[checks.CheckMessage]:
    missing = [name for name in ("is_staff", "groups") if not hasattr(get_user_model(), name)]
    if not missing:
        return []
    message = f"The user model has no {' and no '.join(missing)}: broadcasts for such an audience reach nobody."
    return [checks.Warning(message, hint="Derive it from AbstractUser or PermissionsMixin.", id="inbox.W001")]


def register() -> None:
    checks.register(check_numbers)
    checks.register(check_proxies)
    checks.register(check_columns)
    checks.register(check_deletions)
    checks.register(check_shadows)
    checks.register(check_type_names)
    checks.register(format_checks.check_formats)
    checks.register(check_user_model)
