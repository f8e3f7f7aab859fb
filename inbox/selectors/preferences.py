"""Preferences of a user: the event types that are muted."""

from ..core.users import UserOrPk, user_pk
from ..models import MutedType, event_types


def muted(user: UserOrPk) -> list[str]:
    """The muted event types, whose messages arrive already read, in the order of definition."""
    found = set(MutedType.objects.filter(mailbox=user_pk(user)).values_list("type", flat=True))
    return [name for name in event_types() if name in found]
