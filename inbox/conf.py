"""Settings of the inbox, read when used (never at import), so that tests and sites can override them."""

from django.conf import settings

DEFAULT_UNREAD_CAP = 999
DEFAULT_REQUESTS_PER_MINUTE = 600
DEFAULT_FAILED_CHECKS_PER_MINUTE = 30
DEFAULT_TICKETS_PER_MINUTE = 60
DEFAULT_RETENTION_DAYS = 180
DEFAULT_MAX_MESSAGES_PER_USER = 10_000

# The least and the greatest value: beyond, a database or a calendar would refuse it later, somewhere else.
BOUNDS: dict[str, tuple[int, int]] = {
    "INBOX_UNREAD_CAP": (1, 1_000_000),
    "INBOX_REQUESTS_PER_MINUTE": (1, 1_000_000_000),
    "INBOX_FAILED_CHECKS_PER_MINUTE": (1, 1_000_000_000),
    "INBOX_TICKETS_PER_MINUTE": (1, 1_000_000_000),
    "INBOX_RETENTION_DAYS": (0, 36_500),
    "INBOX_MAX_MESSAGES_PER_USER": (0, 1_000_000_000),
}


def unread_cap() -> int:
    """Where counting unread stops (`INBOX_UNREAD_CAP`): one more than this is shown as "capped"."""
    return int(getattr(settings, "INBOX_UNREAD_CAP", DEFAULT_UNREAD_CAP))


def requests_per_minute() -> int:
    """How many requests a service token is good for in a minute (`INBOX_REQUESTS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_REQUESTS_PER_MINUTE", DEFAULT_REQUESTS_PER_MINUTE))


def failed_checks_per_minute() -> int:
    """How many wrong tokens and tickets an address may show in a minute (`INBOX_FAILED_CHECKS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_FAILED_CHECKS_PER_MINUTE", DEFAULT_FAILED_CHECKS_PER_MINUTE))


def tickets_per_minute() -> int:
    """How many tickets of one user may be minted in a minute (`INBOX_TICKETS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_TICKETS_PER_MINUTE", DEFAULT_TICKETS_PER_MINUTE))


def trusted_proxies() -> list[str]:
    """Addresses and networks whose `X-Forwarded-For` is believed (`INBOX_TRUSTED_PROXIES`)."""
    return list(getattr(settings, "INBOX_TRUSTED_PROXIES", []))


def retention_days() -> int:
    """After how many days a message that was read may be deleted (`INBOX_RETENTION_DAYS`); 0: it is kept for ever."""
    return int(getattr(settings, "INBOX_RETENTION_DAYS", DEFAULT_RETENTION_DAYS))


def max_messages_per_user() -> int:
    """Beyond how many newest messages a user's others may be deleted (`INBOX_MAX_MESSAGES_PER_USER`); 0: no bound."""
    return int(getattr(settings, "INBOX_MAX_MESSAGES_PER_USER", DEFAULT_MAX_MESSAGES_PER_USER))
