"""Messages put into a mailbox one by one, as old as a test wants them."""

from datetime import timedelta
from typing import Any

from inbox.models import FollowMessage, LikeMessage

from .people import NOW

TYPES: dict[Any, dict[str, str]] = {FollowMessage: {}, LikeMessage: {"target_title": "Tea"}}


def ago(days: float) -> Any:
    return NOW - timedelta(days=days)


def message(user: Any, model: Any = FollowMessage, **marks: Any) -> str:
    """The ref of a new one."""
    return str(model.objects.create(recipient_id=user, **TYPES[model], **marks).ref)


def messages(user: Any) -> list[str]:
    """Refs of all that there are, also archived and deleted ones; the newest first."""
    rows = [row for model in TYPES for row in model.objects.filter(recipient=user)]
    return [row.ref for row in sorted(rows, key=lambda row: -row.seq)]
