"""Settings of the inbox, read when used (never at import), so that tests and sites can override them."""

from django.conf import settings

DEFAULT_UNREAD_CAP = 999


def unread_cap() -> int:
    """Where counting unread stops (`INBOX_UNREAD_CAP`): one more than this is shown as "capped"."""
    return int(getattr(settings, "INBOX_UNREAD_CAP", DEFAULT_UNREAD_CAP))
