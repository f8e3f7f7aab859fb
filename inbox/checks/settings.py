"""System checks: report wrong settings and user models at start-up, with a hint what to do."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks

from .. import conf
from ..http import addresses
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


def check_proxies(**kwargs: object) -> list[checks.CheckMessage]:
    proxies = getattr(settings, "INBOX_TRUSTED_PROXIES", [])
    hint = 'Set it to a list of addresses or networks, such as ["10.0.0.0/8", "::1"], or leave it out.'
    if isinstance(proxies, str):
        return [checks.Error("INBOX_TRUSTED_PROXIES is a string.", hint=hint, id="inbox.E008")]
    return [
        checks.Error(f"INBOX_TRUSTED_PROXIES names {proxy!r}, which is no address.", hint=hint, id="inbox.E008")
        for proxy in proxies
        if not addresses.is_network(proxy)
    ]


def check_image_hosts(**kwargs: object) -> list[checks.CheckMessage]:
    hosts = getattr(settings, "INBOX_IMAGE_HOSTS", ())
    hint = 'Set it to a list of hosts, such as ["images.example.org"], or leave it out.'
    if isinstance(hosts, str):
        return [checks.Error("INBOX_IMAGE_HOSTS is a string.", hint=hint, id="inbox.E013")]
    return [
        checks.Error(f"INBOX_IMAGE_HOSTS names {host!r}, which is no host.", hint=hint, id="inbox.E013")
        for host in hosts
        if not isinstance(host, str) or urlsplit(f"https://{host}/").netloc != host or not is_link(f"https://{host}/")
    ]


def check_user_model(**kwargs: object) -> list[checks.CheckMessage]:
    missing = [name for name in ("is_staff", "groups") if not hasattr(get_user_model(), name)]
    if not missing:
        return []
    message = f"The user model has no {' and no '.join(missing)}: broadcasts for such an audience reach nobody."
    return [checks.Warning(message, hint="Derive it from AbstractUser or PermissionsMixin.", id="inbox.W001")]
