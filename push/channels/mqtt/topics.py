"""Topics, and who may do what with them: the one rule that every broker is made to keep.

The service user may do everything. A user may subscribe to the topic of their own, and nothing else.
"""

from inbox.core.snapshots import UserId

# Its payload is when the last sweep began that this broker still knows of. Nobody but the service reads it.
SWEPT = "inbox/swept"
CHECKED = "inbox/checked"  # the same of the last look at all devices' credentials

WILD = frozenset("#+/*")  # MQTT's, and the * that is RabbitMQ's +


def unread(user: UserId) -> str:
    """Where this user's snapshot is."""
    return f"inbox/{user}/unread"


def is_user_name(name: str) -> bool:
    """Whether it can stand in a topic as one level: an id of a user can, what reaches into others' topics can't."""
    return bool(name) and name.isprintable() and not WILD & set(name)


def may_subscribe(user_name: str, topic_filter: str) -> bool:
    return is_user_name(user_name) and topic_filter == unread(user_name)
