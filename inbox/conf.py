"""Settings of the inbox, read when used (never at import), so that tests and sites can override them."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

# A process records its settings (`models.mailbox.BroadcastClock`) over those that were recorded before it started.
STARTED = datetime.now(UTC)
DEFAULT_IMPORTANT = ("critical",)
DEFAULT_UNREAD_CAP = 999
BADGES = ("unread", "unseen", "threads")
DEFAULT_BADGE = "unread"
DEFAULT_REQUESTS_PER_MINUTE = 600
DEFAULT_FAILED_CHECKS_PER_MINUTE = 30
DEFAULT_TICKETS_PER_MINUTE = 60
DEFAULT_RETENTION_DAYS = 180
DEFAULT_MAX_MESSAGES_PER_USER = 10_000

# The smallest and the largest value. Beyond these, a database or a date would fail later, elsewhere.
BOUNDS: dict[str, tuple[int, int]] = {
    "INBOX_UNREAD_CAP": (1, 1_000_000),
    "INBOX_REQUESTS_PER_MINUTE": (1, 1_000_000_000),
    "INBOX_FAILED_CHECKS_PER_MINUTE": (1, 1_000_000_000),
    "INBOX_TICKETS_PER_MINUTE": (1, 1_000_000_000),
    "INBOX_RETENTION_DAYS": (0, 36_500),
    "INBOX_MAX_MESSAGES_PER_USER": (0, 1_000_000_000),
}


def unread_cap() -> int:
    """The largest number of unread items that is counted (`INBOX_UNREAD_CAP`); with more, a snapshot is `capped`."""
    return int(getattr(settings, "INBOX_UNREAD_CAP", DEFAULT_UNREAD_CAP))


def badge() -> str:
    """Which number of the snapshot the bell shows (`INBOX_BADGE`): one of `BADGES`."""
    return str(getattr(settings, "INBOX_BADGE", DEFAULT_BADGE))


def important() -> tuple[str, ...]:
    """Levels and types whose items are important (`INBOX_IMPORTANT`), sorted."""
    return tuple(sorted(set(getattr(settings, "INBOX_IMPORTANT", DEFAULT_IMPORTANT))))


def requests_per_minute() -> int:
    """How many requests per minute a service token may make (`INBOX_REQUESTS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_REQUESTS_PER_MINUTE", DEFAULT_REQUESTS_PER_MINUTE))


def failed_checks_per_minute() -> int:
    """How many invalid tokens and tickets per minute an address may send (`INBOX_FAILED_CHECKS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_FAILED_CHECKS_PER_MINUTE", DEFAULT_FAILED_CHECKS_PER_MINUTE))


def tickets_per_minute() -> int:
    """How many tickets per minute may be minted for one user (`INBOX_TICKETS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_TICKETS_PER_MINUTE", DEFAULT_TICKETS_PER_MINUTE))


def trusted_proxies() -> list[str]:
    """Addresses and networks of proxies whose `X-Forwarded-For` is trusted (`INBOX_TRUSTED_PROXIES`)."""
    return list(getattr(settings, "INBOX_TRUSTED_PROXIES", []))


def retention_days() -> int:
    """After how many days a read message may be deleted (`INBOX_RETENTION_DAYS`); 0: it is kept for ever."""
    return int(getattr(settings, "INBOX_RETENTION_DAYS", DEFAULT_RETENTION_DAYS))


def max_messages_per_user() -> int:
    """How many of a user's newest messages are kept (`INBOX_MAX_MESSAGES_PER_USER`); 0: no limit."""
    return int(getattr(settings, "INBOX_MAX_MESSAGES_PER_USER", DEFAULT_MAX_MESSAGES_PER_USER))


def names_function(setting: str) -> bool:
    """Whether the site names a function in this setting (`INBOX_ACTORS`, `INBOX_MAY_FOLLOW`)."""
    return bool(getattr(settings, setting, None))


def function(setting: str) -> Any:
    """What the site names in this setting: a function, or what has that dotted path. Raises ImportError if nothing has.

    Call it by `core.site_functions.ask` only, because it may do anything.
    """
    found = getattr(settings, setting)
    return import_string(found) if isinstance(found, str) else found


def four_eyes() -> bool:
    """Whether somebody else than its authors has to publish an announcement (`INBOX_FOUR_EYES`)."""
    return bool(getattr(settings, "INBOX_FOUR_EYES", False))


def image_hosts() -> frozenset[str]:
    """Hosts whose images announcements may show, as in `images.example.org` (`INBOX_IMAGE_HOSTS`)."""
    return frozenset(host.lower() for host in getattr(settings, "INBOX_IMAGE_HOSTS", ()))
