"""System checks: report wrong settings and user models at start-up, with a hint what to do."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks

from .. import conf
from ..http import addresses
from ..models import Level, event_types
from ..models.refs import BROADCAST
from ..rendering.links import is_link

DEFAULTS = {
    "INBOX_UNREAD_CAP": conf.DEFAULT_UNREAD_CAP,
    "INBOX_REQUESTS_PER_MINUTE": conf.DEFAULT_REQUESTS_PER_MINUTE,
    "INBOX_FAILED_CHECKS_PER_MINUTE": conf.DEFAULT_FAILED_CHECKS_PER_MINUTE,
    "INBOX_TICKETS_PER_MINUTE": conf.DEFAULT_TICKETS_PER_MINUTE,
    "INBOX_RETENTION_DAYS": conf.DEFAULT_RETENTION_DAYS,
    "INBOX_MAX_MESSAGES_PER_USER": conf.DEFAULT_MAX_MESSAGES_PER_USER,
}


def check_numbers(**kwargs: object) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for name, default in DEFAULTS.items():
        number, (low, high) = getattr(settings, name, default), conf.BOUNDS[name]
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            hint = f"Set it to a whole number from {low} to {high}, such as {default}, or leave it out."
            found.append(checks.Error(f"{name} is {number!r}.", hint=hint, id="inbox.E001"))
    return found


def check_switches(**kwargs: object) -> list[checks.CheckMessage]:
    value = getattr(settings, "INBOX_FOUR_EYES", False)
    if isinstance(value, bool):
        return []
    hint = "Set it to True or False, or leave it out."
    return [checks.Error(f"INBOX_FOUR_EYES is {value!r}.", hint=hint, id="inbox.E014")]


def check_time_zones(**kwargs: object) -> list[checks.CheckMessage]:
    """Snoozes, undo and schedules compare instants, which dates without a zone are not."""
    if settings.USE_TZ:
        return []
    return [checks.Error("USE_TZ is False.", hint="Set it to True, Django's default.", id="inbox.E023")]


def check_prepared_statements(**kwargs: object) -> list[checks.CheckMessage]:
    """Who switches server-side cursors off has a pooler in transaction mode: there the next statement of a client runs
    on another connection, which has prepared others under the same names."""
    hint = (
        'Leave "prepare_threshold" out of its OPTIONS; or silence this if the pooler keeps the prepared statements of '
        "its clients apart, as PgBouncer does since 1.22 with max_prepared_statements."
    )
    return [
        checks.Warning(f"The database {alias!r} prepares statements behind a pooler.", hint=hint, id="inbox.W002")
        for alias, entry in settings.DATABASES.items()
        if entry.get("DISABLE_SERVER_SIDE_CURSORS") and entry.get("OPTIONS", {}).get("prepare_threshold") is not None
    ]


def check_badge(**kwargs: object) -> list[checks.CheckMessage]:
    value = getattr(settings, "INBOX_BADGE", conf.DEFAULT_BADGE)
    if isinstance(value, str) and value in conf.BADGES:
        return []
    hint = f"Set it to one of {', '.join(map(repr, conf.BADGES))}, or leave it out."
    return [checks.Error(f"INBOX_BADGE is {value!r}.", hint=hint, id="inbox.E015")]


def check_may_follow(**kwargs: object) -> list[checks.CheckMessage]:
    hint = (
        'Name a function, as in "blog.following.may_follow": it takes keys of users and a subject, and returns the '
        "keys of those who may follow it."
    )
    return _check_function("INBOX_MAY_FOLLOW", hint, "inbox.E020")


def check_important(**kwargs: object) -> list[checks.CheckMessage]:
    hint = 'Set it to a list of levels and types, such as ["critical", "mention"], or leave it out.'
    return _check_list("INBOX_IMPORTANT", _is_level_or_type, "level or type", hint, "inbox.E016")


def _is_level_or_type(name: object) -> bool:
    return isinstance(name, str) and name in {*Level.values, *event_types(), BROADCAST}


def check_proxies(**kwargs: object) -> list[checks.CheckMessage]:
    hint = 'Set it to a list of addresses or networks, such as ["10.0.0.0/8", "::1"], or leave it out.'
    return _check_list("INBOX_TRUSTED_PROXIES", addresses.is_network, "address", hint, "inbox.E008")


def check_image_hosts(**kwargs: object) -> list[checks.CheckMessage]:
    hint = 'Set it to a list of hosts, such as ["images.example.org"], or leave it out.'
    return _check_list("INBOX_IMAGE_HOSTS", _is_host, "host", hint, "inbox.E013")


def check_actors(**kwargs: object) -> list[checks.CheckMessage]:
    hint = 'Name a function, as in "shop.people.faces": it takes users and returns {pk: {"picture": …, "url": …}}.'
    return _check_function("INBOX_ACTORS", hint, "inbox.E021")


def _check_function(name: str, hint: str, id: str) -> list[checks.CheckMessage]:
    """What it does is not known before it is asked: `core.site_functions` looks after that."""
    if not conf.names_function(name):
        return []
    try:
        if callable(conf.function(name)):
            return []
    except ImportError:
        pass
    return [checks.Error(f"{name} is {getattr(settings, name)!r}, which is no function.", hint=hint, id=id)]


def _is_host(host: object) -> bool:
    return isinstance(host, str) and urlsplit(f"https://{host}/").netloc == host and is_link(f"https://{host}/")


def _check_list(name: str, is_valid: Callable[[Any], bool], kind: str, hint: str, id: str) -> list[checks.CheckMessage]:
    values = getattr(settings, name, ())
    if isinstance(values, str):
        return [checks.Error(f"{name} is a string.", hint=hint, id=id)]
    return [
        checks.Error(f"{name} names {value!r}, which is no {kind}.", hint=hint, id=id)
        for value in values
        if not is_valid(value)
    ]


def check_user_model(**kwargs: object) -> list[checks.CheckMessage]:
    missing = [name for name in ("is_staff", "groups") if not hasattr(get_user_model(), name)]
    if not missing:
        return []
    message = f"The user model has no {' and no '.join(missing)}: broadcasts for such an audience reach nobody."
    return [checks.Warning(message, hint="Derive it from AbstractUser or PermissionsMixin.", id="inbox.W001")]
