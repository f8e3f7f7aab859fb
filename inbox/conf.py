"""Settings of the inbox, read when used (never at import), so that tests and sites can override them."""

from django.conf import settings

DEFAULT_UNREAD_CAP = 999
DEFAULT_REQUESTS_PER_MINUTE = 600


def unread_cap() -> int:
    """Where counting unread stops (`INBOX_UNREAD_CAP`): one more than this is shown as "capped"."""
    return int(getattr(settings, "INBOX_UNREAD_CAP", DEFAULT_UNREAD_CAP))


def requests_per_minute() -> int:
    """How many requests a service token is good for in a minute (`INBOX_REQUESTS_PER_MINUTE`)."""
    return int(getattr(settings, "INBOX_REQUESTS_PER_MINUTE", DEFAULT_REQUESTS_PER_MINUTE))
