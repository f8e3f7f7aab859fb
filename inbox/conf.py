"""Settings of the inbox, read when used (never at import), so that tests and sites can override them."""

from django.conf import settings

DEFAULT_UNREAD_CAP = 999
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


def four_eyes() -> bool:
    """Whether somebody else than its authors has to publish an announcement (`INBOX_FOUR_EYES`)."""
    return bool(getattr(settings, "INBOX_FOUR_EYES", False))


def image_hosts() -> frozenset[str]:
    """Hosts whose images announcements may show, as in `images.example.org` (`INBOX_IMAGE_HOSTS`)."""
    return frozenset(host.lower() for host in getattr(settings, "INBOX_IMAGE_HOSTS", ()))
